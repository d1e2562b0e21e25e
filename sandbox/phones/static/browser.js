// The phone's browser: a frame at the phone's own host name, a title bar, WeChat's answers.

import { bytesOf, control, people } from "./api.js";
import { h, icon } from "./dom.js";
import { actionSheet, toast } from "./sheets.js";
import { pay, receive } from "./wallet.js";

export const phoneOrigin = (id) =>
  `${location.protocol}//${id}.localhost${location.port ? `:${location.port}` : ""}`;

export class Browser {
  constructor(phone, url) {
    this.phone = phone;
    this.origin = phoneOrigin(phone.id);
    this.trail = [];
    this.page = { title: "", share: null, pictures: [] };
    this.frame = h("iframe", { class: "page", title: `${phone.name}的网页`, allow: "clipboard-write" });
    this.heading = h("h2", {});
    this.progress = h("div", { class: "progress" });
    this.backButton = h("button", { type: "button", class: "bar-icon", "aria-label": "后退", onclick: () => this.goBack() }, icon("back"));
    this.element = h("section", { class: "screen browser" },
      h("header", { class: "bar" },
        h("button", { type: "button", class: "bar-icon", "aria-label": "关闭", onclick: () => phone.closeBrowser() }, icon("close")),
        this.heading,
        h("button", { type: "button", class: "bar-icon", "aria-label": "分享", onclick: () => this.more() }, icon("more"))),
      this.progress, this.frame,
      h("footer", { class: "browser-foot" }, this.backButton));
    this.listen = (event) => {
      if (event.source === this.frame.contentWindow && event.origin === this.origin) this.hear(event.data);
    };
    window.addEventListener("message", this.listen);
    this.frame.addEventListener("load", () => this.progress.classList.remove("is-running"));
    this.go(url);
  }

  go(url) {
    this.progress.classList.add("is-running");
    const target = this.outward(url);
    if (this.frame.src) this.frame.contentWindow.location.replace(target);
    else this.frame.src = target;
  }

  outward(url) {
    const parsed = new URL(url);
    return this.phone.world.isWithinReach(url) ? this.origin + url.slice(parsed.origin.length) : url;
  }

  homeward(url) {
    return url && url.startsWith(this.origin) ? this.phone.world.applicationUrl + url.slice(this.origin.length) : url;
  }

  // The frame's own history is shared with all phones of the page, so each keeps its own.
  hear(message) {
    if (!message || !message.wechat) return;
    if (message.wechat === "page") {
      const last = this.trail.at(-1);
      if (last !== message.url) {
        if (this.trail.at(-2) === message.url) this.trail.pop();
        else this.trail.push(message.url);
      }
      this.page = message;
      this.heading.textContent = message.title;
      this.element.classList.toggle("has-past", this.trail.length > 1);
      this.progress.classList.remove("is-running");
    }
    if (message.wechat === "leaving") this.progress.classList.add("is-running");
    if (message.wechat === "picture") this.pressed(message.source);
    if (message.wechat === "outside") toast(this.phone, "这个链接在沙箱之外，手机里打不开");
    if (message.wechat === "call") this.answer(message);
  }

  async answer({ call, name, parameters }) {
    const result = await this.invoke(name, parameters);
    this.frame.contentWindow?.postMessage({ wechat: "result", call, result }, this.origin);
  }

  async invoke(name, given) {
    const { phone } = this;
    if (name === "getBrandWCPayRequest") return pay(phone, given);
    if (name === "requestMerchantTransfer") return receive(phone, given);
    if (name === "preVerifyJSAPI") return this.verify(given);
    if (name === "closeWindow") {
      setTimeout(() => phone.closeBrowser(), 0);
      return { err_msg: "closeWindow:ok" };
    }
    if (name === "imagePreview") {
      const source = given.current || given.urls?.[0];
      if (source) phone.viewPicture(await this.pictureUrl(source));
      return { err_msg: "imagePreview:ok" };
    }
    if (name === "scanQRCode") {
      phone.scan();
      return { err_msg: "scanQRCode:ok" };
    }
    return { err_msg: `${name}:fail, not supported in the sandbox` };
  }

  async verify(given) {
    const config = {
      appId: given.appId || given.verifyAppId, timestamp: given.timestamp || given.verifyTimestamp,
      nonceStr: given.nonceStr || given.verifyNonceStr, signature: given.signature || given.verifySignature,
      url: this.homeward(given.url || this.trail.at(-1) || "").split("#")[0],
    };
    try {
      return await control.post(`/phones/${this.phone.id}/js-config`, config);
    } catch (error) {
      return { err_msg: error.answer?.err_msg || "config:fail" };
    }
  }

  // A picture of a page, as something that can be looked at and sent: fetched as the phone
  // would fetch it, with the phone's cookies.
  async pictureUrl(source) {
    if (source.startsWith("data:")) return (await people.keep(await bytesOf(source))).url;
    return (await people.take(this.phone.id, this.homeward(source))).url;
  }

  async pressed(source) {
    try {
      this.phone.pictureActions(await this.pictureUrl(source));
    } catch (error) {
      toast(this.phone, error.message);
    }
  }

  pictures() {
    return this.page.pictures.map((source) => ({ source, url: () => this.pictureUrl(source) }));
  }

  goBack() {
    if (this.trail.length < 2) {
      this.phone.closeBrowser();
      return;
    }
    this.progress.classList.add("is-running");
    this.frame.contentWindow.location.replace(this.trail.at(-2));
  }

  more() {
    const url = this.homeward(this.trail.at(-1) || "");
    const share = this.page.share || { title: this.page.title, description: "", link: url, picture: "" };
    const card = {
      title: share.title || this.page.title, description: share.description || "",
      url: this.homeward(share.link) || url, picture_source: share.picture,
    };
    const heading = h("div", { class: "actions-heading" }, `网页由 ${new URL(url || this.phone.world.applicationUrl).host} 提供`);
    actionSheet(this.phone, [
      { text: "发送给朋友", run: () => this.share(card) },
      { text: "刷新", run: () => this.go(url) },
      { text: "复制链接", run: () => navigator.clipboard.writeText(card.url).then(() => toast(this.phone, "已复制", "check"), () => toast(this.phone, card.url)) },
      { text: "在电脑浏览器里打开", note: "看看微信之外的人看到什么", run: () => window.open(url, "_blank", "noopener") },
    ], heading);
  }

  async share(card) {
    const { picture_source: source, ...rest } = card;
    let picture = "";
    if (source) picture = await this.pictureUrl(source).catch(() => "");
    this.phone.forwardCard({ ...rest, picture_url: picture });
  }

  update() {}

  close() {
    window.removeEventListener("message", this.listen);
  }
}
