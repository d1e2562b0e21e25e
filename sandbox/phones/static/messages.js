// How a message looks in a chat.

import { accountLogo, h, moment, onLongPress, portrait } from "./dom.js";

const LINK = /<a\s[^>]*?href\s*=\s*["']([^"']*)["'][^>]*>([\s\S]*?)<\/a>|(https?:\/\/[^\s<>"'，。；！？）】]+)/gi;
const SEPARATOR_SECONDS = 300;

// WeChat knows one tag in a text, the link; everything else is shown as it was written.
export function richText(text, open) {
  const pieces = [];
  let end = 0;
  for (const found of text.matchAll(LINK)) {
    pieces.push(text.slice(end, found.index));
    const url = found[1] ?? found[3];
    pieces.push(h("a", {
      href: url, onclick: (event) => {
        event.preventDefault();
        open(url);
      },
    }, found[2] ?? found[3]));
    end = found.index + found[0].length;
  }
  pieces.push(text.slice(end));
  return pieces;
}

function picture(url, phone, alt = "图片") {
  const image = h("img", { class: "picture", src: url, alt, draggable: false, loading: "eager" });
  image.addEventListener("click", () => phone.viewPicture(url));
  image.addEventListener("error", () => image.replaceWith(h("span", { class: "picture-gone" }, "图片已过期或已被清理")), { once: true });
  onLongPress(image, () => phone.pictureActions(url));
  return image;
}

function card(entry, phone) {
  const { title, description, url, picture_url: image } = entry;
  const element = h("a", { class: "link-card", href: url },
    h("span", { class: "link-card-title" }, title || url),
    h("span", { class: "link-card-body" },
      h("span", { class: "link-card-text" }, description || ""),
      image ? h("img", { src: phone.pictureOf(image), alt: "", draggable: false }) : h("span", { class: "link-card-blank" })),
    h("span", { class: "link-card-foot" }, "网页"));
  element.addEventListener("click", (event) => {
    event.preventDefault();
    phone.open(url);
  });
  onLongPress(element, () => phone.cardActions(entry));
  return element;
}

function article(item, phone, isLead) {
  const element = h("a", { class: isLead ? "article article-lead" : "article", href: item.url },
    isLead && item.picture_url ? h("span", { class: "article-cover" }, h("img", { src: phone.pictureOf(item.picture_url), alt: "", draggable: false })) : null,
    h("span", { class: "article-title" }, item.title),
    isLead && item.description ? h("span", { class: "article-text" }, item.description) : null,
    !isLead && item.picture_url ? h("img", { class: "article-thumb", src: phone.pictureOf(item.picture_url), alt: "", draggable: false }) : null);
  element.addEventListener("click", (event) => {
    event.preventDefault();
    phone.open(item.url);
  });
  onLongPress(element, () => phone.cardActions(item));
  return element;
}

function template(message, phone) {
  const item = message.articles?.[0] || {};
  const lines = (message.text || "").split("\n");
  const body = h("div", { class: "template" },
    h("div", { class: "template-title" }, item.title || lines.shift() || "服务通知"),
    h("dl", {}, lines.filter(Boolean).map((line) => {
      const [label, ...rest] = line.split(/[:：]/);
      return h("div", {}, h("dt", {}, rest.length ? label : ""), h("dd", {}, rest.length ? rest.join("：") : label));
    })));
  if (item.url) {
    body.append(h("div", { class: "template-more" }, "查看详情"));
    body.addEventListener("click", () => phone.open(item.url));
  }
  return body;
}

function body(message, phone) {
  if (message.kind === "image") return picture(message.media_url, phone);
  if (message.kind === "card") return card(message, phone);
  if (message.kind === "news") {
    return h("div", { class: message.articles.length > 1 ? "news news-many" : "news" },
      message.articles.map((item, index) => article(item, phone, index === 0)));
  }
  if (message.kind === "template") return template(message, phone);
  const kinds = { voice: "[语音]", video: "[视频]", music: "[音乐]" };
  const bubble = h("div", { class: "bubble" }, richText(message.text || kinds[message.kind] || "", (url) => phone.open(url)));
  onLongPress(bubble, () => phone.textActions(message.text));
  return bubble;
}

export function summary(message) {
  const names = { image: "[图片]", voice: "[语音]", video: "[视频]", music: "[音乐]" };
  if (names[message.kind]) return names[message.kind];
  if (message.kind === "news") return message.articles[0]?.title || "[图文]";
  if (message.kind === "card") return `[链接] ${message.title || message.url}`;
  return (message.text || "").replace(/<[^>]+>/g, "").replace(/\s+/g, " ");
}

// `previous` decides whether the time is shown again, as after five quiet minutes.
export function messageNodes(message, previous, phone, { isMine, senderName, isAccount, isGroup }) {
  const nodes = [];
  const gap = previous ? (new Date(message.created_at) - new Date(previous.created_at)) / 1000 : Infinity;
  if (gap > SEPARATOR_SECONDS) {
    const { time, day, date } = moment(message.created_at);
    nodes.push(h("div", { class: "time-line" }, date === moment(phone.now()).date ? time : `${day} ${time}`));
  }
  if (message.sender === "system") {
    nodes.push(h("div", { class: "system-line" }, message.text));
    return nodes;
  }
  const isWide = isAccount && !isMine && (message.kind === "news" || message.kind === "template");
  const content = body(message, phone);
  if (isWide) {
    nodes.push(h("div", { class: "message message-wide", "data-message": message.message_id }, content));
    return nodes;
  }
  nodes.push(h("div", { class: isMine ? "message is-mine" : "message", "data-message": message.message_id },
    isAccount && !isMine ? accountLogo(senderName) : portrait(senderName),
    h("div", { class: "message-body" }, isGroup && !isMine ? h("div", { class: "message-name" }, senderName) : null, content)));
  return nodes;
}
