// The official account's menu: three buttons at most, each with a small list above it.

import { control } from "./api.js";
import { h, icon } from "./dom.js";
import { toast } from "./sheets.js";

export function accountMenu(phone, menu, toKeyboard) {
  let opened = null;
  const close = () => {
    if (opened) opened.remove();
    opened = null;
    bar.querySelectorAll("[aria-expanded]").forEach((button) => button.setAttribute("aria-expanded", "false"));
  };
  const press = async (path) => {
    close();
    try {
      const answer = await phone.act(control.post(`/phones/${phone.id}/menu`, { path }));
      if (answer.action === "view") phone.open(answer.url);
    } catch (error) {
      toast(phone, error.message);
    }
  };
  const button = (entry, position) => {
    const children = entry.sub_button || [];
    const slot = h("div", { class: "menu-slot" });
    const main = h("button", {
      type: "button", class: "menu-button", "aria-expanded": children.length ? "false" : null,
      onclick: (event) => {
        event.stopPropagation();
        if (!children.length) {
          press([position]);
          return;
        }
        const wasOpen = main.getAttribute("aria-expanded") === "true";
        close();
        if (wasOpen) return;
        opened = h("div", { class: "menu-list" }, children.map((child, index) =>
          h("button", { type: "button", onclick: () => press([position, index]) }, child.name)));
        slot.append(opened);
        main.setAttribute("aria-expanded", "true");
      },
    }, children.length ? icon("menu") : null, h("span", {}, entry.name));
    slot.append(main);
    return slot;
  };
  const bar = h("div", { class: "account-menu" },
    h("button", { type: "button", class: "bar-icon", "aria-label": "切换到键盘", onclick: toKeyboard }, icon("keyboard")),
    (menu.button || []).map(button));
  phone.screen.addEventListener("click", close);
  return bar;
}
