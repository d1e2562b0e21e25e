// What slides up over a screen: actions, a list of friends, a question, a passing word.

import { h, hide, icon } from "./dom.js";

function cover(phone, content, { onDismiss, kind = "sheet" } = {}) {
  const layer = h("div", { class: `layer layer-${kind}` }, content);
  const remove = () => {
    layer.classList.add("is-leaving");
    hide(layer, true);
    setTimeout(() => layer.remove(), 180);
  };
  layer.addEventListener("click", (event) => {
    if (event.target !== layer || !onDismiss) return;
    remove();
    onDismiss();
  });
  phone.screen.append(layer);
  return remove;
}

export function toast(phone, text, mark) {
  phone.screen.querySelectorAll(".toast").forEach((old) => old.remove());
  const element = h("div", { class: mark ? "toast toast-mark" : "toast", role: "status" }, mark ? icon(mark) : null, h("span", {}, text));
  phone.screen.append(element);
  setTimeout(() => element.classList.add("is-leaving"), 1900);
  setTimeout(() => element.remove(), 2200);
}

export function actionSheet(phone, actions, heading) {
  const sheet = h("div", { class: "actions", role: "menu" },
    heading || null,
    h("div", { class: "actions-list" }, actions.map(({ text, note, run, isStrong }) => h("button", {
      type: "button", role: "menuitem", class: isStrong ? "is-strong" : "", onclick: () => {
        remove();
        run();
      },
    }, h("span", {}, text), note ? h("small", {}, note) : null))),
    h("button", { type: "button", class: "actions-cancel", onclick: () => remove() }, "取消"));
  const remove = cover(phone, sheet, { onDismiss: () => {} });
}

export function ask(phone, { title, text, yes = "确定", no = "取消" }) {
  return new Promise((resolve) => {
    const answer = (value) => () => {
      remove();
      resolve(value);
    };
    const dialog = h("div", { class: "dialog", role: "dialog" },
      title ? h("h3", {}, title) : null,
      h("div", { class: "dialog-text" }, text),
      h("div", { class: "dialog-foot" },
        no ? h("button", { type: "button", onclick: answer(false) }, no) : null,
        h("button", { type: "button", class: "is-yes", onclick: answer(true) }, yes)));
    const remove = cover(phone, dialog, { kind: "dialog" });
  });
}

// 发送给朋友: choose a chat, look at what goes out, send.
export function forwardTo(phone, chats, preview, send) {
  const list = h("div", { class: "forward" },
    h("header", { class: "bar" },
      h("button", { type: "button", class: "bar-text", onclick: () => remove() }, "取消"),
      h("h2", {}, "选择一个聊天"), h("span", { class: "bar-text" })),
    h("div", { class: "forward-label" }, "最近聊天"),
    h("div", { class: "forward-list" }, chats.map((chat) => h("button", {
      type: "button", class: "row", onclick: async () => {
        const isSure = await ask(phone, {
          title: "发送给：",
          text: h("div", { class: "forward-preview" }, h("div", { class: "row" }, chat.logo(), h("span", {}, chat.name)), preview()),
          yes: "发送",
        });
        if (!isSure) return;
        remove();
        await send(chat);
        toast(phone, "已发送", "check");
      },
    }, chat.logo(), h("span", { class: "row-name" }, chat.name)))),
    chats.length ? null : h("p", { class: "empty" }, "还没有好友：点右上方的“新手机”加一部"));
  const remove = cover(phone, list, { kind: "full" });
}

export function sheet(phone, content, onDismiss) {
  return cover(phone, content, { onDismiss });
}

export function fullLayer(phone, content) {
  return cover(phone, content, { kind: "full" });
}
