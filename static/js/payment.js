// The payment sheet of WeChat's browser, and the wait for our server to hear of the payment.
(() => {
  "use strict";

  const button = document.querySelector("[data-pay]");
  if (!button) return;
  const order = button.dataset.pay;
  const token = document.querySelector('meta[name="csrf-token"]').content;
  const WAITS = [600, 800, 1000, 1500, 2000, 3000, 4000, 5000];

  function bridge() {
    if (window.WeixinJSBridge) return Promise.resolve(window.WeixinJSBridge);
    return new Promise((resolve, reject) => {
      document.addEventListener("WeixinJSBridgeReady", () => resolve(window.WeixinJSBridge), { once: true });
      setTimeout(() => reject(new Error("请在微信里打开这个页面付款")), 3000);
    });
  }

  async function prepare() {
    const answer = await fetch(`${order}/payment`, {
      method: "POST",
      headers: { "X-CSRFToken": token, Accept: "application/json" },
    });
    const read = await answer.json();
    if (!answer.ok) throw new Error(read.message);
    return {
      appId: read.app_id,
      timeStamp: read.timestamp,
      nonceStr: read.nonce,
      package: read.package,
      signType: read.sign_type,
      paySign: read.pay_sign,
    };
  }

  // What the sheet says is no proof: only our server, told by WeChat, knows that money came.
  async function confirm() {
    document.querySelector("[data-confirming]").classList.remove("is-hidden");
    for (const wait of WAITS) {
      await new Promise((resolve) => setTimeout(resolve, wait));
      const answer = await fetch(`${order}/status`, { headers: { Accept: "application/json" } });
      if (answer.ok && (await answer.json()).status !== "pending") break;
    }
    location.replace(order);
  }

  async function pay() {
    button.classList.add("is-sending");
    try {
      const found = await bridge();
      const parameters = await prepare();
      found.invoke("getBrandWCPayRequest", parameters, (result) => {
        button.classList.remove("is-sending");
        if (result.err_msg === "get_brand_wcpay_request:ok") confirm();
        else if (result.err_msg === "get_brand_wcpay_request:cancel") window.toast("还没有付款，可以稍后再付", "error");
        else window.toast("支付没有成功，请再试一次", "error");
      });
    } catch (error) {
      button.classList.remove("is-sending");
      window.toast(error.message, "error");
    }
  }

  button.addEventListener("click", pay);
  if ("payNow" in button.dataset) pay();
})();
