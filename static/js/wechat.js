// What only WeChat's browser can do: pay, receive a transfer, send a share card.
// Used through templates/shared/wechat.html.
(() => {
  "use strict";
  // Two macros on one page bring this file twice.
  if (window.isWechatReady) return;
  window.isWechatReady = true;

  const token = document.querySelector('meta[name="csrf-token"]')?.content ?? "";
  const isInWechat = () => /MicroMessenger/i.test(navigator.userAgent);

  // Resolves with the bridge, or null where the page is opened outside WeChat.
  function bridge() {
    if (window.WeixinJSBridge) return Promise.resolve(window.WeixinJSBridge);
    if (!isInWechat()) return Promise.resolve(null);
    return new Promise((resolve) => {
      document.addEventListener("WeixinJSBridgeReady", () => resolve(window.WeixinJSBridge), { once: true });
      setTimeout(() => resolve(window.WeixinJSBridge ?? null), 3000);
    });
  }

  async function invoke(name, parameters) {
    const native = await bridge();
    if (!native) return "absent";
    return new Promise((resolve) => {
      native.invoke(name, parameters, (result) => resolve((result.err_msg ?? "").split(":")[1] ?? "fail"));
    });
  }

  function finish(outcome, then, cancelled) {
    if (outcome === "ok") location.href = then;
    else if (outcome === "cancel") window.toast(cancelled, "error");
    else if (outcome === "absent") window.toast("请在微信中打开这个页面", "error");
    else window.toast("微信没有完成这一步，请再试一次", "error");
  }

  async function pay(button) {
    const answer = await fetch(button.dataset.pay, {
      method: "POST",
      headers: { "X-CSRFToken": token, Accept: "application/json" },
    });
    const read = await answer.json();
    if (!answer.ok) return window.toast(read.message, "error");
    finish(await invoke("getBrandWCPayRequest", read), button.dataset.then, "还没有付款，订单为您保留");
  }

  async function collect(button) {
    const { merchant, app, package: sheet, then } = button.dataset;
    const outcome = await invoke("requestMerchantTransfer", { mchId: merchant, appId: app, package: sheet });
    finish(outcome, then, "还没有收款，24 小时内都可以确认");
    // It may have been taken back, or have run out, since the page was opened.
    if (outcome === "fail") setTimeout(() => location.reload(), 2000);
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-pay], [data-collect]");
    if (!button || button.classList.contains("is-sending")) return;
    button.classList.add("is-sending");
    try {
      await (button.matches("[data-pay]") ? pay(button) : collect(button));
    } catch {
      window.toast("网络不太好，请再试一次", "error");
    } finally {
      button.classList.remove("is-sending");
    }
  });

  const share = document.getElementById("share-card");
  if (share && window.wx) {
    const { config, card } = JSON.parse(share.textContent);
    const interfaces = ["updateAppMessageShareData", "updateTimelineShareData"];
    window.wx.config({ ...config, debug: false, jsApiList: interfaces });
    window.wx.ready(() => interfaces.forEach((name) => window.wx[name](card)));
  }
})();
