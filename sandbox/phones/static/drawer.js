// The platform's side of the table: its clock, its faults, what it was asked, what it delivered.

import { control } from "./api.js";
import { h, icon, moment } from "./dom.js";

const LISTED = 50;
const MOVES = [["1 小时", 3600], ["1 天", 86400], ["3 天", 259200], ["7 天", 604800], ["15 天", 1296000]];
const FAULTS = [
  { path: "callback", kind: "drop", text: "下一条消息丢在路上", note: "平台会重试" },
  { path: "callback", kind: "duplicate", text: "下一条消息送两遍", note: "公众号只该答一次" },
  { path: "notify/payment", kind: "drop", text: "下一次支付通知丢失", note: "要靠查单补上" },
  { path: "notify/payment", kind: "duplicate", text: "下一次支付通知送两遍", note: "佣金只该记一次" },
  { path: "notify/payment", kind: "delay", seconds: 15, text: "下一次支付通知晚 15 秒", note: "" },
  { path: "/cgi-bin/message/custom/send", kind: "error", code: "45015", text: "下一条客服消息被拒", note: "45015 超出 48 小时" },
  { path: "/cgi-bin/message/custom/send", kind: "late", text: "下一条客服消息发了但不回话", note: "结果未知" },
  { path: "/v3/pay/transactions/jsapi", kind: "error", code: "SYSTEM_ERROR", status: 500, text: "下一次下单系统错误", note: "HTTP 500" },
];

const time = (iso) => new Intl.DateTimeFormat("zh-CN", { timeZone: "Asia/Shanghai", hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false }).format(new Date(iso));

export class Drawer {
  constructor(element, world) {
    this.element = element;
    this.world = world;
    this.tab = "clock";
    this.afterCall = 0;
    this.afterDelivery = 0;
    this.said = h("p", { class: "said", role: "status" });
    this.nav = h("nav", {});
    this.body = h("div", { class: "drawer-body" });
    element.append(h("header", {}, h("h2", {}, "微信平台"),
      h("button", { type: "button", "aria-label": "收起", onclick: () => this.toggle(false) }, icon("close"))), this.nav, this.body, this.said);
    setInterval(() => {
      if (!element.hidden && (this.tab === "calls" || this.tab === "deliveries")) this.draw();
    }, 2000);
  }

  setClock({ offset_seconds: offset, last_call_id: call, last_delivery_id: delivery }) {
    this.afterCall = Math.max(0, call - LISTED);
    this.afterDelivery = Math.max(0, delivery - LISTED);
    const days = offset / 86400;
    const note = document.getElementById("clock-note");
    note.textContent = Math.abs(offset) < 60 ? "与真实时间一致" : `快进了 ${days >= 1 ? `${days.toFixed(1).replace(".0", "")} 天` : `${Math.round(offset / 3600)} 小时`}`;
  }

  toggle(isOpen = this.element.hidden) {
    this.element.hidden = !isOpen;
    if (isOpen) this.draw();
  }

  open(tab) {
    this.tab = tab;
    this.toggle(true);
  }

  async draw() {
    const tabs = { clock: "时间", faults: "故障", deliveries: "回调", calls: "接口调用" };
    this.nav.replaceChildren(...Object.entries(tabs).map(([tab, text]) => h("button", {
      type: "button", class: tab === this.tab ? "is-current" : "", onclick: () => {
        this.tab = tab;
        this.said.textContent = "";
        this.draw();
      },
    }, text)));
    const tab = this.tab;
    try {
      const content = await this[tab]();
      if (tab === this.tab) this.body.replaceChildren(...content);
    } catch (error) {
      this.body.replaceChildren(h("p", { class: "empty" }, error.message));
    }
  }

