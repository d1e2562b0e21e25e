// A chat's screen: bubbles above, the account's menu or a text field below.

import { control, people } from "./api.js";
import { accountMenu } from "./menu.js";
import { h, icon } from "./dom.js";
import { messageNodes } from "./messages.js";
import { toast } from "./sheets.js";

const chooser = (take) => h("input", {
  type: "file", accept: "image/*", hidden: true, onchange: (event) => {
    const [file] = event.target.files;
    event.target.value = "";
    if (file) take(file);
  },
});

function composer(phone, { sendText, sendPicture, toggle, enter }) {
  const field = h("textarea", { class: "field", rows: 1, "aria-label": "输入消息", maxLength: 600 });
  const plus = h("button", { type: "button", class: "bar-icon", "aria-label": "更多", onclick: () => panel.toggleAttribute("hidden") }, icon("plus"));
  const send = h("button", { type: "button", class: "send", hidden: true, onclick: () => submit() }, "发送");
  const file = chooser((picked) => {
    panel.hidden = true;
    sendPicture(picked);
  });
  const panel = h("div", { class: "plus-panel", hidden: true },
    h("button", { type: "button", onclick: () => file.click() }, h("i", {}, icon("picture")), "照片"),
    h("button", { type: "button", onclick: () => { panel.hidden = true; phone.scan(); } }, h("i", {}, icon("scan")), "扫一扫"));
  const fit = () => {
    send.hidden = !field.value.trim();
    plus.hidden = !send.hidden;
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight, 96)}px`;
  };
  const submit = async () => {
    const text = field.value.trim();
    if (!text) return;
    field.value = "";
    fit();
    try {
      await sendText(text);
    } catch (error) {
      field.value = text;
      fit();
      toast(phone, error.message);
    }
  };
  field.addEventListener("input", fit);
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  });
  field.addEventListener("focus", () => {
    panel.hidden = true;
    enter();
  });
  const bar = h("div", { class: "composer" }, toggle || h("span", { class: "bar-icon icon-quiet" }, icon("voice")),
    field, h("span", { class: "bar-icon icon-quiet" }, icon("smile")), plus, send, file);
  return { element: h("div", { class: "composer-box" }, bar, panel), focus: () => field.focus() };
}

class Chat {
  constructor(phone, { id, title, onTitle }) {
    this.phone = phone;
    this.id = id;
    this.shown = new Set();
    this.previous = null;
    this.list = h("div", { class: "messages", role: "log" });
    this.scroller = h("div", { class: "scroller" }, this.list);
    this.badge = h("span", { class: "back-count" });
    this.heading = h("h2", {}, title);
    this.element = h("section", { class: "screen chat", "data-chat": id },
      h("header", { class: "bar" },
        h("button", { type: "button", class: "bar-icon bar-back", "aria-label": "返回", onclick: () => phone.back() }, icon("back"), this.badge),
        this.heading,
        h("button", { type: "button", class: "bar-icon", "aria-label": "详情", onclick: onTitle }, icon(id === "account" ? "person" : "more"))),
      this.scroller);
  }

  update() {
    const isAtEnd = this.scroller.scrollHeight - this.scroller.scrollTop - this.scroller.clientHeight < 120;
    const isFirst = this.shown.size === 0;
    let added = 0;
    for (const message of this.messages()) {
      const key = message.message_id ?? `entry-${message.entry_id}`;
      if (this.shown.has(key)) continue;
      this.shown.add(key);
      this.list.append(...messageNodes(message, this.previous, this.phone, this.looks(message)));
      this.previous = message;
      added += 1;
    }
    const others = this.phone.unreadTotal(this.id);
    this.badge.textContent = others ? String(others) : "";
    if (added && (isFirst || isAtEnd)) this.toEnd();
    if (added) {
      this.list.querySelectorAll("img").forEach((image) => {
        if (!image.complete) image.addEventListener("load", () => isAtEnd && this.toEnd(), { once: true });
      });
    }
  }

  toEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  focus() {
    this.toEnd();
  }
}

export class AccountChat extends Chat {
  constructor(phone) {
    super(phone, { id: "account", title: phone.world.account.name, onTitle: () => phone.showProfile() });
    this.foot = h("footer", { class: "chat-foot" });
    this.element.append(this.foot);
    this.toggle = h("button", { type: "button", class: "bar-icon", "aria-label": "切换到菜单", onclick: () => this.setMode("menu") }, icon("list"));
    this.keyboard = composer(phone, {
      sendText: (text) => phone.act(control.post(`/phones/${phone.id}/text`, { text })),
      sendPicture: (file) => this.sendPicture(file),
      toggle: this.toggle,
      enter: () => this.toEnd(),
    });
    this.mode = null;
  }

  messages() {
    return this.phone.messages;
  }

  looks(message) {
    const isMine = message.sender === "phone";
    return { isMine, isAccount: true, senderName: isMine ? this.phone.name : this.phone.world.account.name };
  }

  async sendPicture(file) {
    try {
      await this.phone.act(control.post(`/phones/${this.phone.id}/image`, file));
    } catch (error) {
      toast(this.phone, error.message);
    }
  }

  update() {
    super.update();
    const { menu } = this.phone.world;
    this.toggle.hidden = !menu;
    const wanted = this.phone.isFollowing ? (menu ? this.mode || "menu" : "keyboard") : "stranger";
    const drawn = `${wanted} ${wanted === "menu" ? JSON.stringify(menu) : ""}`;
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    if (wanted === "menu") {
      this.foot.replaceChildren(accountMenu(this.phone, menu, () => this.setMode("keyboard")));
    } else if (wanted === "keyboard") {
      this.foot.replaceChildren(this.keyboard.element);
    } else {
      this.foot.replaceChildren(h("div", { class: "stranger" },
        h("span", {}, "你还没有关注这个公众号"),
        h("button", { type: "button", class: "button-small", onclick: () => this.phone.showProfile() }, "去关注")));
    }
    this.toEnd();
  }

  setMode(mode) {
    this.mode = mode;
    this.update();
    if (mode === "keyboard") this.keyboard.focus();
  }
}

export class PeopleChat extends Chat {
  constructor(phone, chat) {
    super(phone, { id: chat.id, title: chat.title(), onTitle: () => toast(phone, chat.about) });
    this.chat = chat;
    this.keyboard = composer(phone, {
      sendText: (text) => phone.say(chat.id, { kind: "text", text }),
      sendPicture: async (file) => phone.say(chat.id, { kind: "image", picture_id: (await people.keep(file)).picture_id }),
      enter: () => this.toEnd(),
    });
    this.element.append(h("footer", { class: "chat-foot" }, this.keyboard.element));
  }

  messages() {
    return this.phone.entries(this.id);
  }

  looks(entry) {
    return {
      isMine: entry.phone_id === this.phone.id, isGroup: this.chat.isGroup,
      senderName: this.phone.world.nameOf(entry.phone_id),
    };
  }
}
