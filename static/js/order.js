// An order's page: open the payment sheet right after placing it, and wait for our server to hear
// of the payment. What the sheet says is no proof: only our server, told by WeChat, knows.
(() => {
  "use strict";

  const WAITS = [600, 800, 1000, 1500, 2000, 3000, 4000, 5000];
  const button = document.querySelector("[data-pay-now] [data-pay]");
  // wechat.js is deferred too: its listener is there once all deferred scripts have run.
  if (button) window.addEventListener("load", () => button.click(), { once: true });

  async function wait(confirming) {
    for (const pause of WAITS) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      const answer = await fetch(confirming.dataset.confirming, { headers: { Accept: "application/json" } });
      if (answer.ok && (await answer.json()).status !== "pending") break;
    }
    location.replace(location.pathname);
  }
  const confirming = document.querySelector("[data-confirming]");
  if (confirming) wait(confirming);
})();
