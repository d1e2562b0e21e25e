// An order's page: open the payment sheet right after placing it, and wait for our server to hear
// of the payment. What the sheet says is no proof: only our server, told by WeChat, knows.
(() => {
  "use strict";

  const WAITS = [600, 800, 1000, 1500, 2000, 3000, 4000, 5000];
  const ASK_WECHAT_AFTER = 5;
  const button = document.querySelector("[data-pay-now] [data-pay]");
  if (button) {
    // Coming back to this page must not open the sheet a second time.
    history.replaceState(null, "", location.pathname);
    // The order has the note now; the next one starts without it.
    window.forget("note");
    // wechat.js is deferred too: its listener is there once all deferred scripts have run.
    window.addEventListener("load", () => button.click(), { once: true });
  }

  async function status(order, attempt) {
    const token = document.querySelector('meta[name="csrf-token"]').content;
    const answer =
      attempt < ASK_WECHAT_AFTER
        ? await fetch(`${order}/status`, { headers: { Accept: "application/json" } })
        : await fetch(`${order}/settlement`, { method: "POST", headers: { Accept: "application/json", "X-CSRFToken": token } });
    return answer.ok ? (await answer.json()).status : "pending";
  }

  async function wait(confirming) {
    const order = confirming.dataset.confirming;
    for (const [attempt, pause] of WAITS.entries()) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      // Without a network the next turn asks again.
      const found = await status(order, attempt).catch(() => "pending");
      if (found !== "pending") return location.replace(`${order}?paid=1`);
    }
    confirming.classList.replace("is-busy", "is-wait");
    confirming.querySelector("[data-words]").textContent = "支付结果还在路上。如已付款，请勿重复支付，稍后回来看看。";
  }
  const confirming = document.querySelector("[data-confirming]");
  if (confirming) wait(confirming);
})();