  async clock() {
    const { now, offset_seconds: offset } = await control.get("/clock");
    const at = moment(now);
    const move = async (body) => {
      await control.post("/clock", body);
      this.world.hurry();
      await this.draw();
      this.say("已调整");
    };
    return [
      h("div", { class: "big-clock" }, h("b", {}, at.time), h("span", {}, `${at.date} ${at.weekday}`)),
      h("p", { class: "note" }, "只拨微信平台的钟：消息窗口、二维码、预付单与转账的期限。商城自己的时间在它的后台拨。"),
      h("div", { class: "chips" }, MOVES.map(([text, seconds]) => h("button", { type: "button", onclick: () => move({ forward_seconds: seconds }) }, `快进 ${text}`))),
      Math.abs(offset) > 1 ? h("button", { type: "button", class: "plain", onclick: () => move({ offset_seconds: 0 }) }, "回到真实时间") : "",
    ];
  }

  async faults() {
    const { faults } = await control.get("/faults");
    return [
      h("p", { class: "note" }, "点一下，下一次就会出这个差错。好的系统应当看不出来。"),
      h("div", { class: "fault-list" }, FAULTS.map(({ text, note, ...fault }) => h("button", {
        type: "button", onclick: async () => {
          await control.post("/faults", fault);
          await this.draw();
          this.say(`已布置：${text}`);
        },
      }, h("b", {}, text), h("small", {}, note)))),
      h("h3", {}, `等着发生 (${faults.length})`),
      ...faults.map((fault) => h("div", { class: "log-row" }, h("code", {}, fault.kind), h("span", {}, fault.path),
        h("button", { type: "button", class: "plain", onclick: async () => { await control.remove(`/faults/${fault.fault_id}`); this.draw(); } }, "撤销"))),
      faults.length ? "" : h("p", { class: "empty" }, "现在一切正常"),
    ];
  }

  async deliveries() {
    const { deliveries } = await control.get(`/deliveries?after=${this.afterDelivery}`);
    const states = { pending: "等待", held: "扣住", delivered: "送达", given_up: "放弃" };
    return [
      h("p", { class: "note" }, "微信平台推给应用的消息、事件与通知。"),
      ...deliveries.slice().reverse().map((item) => h("details", { class: `log-row is-${item.state}`, "data-key": item.delivery_id },
        h("summary", {}, h("i", { class: "state" }, states[item.state]), h("span", {}, `${item.channel} · ${item.event}`),
          h("small", {}, item.tries > 1 ? `${item.tries} 次` : "")),
        h("pre", {}, item.attempts.map((a) => `${time(a.at)}  ${a.status || a.error}  ${Math.round(a.seconds * 1000)} ms`).join("\n") || "还没有尝试"))),
      deliveries.length ? "" : h("p", { class: "empty" }, "还没有推送"),
    ].map((node) => this.keepOpen(node));
  }

  async calls() {
    const { calls } = await control.get(`/calls?after=${this.afterCall}&limit=${LISTED}`);
    return [
      h("p", { class: "note" }, `应用向微信平台发出的请求，共 ${this.afterCall + calls.length} 次，列出最近 ${calls.length} 次。`),
      ...calls.slice().reverse().map((item) => h("details", { class: `log-row ${item.status >= 400 || (item.code && !["0", "ok"].includes(String(item.code))) ? "is-given_up" : "is-delivered"}`, "data-key": item.call_id },
        h("summary", {}, h("i", { class: "state" }, String(item.code || item.status)), h("span", {}, `${item.method} ${item.path}`), h("small", {}, time(item.at))),
        h("pre", {}, [item.request, item.response].map((text) => (typeof text === "string" ? text : JSON.stringify(text, null, 1))).join("\n\n")))),
      calls.length ? "" : h("p", { class: "empty" }, "还没有调用"),
    ].map((node) => this.keepOpen(node));
  }

  keepOpen(node) {
    if (!(node instanceof HTMLDetailsElement)) return node;
    const old = this.body.querySelector(`details[data-key="${node.dataset.key}"]`);
    if (old?.open) node.open = true;
    return node;
  }

  say(text) {
    this.said.textContent = text;
  }
}
