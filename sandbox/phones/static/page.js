// The table with phones on it: who is there, what is new, how large they fit.

import { control, people } from "./api.js";
import { h, icon, moment, portrait } from "./dom.js";
import { Drawer } from "./drawer.js";
import { Phone } from "./phone.js";

const TICK_MS = 700;
const USUAL = [
  { phone_id: "lin", nickname: "林林", role: "分销商" },
  { phone_id: "wang", nickname: "芳芳", role: "顾客" },
  { phone_id: "chen", nickname: "阿静", role: "顾客" },
];
const NAMES = ["赵敏", "周雨桐", "苏婉", "何佳怡", "郑晓燕", "许诺", "唐糖", "沈月"];

const boot = JSON.parse(document.getElementById("boot").textContent);
const row = document.getElementById("phones");
const tabs = document.getElementById("tabs");
const offline = document.getElementById("offline");

// All loopback names are this machine, as for the sandbox's proxy.
function placeOf(address) {
  const { protocol, hostname, port } = new URL(address);
  return `${protocol}//${["127.0.0.1", "[::1]"].includes(hostname) ? "localhost" : hostname}:${port}`;
}

const world = {
  account: boot.account,
  applicationUrl: boot.application_url,
  phones: new Map(),
  entries: new Map(),
  menu: null,
  offset: 0,
  lastEntry: 0,

  now: () => new Date(Date.now() + world.offset).toISOString(),
  nameOf: (id) => world.phones.get(id)?.name || boot.names[id] || id,
  entriesOf: (phone) => phone.chats().flatMap((chat) => world.entries.get(chat.id) || []),

  isApplication: (url) => placeOf(url) === placeOf(world.applicationUrl),
  // What a phone's browser can open: the application, and WeChat's own login page.
  isWithinReach: (url) => world.isApplication(url)
    || (placeOf(url) === placeOf(location.href) && new URL(url).pathname.startsWith("/connect/oauth2/")),

  readMarks: (id) => JSON.parse(localStorage.getItem(`read ${boot.world} ${id}`) || "{}"),
  keepReadMarks: (id, marks) => localStorage.setItem(`read ${boot.world} ${id}`, JSON.stringify(marks)),
  hurry: () => tick(),
};

function onTable() {
  const asked = new URLSearchParams(location.search).get("phones");
  const kept = JSON.parse(localStorage.getItem(`table ${boot.world}`) || "[]");
  const extra = kept.filter((item) => !USUAL.some((usual) => usual.phone_id === item.phone_id));
  if (asked === null) return [...USUAL, ...extra];
  return asked.split(",").filter(Boolean).map((id) =>
    [...USUAL, ...extra].find((item) => item.phone_id === id) || { phone_id: id, nickname: id, role: "微信用户" });
}

async function place({ phone_id: id, nickname, role }) {
  const facts = await control.post("/phones", { phone_id: id, nickname });
  if (world.phones.has(facts.phone_id)) return world.phones.get(facts.phone_id);
  const phone = new Phone(world, facts, role);
  world.phones.set(facts.phone_id, phone);
  row.insertBefore(phone.element, row.querySelector(".desk"));
  const tab = h("button", { type: "button", "data-tab": phone.id, onclick: () => choose(phone.id) }, portrait(phone.name), h("span", {}, phone.name));
  tabs.append(tab);
  return phone;
}

function choose(id) {
  for (const [other, phone] of world.phones) phone.element.classList.toggle("is-current", other === id);
  tabs.querySelectorAll("[data-tab]").forEach((tab) => tab.classList.toggle("is-current", tab.dataset.tab === id));
}

async function addPhone() {
  const used = new Set([...world.phones.values()].map((phone) => phone.name));
  const nickname = NAMES.find((name) => !used.has(name)) || `用户${world.phones.size + 1}`;
  const item = { phone_id: `p${Date.now().toString(36)}`, nickname, role: "微信用户" };
  const phone = await place(item);
  localStorage.setItem(`table ${boot.world}`, JSON.stringify([...onTable().filter((i) => !USUAL.includes(i)), item]));
  choose(phone.id);
  fit();
  phone.element.scrollIntoView({ behavior: "smooth", inline: "center" });
  await tick();
}

