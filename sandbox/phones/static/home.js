// WeChat's four-tab front: chats, discover, me.

import { control } from "./api.js";
import { h, icon, moment, portrait, yuan } from "./dom.js";

export class Home {
  constructor(phone) {
    this.phone = phone;
    this.tab = "chats";
    this.heading = h("h2", {});
    this.body = h("div", { class: "scroller" });
    this.tabs = h("nav", { class: "tabs" });
    this.element = h("section", { class: "screen home" },
      h("header", { class: "bar" }, h("span", { class: "bar-icon" }), this.heading,
        h("button", { type: "button", class: "bar-icon", "aria-label": "扫一扫", onclick: () => phone.scan() }, icon("scan"))),
      this.body, this.tabs);
  }

  show(tab) {
    this.tab = tab;
    this.drawn = null;
    this.update();
    if (tab === "me") this.loadBills();
  }

  update() {
    const unread = this.phone.unreadTotal();
    const drawn = JSON.stringify([this.tab, unread, this.phone.isFollowing, this.rows().map(([id]) => [id, this.phone.lastOf(id)?.created_at, this.phone.unread(id)]), this.bills, this.phone.world.phones.size]);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    const names = { chats: ["微信", "chats"], discover: ["发现", "compass"], me: ["我", "person"] };
    this.heading.textContent = this.tab === "chats" && unread ? `微信 (${unread})` : this.tab === "me" ? "" : names[this.tab][0];
    this.tabs.replaceChildren(...Object.entries(names).map(([tab, [text, mark]]) => h("button", {
      type: "button", class: tab === this.tab ? "is-current" : "", onclick: () => this.show(tab),
    }, icon(mark), tab === "chats" && unread ? h("i", { class: "dot" }, unread > 99 ? "99+" : String(unread)) : null, h("span", {}, text))));
    this.body.replaceChildren(...this[this.tab]());
  }

  rows() {
    const { phone } = this;
    const account = { id: "account", name: phone.world.account.name, logo: () => phone.accountLogo() };
    const chats = phone.chats();
    const listed = phone.isFollowing || phone.messages.length ? [account, ...chats] : chats;
    return listed.map((chat) => [chat.id, chat])
      .sort(([a], [b]) => new Date(phone.lastOf(b)?.created_at || 0) - new Date(phone.lastOf(a)?.created_at || 0));
  }

  chats() {
    const { phone } = this;
    const rows = this.rows().map(([id, chat]) => {
      const last = phone.lastOf(id);
      const unread = phone.unread(id);
      return h("button", { type: "button", class: "row chat-row", "data-open": id, onclick: () => phone.openChat(id) },
        h("span", { class: "row-logo" }, chat.logo(), unread ? h("i", { class: "dot" }, String(Math.min(unread, 99))) : null),
        h("span", { class: "row-body" },
          h("span", { class: "row-name" }, chat.name, id === "account" ? h("em", {}, "服务号") : null),
          h("span", { class: "row-note" }, phone.summaryOf(id) || (id === "account" ? "点开看看" : "打个招呼吧"))),
        h("time", {}, last ? moment(last.created_at).time : ""));
    });
    if (!phone.isFollowing) {
      rows.unshift(h("button", { type: "button", class: "hint", onclick: () => phone.showProfile() },
        phone.accountLogo(), h("span", {}, h("b", {}, `搜一搜：${phone.world.account.name}`), h("small", {}, "还没有关注。也可以用右上角的扫一扫，扫另一部手机上的海报")), icon("next")));
    }
    return rows;
  }

  discover() {
    const { phone } = this;
    const item = (mark, text, note, run) => h("button", { type: "button", class: "row cell", onclick: run },
      icon(mark), h("span", { class: "row-name" }, text), h("small", {}, note || ""), icon("next"));
    return [
      h("div", { class: "cells" }, item("scan", "扫一扫", "海报、推广码", () => phone.scan())),
      h("div", { class: "cells" },
        item("person", phone.world.account.name, "公众号", () => phone.showProfile()),
        item("shop", "商城首页", new URL(phone.world.applicationUrl).host, () => phone.open(`${phone.world.applicationUrl}/`))),
    ];
  }

  me() {
    const { phone } = this;
    const bills = this.bills || [];
    return [
      h("div", { class: "me" }, portrait(phone.name), h("span", {}, h("b", {}, phone.name), h("small", {}, `微信号：${phone.id}`), h("small", { class: "openid" }, `openid ${phone.facts.openid}`))),
      h("div", { class: "cells" }, h("div", { class: "row cell" }, icon("bill"), h("span", { class: "row-name" }, "账单"), h("small", {}, bills.length ? `${bills.length} 笔` : ""))),
      bills.length
        ? h("div", { class: "cells bills" }, bills.map((bill) => h("div", { class: "row bill" },
          h("span", { class: "row-body" }, h("span", { class: "row-name" }, bill.title), h("span", { class: "row-note" }, `${moment(bill.at).day} ${moment(bill.at).time} · ${bill.note}`)),
          h("b", { class: bill.fen > 0 ? "is-in" : "" }, `${bill.fen > 0 ? "+" : ""}${yuan(bill.fen)}`))))
        : h("p", { class: "empty" }, "还没有收支。付款、退款和佣金到账后会列在这里"),
    ];
  }

  // Money out, money back, money in: as the platform keeps it.
  async loadBills() {
    const { phone } = this;
    const [{ payments }, { refunds }, { transfers }] = await Promise.all([
      control.get("/payments"), control.get("/refunds"), control.get(`/transfers?phone_id=${phone.id}`)]);
    const mine = payments.filter((p) => p.phone_id === phone.id && p.paid_at);
    const numbers = new Set(mine.map((p) => p.out_trade_no));
    const settled = { SUCCESS: "已到账", WAIT_USER_CONFIRM: "待确认收款", FAIL: "已退回", CANCELLED: "已撤销" };
    this.bills = [
      ...mine.map((p) => ({ title: p.description, note: "支付成功", fen: -p.amount_fen, at: p.paid_at })),
      ...refunds.filter((r) => numbers.has(r.out_trade_no) && r.status === "SUCCESS")
        .map((r) => ({ title: "退款", note: "已退回零钱", fen: r.refund_fen, at: r.succeeded_at || r.created_at })),
      ...transfers.map((t) => ({ title: t.remark || "商家转账", note: settled[t.state] || "处理中", fen: t.state === "SUCCESS" ? t.amount_fen : 0, at: t.created_at })),
    ].sort((a, b) => new Date(b.at) - new Date(a.at));
    this.update();
  }
}
