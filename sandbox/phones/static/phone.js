// One phone: its frame, its screens one above the other, and what a person can do with it.

import { bytesOf, control, people } from "./api.js";
import { Browser, phoneOrigin } from "./browser.js";
import { AccountChat, PeopleChat } from "./chats.js";
import { accountLogo, groupLogo, h, hide, icon, moment, onLongPress, portrait } from "./dom.js";
import { Home } from "./home.js";
import { summary } from "./messages.js";
import { Profile } from "./profile.js";
import { Scanner } from "./scanner.js";
import { actionSheet, ask, forwardTo, fullLayer, toast } from "./sheets.js";

const pairOf = (one, other) => `pair:${[one, other].sort().join(":")}`;

export class Phone {
  constructor(world, facts, role) {
    this.world = world;
    this.id = facts.phone_id;
    this.role = role;
    this.facts = facts;
    this.messages = [];
    this.read = { ...world.readMarks(this.id) };
    this.stack = [];
    this.clock = h("span", { class: "status-time" });
    this.screen = h("div", { class: "phone-screen" },
      h("div", { class: "status" }, this.clock, h("span", { class: "island" }), icon("reader")));
    this.caption = h("figcaption", {},
      h("span", { class: "role" }, role), h("b", {}, this.name), this.state = h("span", { class: "follow-state" }));
    this.element = h("figure", { class: "phone", "data-phone": this.id },
      this.caption, h("div", { class: "device-slot" }, h("div", { class: "device" }, this.screen)));
    this.home = new Home(this);
    this.push(this.home);
  }

  get name() {
    return this.facts.nickname;
  }

  get isFollowing() {
    return this.facts.is_following;
  }

  now() {
    return this.world.now();
  }

  // Chats of this phone, newest first; people's chats stand even while they are empty.
  chats() {
    const others = [...this.world.phones.values()].filter((phone) => phone.id !== this.id);
    const group = {
      id: "group", isGroup: true, about: `群聊，${others.length + 1} 人`,
      name: "闺蜜好物群", title: () => `闺蜜好物群 (${this.world.phones.size})`,
      logo: () => groupLogo([...this.world.phones.values()].map((phone) => phone.name)),
    };
    const friends = others.map((other) => ({
      id: pairOf(this.id, other.id), about: `${other.name}（${other.role}）`, name: other.name,
      title: () => other.name, logo: () => portrait(other.name),
    }));
    return others.length ? [group, ...friends] : [];
  }

  entries(chatId) {
    return this.world.entries.get(chatId) || [];
  }

  lastOf(chatId) {
    return (chatId === "account" ? this.messages : this.entries(chatId)).at(-1);
  }

  unread(chatId) {
    if (this.stack.at(-1)?.id === chatId) return 0;
    const from = this.read[chatId] || 0;
    if (chatId === "account") return this.messages.filter((m) => m.sender !== "phone" && m.message_id > from).length;
    return this.entries(chatId).filter((e) => e.phone_id !== this.id && e.entry_id > from).length;
  }

  unreadTotal(except) {
    return ["account", ...this.chats().map((chat) => chat.id)]
      .filter((id) => id !== except).reduce((sum, id) => sum + this.unread(id), 0);
  }

  summaryOf(chatId) {
    const last = this.lastOf(chatId);
    if (!last) return "";
    const isOthers = chatId === "group" && last.phone_id !== this.id;
    return (isOthers ? `${this.world.nameOf(last.phone_id)}：` : "") + summary(last);
  }

  update() {
    this.clock.textContent = moment(this.now()).time;
    this.state.textContent = this.isFollowing ? "已关注" : "未关注";
    this.state.classList.toggle("is-on", this.isFollowing);
    const top = this.stack.at(-1);
    this.stack.forEach((screen) => hide(screen.element, screen !== top));
    if (top.id) this.markRead(top.id);
    this.stack.forEach((screen) => screen.update());
  }

  markRead(chatId) {
    const last = this.lastOf(chatId);
    const number = last ? last.message_id ?? last.entry_id : 0;
    if (this.read[chatId] === number) return;
    this.read[chatId] = number;
    this.world.keepReadMarks(this.id, this.read);
  }

  // Screens.
  push(screen) {
    this.stack.push(screen);
    this.screen.append(screen.element);
    if (this.stack.length > 1) screen.element.classList.add("is-entering");
    this.update();
    screen.focus?.();
  }

  back() {
    if (this.stack.length < 2) return;
    const screen = this.stack.pop();
    screen.close?.();
    hide(screen.element, true);
    screen.element.classList.add("is-leaving");
    setTimeout(() => screen.element.remove(), 220);
    this.update();
  }

  toHome() {
    while (this.stack.length > 1) {
      const screen = this.stack.pop();
      screen.close?.();
      screen.element.remove();
    }
  }

