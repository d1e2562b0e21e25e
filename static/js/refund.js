// The page on which a buyer chooses units to give back: our server says what they are worth.
(() => {
  "use strict";

  const form = document.querySelector("[data-refund-amount]");
  if (!form) return;
  const goods = document.querySelector("[data-refund-goods]");
  const freight = document.querySelector("[data-refund-freight]");
  const freightRow = document.querySelector("[data-refund-freight-row]");
  const total = document.querySelector("[data-refund-total]");
  let asked = 0;
  let timer = 0;

  async function ask() {
    const mine = ++asked;
    const chosen = new URLSearchParams();
    form.querySelectorAll("[data-quantity] input").forEach((field) => chosen.set(field.name, field.value));
    const answer = await fetch(`${form.dataset.refundAmount}?${chosen}`, { headers: { Accept: "application/json" } });
    // A slower answer to an earlier choice must not overwrite a newer one.
    if (mine !== asked) return;
    if (!answer.ok) {
      total.textContent = "—";
      return;
    }
    const found = await answer.json();
    goods.textContent = `¥${found.goods}`;
    freight.textContent = `¥${found.freight}`;
    freightRow.hidden = !found.freight;
    total.textContent = `¥${found.total}`;
  }

  function soon() {
    clearTimeout(timer);
    // Without a network the amount stays; the server works it out again on submitting.
    timer = setTimeout(() => ask().catch(() => (total.textContent = "—")), 120);
  }
  form.addEventListener("change", soon);
  soon();
})();
