// WeChat's side of a page in a phone's browser: WeixinJSBridge, a small wx, long-press on
// pictures. Everything the platform decides is asked of the frame's parent (browser.js).
(() => {
  "use strict";
  if (window.WeixinJSBridge) return;

  const home = document.currentScript.dataset.home;
  const isFramed = window.parent !== window;
  const waiting = new Map();
  const listeners = new Map();
  const share = {};
  let lastCall = 0;

  // WeChat's login page eats its own fragment; a redirect would carry it into the page's address.
  if (window.location.hash === "#wechat_redirect") {
    window.history.replaceState(window.history.state, "", window.location.pathname + window.location.search);
  }

  const tell = (kind, body = {}) => {
    if (isFramed) window.parent.postMessage({ wechat: kind, ...body }, "*");
  };

  Object.defineProperty(navigator, "userAgent", {
    value: `${navigator.userAgent} MicroMessenger/8.0.56.28 NetType/WIFI Language/zh_CN`,
  });

  window.addEventListener("message", (event) => {
    if (event.source !== window.parent || !event.data || !event.data.wechat) return;
    const { wechat, call, result, name } = event.data;
    if (wechat === "result" && waiting.has(call)) {
      const done = waiting.get(call);
      waiting.delete(call);
      if (done) done(result);
    }
    if (wechat === "event") (listeners.get(name) || []).forEach((run) => run(result || {}));
    if (wechat === "reload") window.location.reload();
  });

  const bridge = {
    invoke(name, parameters, done) {
      lastCall += 1;
      if (name === "updateAppMessageShareData" || name === "onMenuShareAppMessage") {
        Object.assign(share, parameters);
      ["link", "imgUrl"].filter((key) => share[key]).forEach((key) => {
        share[key] = new URL(share[key], window.location.href).href;
      });
        report();
        if (done) done({ err_msg: `${name}:ok` });
        return;
      }
      waiting.set(lastCall, done);
      tell("call", { call: lastCall, name, parameters: JSON.parse(JSON.stringify(parameters || {})) });
    },
    on(name, run) {
      listeners.set(name, [...(listeners.get(name) || []), run]);
    },
    call(name, parameters) {
      bridge.invoke(name, parameters);
    },
  };
  window.WeixinJSBridge = bridge;

  // A page that brings WeChat's own JS-SDK replaces this; both speak to the same bridge.
  const quiet = ["hideMenuItems", "showMenuItems", "hideOptionMenu", "showOptionMenu",
    "hideAllNonBaseMenuItem", "showAllNonBaseMenuItem"];
  const state = { ready: [], failed: [], settled: null };
  const finish = (name, options, result) => {
    const answer = { ...result, errMsg: (result.err_msg || `${name}:ok`).replace(/^[^:]+/, name) };
    const outcome = answer.errMsg.split(":")[1];
    if (outcome === "ok" && options.success) options.success(answer);
    else if (outcome === "cancel" && options.cancel) options.cancel(answer);
    else if (outcome !== "ok" && outcome !== "cancel" && options.fail) options.fail(answer);
    if (options.complete) options.complete(answer);
  };
  const through = (name, native, pick = (o) => o) => (options = {}) =>
    bridge.invoke(native || name, pick(options), (result) => finish(name, options, result));
  const payment = (o) => ({
    appId: o.appId || state.appId, timeStamp: String(o.timeStamp || o.timestamp), nonceStr: o.nonceStr,
    package: o.package, signType: o.signType, paySign: o.paySign,
  });
  const shareData = ({ title, desc, link, imgUrl }) => ({ title, desc, link, imgUrl });
  window.wx = {
    config(options) {
      state.appId = options.appId;
      bridge.invoke("preVerifyJSAPI", { ...options, url: window.location.href.split("#")[0] }, (result) => {
        state.settled = result.err_msg === "config:ok";
        if (state.settled) state.ready.forEach((run) => run());
        else state.failed.forEach((run) => run({ errMsg: result.err_msg }));
      });
    },
    ready: (run) => (state.settled ? run() : state.ready.push(run)),
    error: (run) => (state.settled === false ? run({ errMsg: "config:fail" }) : state.failed.push(run)),
    checkJsApi: (options) => finish("checkJsApi", options, {
      checkResult: Object.fromEntries((options.jsApiList || []).map((n) => [n, n in window.wx])),
    }),
    chooseWXPay: through("chooseWXPay", "getBrandWCPayRequest", payment),
    requestMerchantTransfer: through("requestMerchantTransfer"),
    updateAppMessageShareData: through("updateAppMessageShareData", null, shareData),
    updateTimelineShareData: through("updateTimelineShareData", "updateAppMessageShareData", shareData),
    onMenuShareAppMessage: through("onMenuShareAppMessage", "updateAppMessageShareData", shareData),
    closeWindow: through("closeWindow"),
    previewImage: through("previewImage", "imagePreview"),
    scanQRCode: through("scanQRCode"),
    getNetworkType: (options) => finish("getNetworkType", options, { networkType: "wifi" }),
  };
  quiet.forEach((name) => {
    window.wx[name] = (options = {}) => finish(name, options, {});
  });

  // Where the page is, what it would share and which pictures it shows.
  const meta = (name) => {
    const found = document.querySelector(`meta[name="${name}"], meta[property="${name}"]`);
    return found ? found.content : "";
  };
  const isPicture = (image) => image.naturalWidth >= 60 && image.getBoundingClientRect().width >= 48;
  let reporting = null;
  function report() {
    clearTimeout(reporting);
    reporting = setTimeout(() => {
      const shown = [...document.images].filter(isPicture);
      tell("page", {
        url: window.location.href,
        title: document.title,
        share: {
          title: share.title || meta("og:title") || document.title,
          description: share.desc || meta("og:description") || meta("description"),
          link: share.link || window.location.href,
          picture: share.imgUrl || meta("og:image") || (shown[0] ? shown[0].src : ""),
        },
        pictures: shown.filter((i) => i.src.startsWith("http")).slice(0, 12).map((i) => i.src),
      });
    }, 60);
  }

  const bytesOf = (image) => {
    const canvas = document.createElement("canvas");
    canvas.width = image.naturalWidth || image.width;
    canvas.height = image.naturalHeight || image.height;
    canvas.getContext("2d").drawImage(image, 0, 0);
    return canvas.toDataURL("image/png");
  };
  const pressed = (image) => {
    const isRemote = image instanceof HTMLImageElement && image.src.startsWith("http");
    tell("picture", { source: isRemote ? image.src : bytesOf(image) });
  };
  const pictureAt = (event) =>
    event.target instanceof Element ? event.target.closest("img, canvas") : null;

  let press = null;
  let wasLong = false;
  document.addEventListener("contextmenu", (event) => {
    const image = pictureAt(event);
    if (!image) return;
    event.preventDefault();
    if (!wasLong) pressed(image);
  }, true);
  document.addEventListener("pointerdown", (event) => {
    wasLong = false;
    const image = event.button === 0 && pictureAt(event);
    if (!image) return;
    press = setTimeout(() => {
      wasLong = true;
      pressed(image);
    }, 480);
  }, true);
  ["pointerup", "pointercancel", "scroll", "dragstart"].forEach((name) =>
    document.addEventListener(name, () => clearTimeout(press), true));
  document.addEventListener("dragstart", (event) => event.preventDefault(), true);

  // Links that name the application's address stay on the phone; others leave WeChat.
  const here = (address) => {
    const url = new URL(address, window.location.href);
    if (url.origin === home) return window.location.origin + url.href.slice(url.origin.length);
    return url.href;
  };
  document.addEventListener("click", (event) => {
    if (wasLong) {
      event.preventDefault();
      event.stopPropagation();
      wasLong = false;
      return;
    }
    const link = event.target instanceof Element && event.target.closest("a[href]");
    if (!link || !/^https?:/.test(link.href)) return;
    if (here(link.href) !== link.href) link.href = here(link.href);
    if (new URL(link.href).origin !== window.location.origin) {
      event.preventDefault();
      tell("outside", { url: link.href });
    } else if (link.target && link.target !== "_self") {
      link.target = "_self";
    }
  }, true);
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const action = form.getAttribute("action");
    if (action && /^https?:/.test(action)) form.setAttribute("action", here(action));
  }, true);

  document.addEventListener("DOMContentLoaded", () => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(
      "::-webkit-scrollbar{display:none}html{scrollbar-width:none}" +
      "img{-webkit-touch-callout:none}",
    );
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    new MutationObserver(report).observe(document.documentElement, {
      childList: true, subtree: true, attributes: true, attributeFilter: ["src"],
    });
    report();
    document.dispatchEvent(new Event("WeixinJSBridgeReady"));
  });
  ["load", "popstate", "hashchange", "pageshow"].forEach((name) =>
    window.addEventListener(name, report));
  document.addEventListener("load", report, true);
  window.addEventListener("pagehide", () => tell("leaving"));
})();
