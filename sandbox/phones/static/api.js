// The sandbox's control API, and the phones' own part of it.

export class Refused extends Error {
  constructor(status, answer) {
    super(answer.message || answer.err_msg || answer.error || `沙箱应答 ${status}`);
    this.status = status;
    this.code = answer.error;
    this.answer = answer;
  }
}

async function call(method, path, body) {
  const options = { method, headers: { Accept: "application/json" } };
  if (body instanceof Blob) {
    options.body = body;
    options.headers["Content-Type"] = body.type || "application/octet-stream";
  } else if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers["Content-Type"] = "application/json";
  }
  const response = await fetch(path, options);
  const answer = response.status === 204 ? {} : await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(response.status, answer);
  return answer;
}

export const control = {
  get: (path) => call("GET", `/sandbox/api${path}`),
  post: (path, body = {}) => call("POST", `/sandbox/api${path}`, body),
  patch: (path, body) => call("PATCH", `/sandbox/api${path}`, body),
  remove: (path) => call("DELETE", `/sandbox/api${path}`),
};

export const people = {
  updates: (query) => call("GET", `/sandbox/phones/updates?${new URLSearchParams(query)}`),
  say: (chat, entry) => call("POST", `/sandbox/phones/chats/${encodeURIComponent(chat)}`, entry),
  keep: (picture) => call("POST", "/sandbox/phones/pictures", picture),
  take: (phone, url) => call("POST", "/sandbox/phones/pictures/taken", { phone_id: phone, url }),
};

export async function bytesOf(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Refused(response.status, { message: "图片已经不在了" });
  return response.blob();
}