// What is new on every phone, in one request; a tick that is asked for while one runs follows it.
let running = null;
let isAgain = false;
function tick() {
  if (running) {
    isAgain = true;
    return running;
  }
  running = refresh().catch(() => {
    offline.hidden = false;
  }).finally(() => {
    running = null;
    if (isAgain) {
      isAgain = false;
      tick();
    }
  });
  return running;
}

async function refresh() {
  const phones = [...world.phones.values()];
  const after = phones.map((phone) => `${phone.id}:${phone.messages.at(-1)?.message_id || 0}:${phone.lastOpen || 0}`);
  const news = await people.updates({ after: after.join(","), entry: world.lastEntry });
  if (news.world !== boot.world) {
    location.reload();
    return;
  }
  offline.hidden = true;
  world.offset = new Date(news.now) - Date.now();
  world.menu = news.menu;
  drawer.setClock(news);
  for (const entry of news.entries) {
    if (entry.entry_id <= world.lastEntry) continue;
    world.lastEntry = entry.entry_id;
    world.entries.set(entry.chat_id, [...(world.entries.get(entry.chat_id) || []), entry]);
  }
  for (const phone of phones) {
    const mine = news.phones[phone.id];
    if (!mine) continue;
    phone.facts = mine.phone;
    const last = phone.messages.at(-1)?.message_id || 0;
    phone.messages.push(...mine.messages.filter((message) => message.message_id > last));
    const isFirst = phone.lastOpen === undefined;
    phone.lastOpen = mine.last_open_id;
    phone.update();
    if (!isFirst) mine.opens.forEach((open) => phone.open(open.url));
    const tab = tabs.querySelector(`[data-tab="${phone.id}"]`);
    tab.classList.toggle("has-news", phone.unreadTotal() > 0);
  }
}

// `?scale=1` keeps the phones at their own size and still, whatever the window's: a robot's
// clicks in a scaled or sliding frame of another host miss.
const fixedScale = new URLSearchParams(location.search).get("scale");

function fit() {
  const isNarrow = window.innerWidth <= 640;
  const room = window.innerHeight - row.getBoundingClientRect().top - 76;
  const byHeight = Math.max(0.62, Math.min(1, room / 764));
  document.documentElement.style.setProperty("--scale", fixedScale || (isNarrow ? "1" : byHeight.toFixed(4)));
}

const drawer = new Drawer(document.getElementById("drawer"), world);

async function start() {
  document.getElementById("clock").prepend(icon("clock"));
  document.getElementById("open-drawer").prepend(icon("sliders"));
  document.getElementById("open-drawer").addEventListener("click", () => drawer.toggle());
  document.getElementById("clock").addEventListener("click", () => drawer.open("clock"));
  document.getElementById("add-phone").prepend(icon("plus"));
  document.getElementById("add-phone").addEventListener("click", () => addPhone());
  row.querySelector(".desk-mark").append(icon("desk"));
  document.documentElement.classList.toggle("is-still", fixedScale !== null);
  fit();
  window.addEventListener("resize", fit);
  for (const item of onTable()) await place(item);
  row.querySelector(".waiting")?.remove();
  const [first] = world.phones.keys();
  if (first) choose(first);
  await tick();
  for (const phone of world.phones.values()) {
    if (phone.isFollowing || phone.messages.length) phone.openChat("account");
  }
  document.body.dataset.state = "ready";
  setInterval(tick, TICK_MS);
  setInterval(() => {
    const { day, weekday, time } = moment(world.now());
    document.getElementById("clock-text").replaceChildren(h("span", { class: "clock-day" }, `${day} ${weekday} `), time);
  }, 1000);
}

start().catch((error) => {
  offline.hidden = false;
  offline.textContent = `沙箱没有应答：${error.message}`;
});
