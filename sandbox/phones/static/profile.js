// The official account's own page, with 关注公众号 while the person doesn't follow.

import { control } from "./api.js";
import { h, icon } from "./dom.js";
import { actionSheet, toast } from "./sheets.js";

export class Profile {
  constructor(phone, ticket) {
    this.phone = phone;
    this.ticket = ticket;
    this.foot = h("div", { class: "profile-foot" });
    const { account } = phone.world;
    this.element = h("section", { class: "screen profile" },
      h("header", { class: "bar" },
        h("button", { type: "button", class: "bar-icon", "aria-label": "返回", onclick: () => phone.back() }, icon("back")),
        h("h2", {}, ""),
        h("button", { type: "button", class: "bar-icon", "aria-label": "更多", onclick: () => this.more() }, icon("more"))),
      h("div", { class: "profile-head" }, phone.accountLogo(), h("div", {}, h("h3", {}, account.name), h("p", {}, h("em", {}, "服务号"), "沙箱里的公众号"))),
      h("p", { class: "profile-text" }, ticket ? "你扫描了一张带参数的二维码，关注后公众号会知道你从哪里来。" : "关注后，公众号的消息会出现在聊天列表里。"),
      this.foot,
      h("div", { class: "cells" },
        h("div", { class: "row cell" }, h("span", { class: "row-name" }, "账号主体"), h("small", {}, account.merchant_name)),
        h("div", { class: "row cell" }, h("span", { class: "row-name" }, "原始 ID"), h("small", {}, account.original_id))));
  }

  update() {
    if (this.drawn === this.phone.isFollowing) return;
    this.drawn = this.phone.isFollowing;
    this.foot.replaceChildren(this.drawn
      ? h("button", { type: "button", class: "button-plain", onclick: () => this.phone.openChat("account") }, icon("chats"), "发消息")
      : h("button", { type: "button", class: "button-green", "data-act": "follow", onclick: () => this.follow() }, "关注公众号"));
  }

  async follow() {
    const { phone } = this;
    try {
      await control.post(`/phones/${phone.id}/follow`, this.ticket ? { ticket: this.ticket } : {});
      phone.facts.is_following = true;
      phone.openChat("account");
      phone.world.hurry();
    } catch (error) {
      toast(phone, error.message);
    }
  }

  more() {
    const { phone } = this;
    if (!phone.isFollowing) {
      toast(phone, "关注后这里可以取消关注");
      return;
    }
    actionSheet(phone, [{
      text: "不再关注", isStrong: true, run: async () => {
        try {
          await control.post(`/phones/${phone.id}/unfollow`);
          phone.facts.is_following = false;
          phone.world.hurry();
          toast(phone, "已取消关注");
        } catch (error) {
          toast(phone, error.message);
        }
      },
    }]);
  }
}
