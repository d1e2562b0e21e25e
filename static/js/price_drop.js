// The price-drop claim: what the ticked lines come to. Our server works it out again by itself.
(() => {
  "use strict";

  const form = document.querySelector("[data-claim]");
  const total = document.querySelector("[data-live-total]");
  if (!form || !total) return;
  const button = document.querySelector(`button[form="${form.id}"]`);

  function show() {
    let fen = 0;
    for (const tick of form.querySelectorAll("[data-fen]:checked")) fen += Number(tick.dataset.fen);
    total.querySelector(".price-yuan").textContent = Math.floor(fen / 100).toLocaleString("en-US");
    total.querySelector(".price-fen").textContent = `.${String(fen % 100).padStart(2, "0")}`;
    button.disabled = fen === 0;
  }

  form.addEventListener("change", show);
  // Coming back, the browser ticks again what was ticked then.
  window.addEventListener("pageshow", show);
  total.hidden = false;
})();
