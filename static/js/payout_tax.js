// The payout form: what is withheld from the amount typed, and what arrives.
(() => {
  "use strict";

  const place = document.querySelector("[data-tax]");
  const field = place?.closest("form").querySelector("[name=amount]");
  const parts = { tax: place?.querySelector("[data-tax-part]"), net: place?.querySelector("[data-net-part]") };
  let timer;
  let asked = 0;

  function show(read) {
    for (const name of ["tax", "net"]) parts[name].textContent = read ? `¥${read[name]}` : "—";
  }

  async function ask() {
    const mine = (asked += 1);
    const address = `${place.dataset.tax}?amount=${encodeURIComponent(field.value)}`;
    const answer = await fetch(address, { headers: { Accept: "application/json" } }).catch(() => null);
    const read = answer?.ok ? await answer.json() : null;
    if (mine === asked) show(read);
  }

  field?.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, 250);
  });
})();
