// Small tools for building elements.

export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name === "html") element.innerHTML = value;
    else if (name in element && name !== "list" && name !== "form") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// What is covered or on its way out can be neither pressed nor read aloud.
export function hide(element, isHidden) {
  element.inert = isHidden;
  element.ariaHidden = isHidden ? "true" : null;
}

const line = (path, extra = "") =>
  `<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round" ${extra}>${path}</svg>`;

const drawings = {
  back: line('<path d="M15 4.5 7.5 12l7.5 7.5"/>'),
  close: line('<path d="m5.5 5.5 13 13m0-13-13 13"/>'),
  more: '<svg viewBox="0 0 24 24" fill="currentColor"><circle cx="5" cy="12" r="1.9"/><circle cx="12" cy="12" r="1.9"/><circle cx="19" cy="12" r="1.9"/></svg>',
  person: line('<circle cx="12" cy="8" r="4"/><path d="M4.5 20c.6-4 3.6-6 7.5-6s6.9 2 7.5 6"/>'),
  plus: line('<circle cx="12" cy="12" r="9"/><path d="M12 7.5v9M7.5 12h9"/>'),
  smile: line('<circle cx="12" cy="12" r="9"/><path d="M8.5 14c.9 1.4 2.1 2 3.5 2s2.6-.6 3.5-2"/><path d="M9 9.5v.1m6-.1v.1"/>'),
  keyboard: line('<rect x="2.5" y="6" width="19" height="12.5" rx="2.5"/><path d="M6.5 10h.1m3.6 0h.1m3.5 0h.1m3.6 0h.1M8 14.5h8"/>'),
  list: line('<rect x="2.5" y="5.5" width="19" height="13.5" rx="2.5"/><path d="M6.5 10h11M6.5 14.5h11"/>'),
  menu: line('<path d="M5 8h14M5 12.5h14M5 17h14"/>', 'class="menu-mark"'),
  scan: line('<path d="M4 8.5V6a2 2 0 0 1 2-2h2.5M15.5 4H18a2 2 0 0 1 2 2v2.5M20 15.5V18a2 2 0 0 1-2 2h-2.5M8.5 20H6a2 2 0 0 1-2-2v-2.5M4 12h16"/>'),
  picture: line('<rect x="3" y="4.5" width="18" height="15" rx="2.5"/><circle cx="8.5" cy="9.5" r="1.6"/><path d="m4 17.5 5-4.5 3.5 3 3.5-4 4.5 4.5"/>'),
  chats: line('<path d="M12 4c5 0 9 3.2 9 7.3s-4 7.3-9 7.3c-1 0-2-.1-2.9-.4L5.5 20l.7-3.3C4.2 15.4 3 13.5 3 11.3 3 7.2 7 4 12 4Z"/>'),
  compass: line('<circle cx="12" cy="12" r="9"/><path d="m15.5 8.5-2 5-5 2 2-5z"/>'),
  next: line('<path d="m9 5 7 7-7 7"/>'),
  forward: line('<path d="M13 5.5 20 12l-7 6.5v-4c-4.5 0-7.5 1.3-9.5 4 .5-5 3.5-8.5 9.5-9z"/>'),
  wallet: line('<path d="M4 7.5h14.5a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-13a2 2 0 0 1-2-2V6.5a2 2 0 0 1 2-2H16v3"/><path d="M16 13.5h.1"/>'),
  bill: line('<path d="M6 3.5h12v17l-2-1.3-2 1.3-2-1.3-2 1.3-2-1.3-2 1.3z"/><path d="M9 8.5h6M9 12.5h6"/>'),
  reload: line('<path d="M19.5 12a7.5 7.5 0 1 1-2.3-5.4"/><path d="M19.8 3.5v4h-4"/>'),
  link: line('<path d="M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.3l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1-1"/>'),
  download: line('<path d="M12 4v11m-4.5-4.5L12 15l4.5-4.5M4.5 19.5h15"/>'),
  shop: line('<path d="M4 9.5 5.5 4h13L20 9.5M4 9.5a2.6 2.6 0 0 0 5.3 0 2.6 2.6 0 0 0 5.3 0 2.6 2.6 0 0 0 5.4 0M5.5 12v8h13v-8M9.5 20v-4.5h5V20"/>'),
  check: line('<path d="m5 12.5 4.5 4.5L19 7.5"/>', 'stroke-width="2.4"'),
  clock: line('<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5l3.5 2"/>'),
  sliders: line('<path d="M4 7.5h9m5 0h2M4 16.5h2m5 0h9"/><circle cx="15.5" cy="7.5" r="2.3"/><circle cx="8.5" cy="16.5" r="2.3"/>'),
  desk: line('<rect x="3" y="4.5" width="18" height="12" rx="2"/><path d="M8.5 20h7M12 16.5V20"/>'),
  voice: line('<circle cx="12" cy="12" r="9"/><path d="M10 9.8a3.2 3.2 0 0 1 0 4.4M12.6 7.8a6 6 0 0 1 0 8.4"/>'),
  reader: '<svg viewBox="0 0 40 14" fill="currentColor"><rect x="0" y="9" width="3" height="4" rx=".8"/><rect x="4.6" y="6.6" width="3" height="6.4" rx=".8"/><rect x="9.2" y="4" width="3" height="9" rx=".8"/><rect x="13.8" y="1.2" width="3" height="11.8" rx=".8"/><rect x="21" y="2" width="16" height="10.5" rx="3" fill="none" stroke="currentColor" opacity=".5"/><rect x="22.6" y="3.6" width="11.5" height="7.3" rx="1.7"/><rect x="38" y="5.5" width="1.5" height="3.6" rx=".7" opacity=".5"/></svg>',
};