  // The application's pictures, by way of the phone: WeChat's servers would fetch them.
  pictureOf(url) {
    return url && /^https?:/.test(url) && this.world.isApplication(url)
      ? phoneOrigin(this.id) + url.slice(new URL(url).origin.length) : url;
  }

  openChat(chatId) {
    if (this.stack.at(-1)?.id === chatId) return;
    this.toHome();
    const chat = this.chats().find((item) => item.id === chatId);
    this.push(chatId === "account" ? new AccountChat(this) : new PeopleChat(this, chat));
  }

  showProfile(ticket) {
    this.push(new Profile(this, ticket));
  }

  scan() {
    this.push(new Scanner(this));
  }

  open(url) {
    if (!/^https?:\/\//.test(url)) {
      toast(this, "打不开这个链接");
      return;
    }
    if (!this.world.isWithinReach(url)) {
      toast(this, "这个链接在沙箱之外，手机里打不开");
      return;
    }
    const browser = this.stack.find((screen) => screen instanceof Browser);
    if (browser && browser === this.stack.at(-1)) {
      browser.go(url);
      return;
    }
    if (browser) {
      this.stack.splice(this.stack.indexOf(browser), 1);
      browser.close();
      browser.element.remove();
    }
    this.push(new Browser(this, url));
  }

  closeBrowser() {
    if (this.stack.at(-1) instanceof Browser) this.back();
  }

  // Acts. Whatever was sent is asked for at once rather than at the next tick.
  async act(promise) {
    const answer = await promise;
    this.world.hurry();
    return answer;
  }

  say(chatId, entry) {
    return this.act(people.say(chatId, { phone_id: this.id, ...entry }));
  }

  async recognise(blob) {
    const answer = await this.act(control.post(`/phones/${this.id}/scan`, blob));
    const actions = {
      scanned: () => this.openChat("account"),
      follow_page: () => this.showProfile(answer.ticket),
      open_url: () => this.open(answer.url),
      expired: () => ask(this, { text: "二维码已过期", no: null, yes: "我知道了" }),
      text: () => ask(this, { title: "扫描结果", text: answer.text, no: null, yes: "我知道了" }),
      nothing: () => toast(this, "没有发现二维码"),
    };
    actions[answer.outcome]();
    return answer;
  }

  async pictureActions(url) {
    try {
      const blob = await bytesOf(url);
      const { content } = await control.post(`/phones/${this.id}/decode`, blob);
      actionSheet(this, [
        { text: "发送给朋友", run: () => this.forwardPicture(blob) },
        { text: "保存图片", run: () => h("a", { href: url, download: "picture" }).click() },
        ...(content === null ? [] : [{ text: "识别图中二维码", run: () => this.recognise(blob).catch((error) => toast(this, error.message)) }]),
      ], h("div", { class: "actions-picture" }, h("img", { src: url, alt: "" })));
    } catch (error) {
      toast(this, error.message);
    }
  }

  textActions(text) {
    actionSheet(this, [
      { text: "复制", run: () => navigator.clipboard.writeText(text).then(() => toast(this, "已复制", "check"), () => toast(this, "浏览器不允许复制")) },
      {
        text: "转发", run: () => forwardTo(this, this.chats(), () => h("p", { class: "quote" }, summary({ text })),
          (chat) => this.say(chat.id, { kind: "text", text })),
      },
    ]);
  }

  cardActions({ title, description, url, picture_url: picture }) {
    actionSheet(this, [{ text: "发送给朋友", run: () => this.forwardCard({ title, description, url, picture_url: picture || "" }) }]);
  }

  forwardCard(card) {
    forwardTo(this, this.chats(), () => h("p", { class: "quote" }, `[链接] ${card.title}`),
      (chat) => this.say(chat.id, { kind: "card", ...card }));
  }

  forwardPicture(blob) {
    const url = URL.createObjectURL(blob);
    forwardTo(this, this.chats(), () => h("img", { class: "forward-picture", src: url, alt: "" }), async (chat) => {
      const { picture_id: picture } = await people.keep(blob);
      await this.say(chat.id, { kind: "image", picture_id: picture });
    });
  }

  viewPicture(url) {
    const image = h("img", { src: url, alt: "图片", draggable: false });
    const viewer = h("div", { class: "viewer", onclick: () => remove() }, image);
    onLongPress(image, () => this.pictureActions(url));
    const remove = fullLayer(this, viewer);
  }

  // Pictures that someone could point a camera at.
  visiblePictures() {
    const found = [];
    const top = this.stack.at(-1);
    if (top instanceof Browser) found.push(...top.pictures().map((item) => ({ ...item, thumb: item.source })));
    const sent = [...this.messages, ...this.world.entriesOf(this)].filter((m) => m.kind === "image");
    sent.sort((a, b) => new Date(b.created_at) - new Date(a.created_at));
    found.push(...sent.slice(0, 8).map((m) => ({ thumb: m.media_url, url: async () => m.media_url })));
    return found;
  }

  accountLogo() {
    return accountLogo(this.world.account.name);
  }
}
