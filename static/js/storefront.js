// H5 pages: toasts, sheets, forms that are sent once, quantities, divisions, copying.
// Everything is found by data attributes; a page needs no script of its own for these.
(() => {
  "use strict";

  const sprite = document.querySelector("use")?.getAttribute("href")?.split("#")[0] ?? "";

  function leave(toast) {
    setTimeout(() => toast.classList.add("is-leaving"), 2600);
    setTimeout(() => toast.remove(), 3000);
  }

  // window.toast("已复制") and window.toast("没有网络", "error") are for pages' own scripts.
  window.toast = (message, kind = "done") => {
    const toast = document.createElement("div");
    toast.className = `toast is-${kind}`;
    const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    drawing.setAttribute("class", "icon");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    use.setAttribute("href", `${sprite}#${kind === "error" ? "alert-circle" : "circle-check"}`);
    drawing.append(use);
    const words = document.createElement("span");
    words.textContent = message;
    toast.append(drawing, words);
    document.querySelector("[data-toasts]").append(toast);
    leave(toast);
  };
  document.querySelectorAll("[data-toast]").forEach(leave);

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // WeChat's browser on older phones has no clipboard: copy through a hidden field.
      const field = document.createElement("textarea");
      field.value = text;
      field.setAttribute("readonly", "");
      field.className = "copy-source";
      document.body.append(field);
      field.select();
      const isCopied = document.execCommand("copy");
      field.remove();
      if (!isCopied) return window.toast("没能复制，请长按文字", "error");
    }
    window.toast("已复制");
  }

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open]");
    if (opener) document.getElementById(opener.dataset.open)?.showModal();
    const closer = event.target.closest("[data-close]");
    if (closer) closer.closest("dialog")?.close();
    if (event.target.matches("dialog.sheet")) event.target.close();
    const source = event.target.closest("[data-copy]");
    if (source) copy(source.dataset.copy);
    const stepper = event.target.closest("[data-step]");
    if (stepper) change(stepper.closest("[data-quantity]"), Number(stepper.dataset.step));
  });

  function change(quantity, step) {
    const field = quantity.querySelector("input");
    const least = Number(field.dataset.minimum);
    const most = Number(field.dataset.maximum);
    // An input method may type digits of double width.
    const typed = field.value.normalize("NFKC").trim();
    const wanted = (Number.parseInt(typed, 10) || least) + step;
    field.value = String(Math.min(most, Math.max(least, wanted)));
    if (wanted > most) window.toast(`最多 ${most} 件`, "error");
    else if (!/^[0-9]*$/.test(typed)) window.toast("件数要填整数", "error");
    quantity.querySelector('[data-step="-1"]').disabled = Number(field.value) <= least;
    quantity.querySelector('[data-step="1"]').disabled = Number(field.value) >= most;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
  document.querySelectorAll("[data-quantity]").forEach((quantity) => change(quantity, 0));

  // A browser may refuse to keep anything, in a frame of another site for one: pages work without.
  const memory = (() => {
    try {
      return window.sessionStorage;
    } catch {
      return null;
    }
  })();

  // window.forget("note") lets go of what a field with data-keep="note" held.
  window.forget = (name) => memory?.removeItem(`keep-${name}`);

  // What she typed beside an order survives choosing another address, and a refusal.
  document.querySelectorAll("[data-keep]").forEach((field) => {
    const key = `keep-${field.dataset.keep}`;
    field.value ||= memory?.getItem(key) ?? "";
    field.addEventListener("input", () => memory?.setItem(key, field.value));
  });

  // A refused form stands at what is wrong, however long it is.
  document.querySelector('[aria-invalid="true"]')?.focus();

  // Another page came back from the browser's memory: let its buttons work again.
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-once]").forEach((form) => {
      delete form.dataset.sent;
      form.querySelectorAll(".is-sending").forEach((button) => button.classList.remove("is-sending"));
    });
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-once]")) return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    (event.submitter ?? form.querySelector("[type=submit]"))?.classList.add("is-sending");
  });

  document.addEventListener("change", (event) => {
    const typed = event.isTrusted && event.target.closest("[data-quantity]");
    if (typed) change(typed, 0);
    const upload = event.target.closest("[data-upload]");
    if (!upload) return;
    upload.querySelector("[data-upload-name]").textContent = event.target.files[0]?.name ?? "选择图片";
  });
})();