export function icon(name) {
  const span = h("span", { class: `icon icon-${name}`, "aria-hidden": "true" });
  span.innerHTML = drawings[name];
  return span;
}

// Someone's portrait, always the same for the same name: drawn, because a sandbox has no photos.
const palettes = [
  ["#ffd9c7", "#f7b59c", "#3b2a2a", "#e8747c"], ["#cfe6f5", "#ffd8c2", "#2b2f3a", "#4d8fc4"],
  ["#dcefd6", "#f9cdb3", "#5a3a2a", "#5fa873"], ["#efe0f7", "#ffdcc9", "#30263a", "#9a73c9"],
  ["#fdeec4", "#f4c3a3", "#4a2f22", "#e0a23c"], ["#d7eeee", "#fbd2bb", "#262626", "#3b9c9c"],
];
const hairs = [
  '<path d="M22 44c-4-26 10-32 18-32s22 6 18 32c2 8 3 14 3 20H19c0-6 1-12 3-20Z"/>',
  '<path d="M21 53c-3-31 7-42 19-42s22 11 19 42c-4 3-9 2-11-1V34H32v18c-2 3-7 4-11 1Z"/>',
  '<circle cx="40" cy="11" r="8"/><path d="M23 40c-4-22 8-27 17-27s21 5 17 27l-5-11c-8 1-18 0-24 0Z"/>',
];

export function portrait(name) {
  let sum = 7;
  for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)) % 9973;
  const [ground, skin, hair, cloth] = palettes[Math.floor(sum / 11) % palettes.length];
  const kind = Math.floor(sum / 7) % hairs.length;
  const span = h("span", { class: "avatar", "aria-hidden": "true" });
  span.innerHTML = `<svg viewBox="0 0 80 80"><rect width="80" height="80" fill="${ground}"/>
    <g fill="${hair}">${hairs[kind]}</g>
    <path d="M12 84c0-20 14-25 28-25s28 5 28 25Z" fill="${cloth}"/>
    <path d="M34 50h12v10c0 4-12 4-12 0Z" fill="${skin}"/><ellipse cx="40" cy="38" rx="14.5" ry="17" fill="${skin}"/>
    <g fill="${hair}"><path d="M25 36c0-14 7-19 15-19s15 5 15 19c-3-6-6-9-8-10-6 3-14 4-17 2-2 2-4 4-5 8Z"/></g>
    <g fill="#3a2a28"><circle cx="34" cy="40" r="1.5"/><circle cx="46" cy="40" r="1.5"/></g>
    <path d="M36 47c2.5 2.3 5.5 2.3 8 0" stroke="#b5523f" stroke-width="1.7" fill="none" stroke-linecap="round"/></svg>`;
  return span;
}

export function accountLogo(name) {
  const span = h("span", { class: "avatar avatar-account", "aria-hidden": "true" });
  span.append(h("b", {}, [...(name || "微")][0]));
  return span;
}

export function groupLogo(names) {
  const span = h("span", { class: "avatar avatar-group", "aria-hidden": "true" });
  span.append(...names.slice(0, 4).map((name) => portrait(name)));
  return span;
}

export const yuan = (fen) =>
  `${fen < 0 ? "-" : ""}${Math.floor(Math.abs(fen) / 100).toLocaleString("en-US")}.${String(Math.abs(fen) % 100).padStart(2, "0")}`;

const parts = new Intl.DateTimeFormat("zh-CN", {
  timeZone: "Asia/Shanghai", hour12: false, year: "numeric", month: "numeric", day: "numeric",
  hour: "2-digit", minute: "2-digit", weekday: "short",
});

export function moment(iso) {
  const found = Object.fromEntries(parts.formatToParts(new Date(iso)).map((p) => [p.type, p.value]));
  const time = `${found.hour === "24" ? "00" : found.hour}:${found.minute}`;
  return { time, day: `${found.month}月${found.day}日`, date: `${found.year}-${found.month}-${found.day}`, weekday: found.weekday };
}

// Press for half a second, or click with the right button.
export function onLongPress(element, run) {
  let timer = null;
  let isDone = false;
  const stop = () => clearTimeout(timer);
  element.addEventListener("pointerdown", (event) => {
    isDone = false;
    if (event.button !== 0) return;
    timer = setTimeout(() => {
      isDone = true;
      run();
    }, 480);
  });
  ["pointerup", "pointerleave", "pointercancel"].forEach((name) => element.addEventListener(name, stop));
  element.addEventListener("dragstart", (event) => event.preventDefault());
  element.addEventListener("contextmenu", (event) => {
    event.preventDefault();
    stop();
    if (!isDone) run();
  });
  element.addEventListener("click", (event) => {
    if (!isDone) return;
    isDone = false;
    event.stopImmediatePropagation();
    event.preventDefault();
  }, true);
}
