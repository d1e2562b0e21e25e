// The console: side bar on phones, questions before a form is sent, forms sent once, filters.
(() => {
  "use strict";

  const ask = document.getElementById("ask");

  function question(form) {
    ask.querySelector("[data-ask-question]").textContent = form.dataset.confirm;
    ask.querySelector("[data-ask-text]").textContent = form.dataset.confirmText ?? "";
    const yes = ask.querySelector("[data-ask-yes]");
    yes.textContent = form.dataset.confirmWord ?? "确认";
    yes.className = `btn btn-${form.dataset.confirmTone ?? "primary"}`;
    ask.returnValue = "no";
    ask.showModal();
    return new Promise((resolve) => {
      ask.addEventListener("close", () => resolve(ask.returnValue === "yes"), { once: true });
    });
  }

  async function copy(button) {
    const words = button.querySelector("span");
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      words.textContent = "已复制";
    } catch {
      // Without HTTPS a browser has no clipboard.
      window.prompt("请手动复制", button.dataset.copy);
    }
  }

  // A browser may refuse to keep anything, in a frame of another site for one: pages work without.
  const memory = (() => {
    try {
      return window.sessionStorage;
    } catch {
      return null;
    }
  })();

  // What was written is still there after a login that ran out: kept in this tab until it is saved.
  const KEPT = "textarea[name], input[type=text][name]";

  function told(key) {
    const note = document.createElement("div");
    note.className = "flash";
    note.append("已恢复上次没有保存的内容。");
    const drop = document.createElement("button");
    drop.type = "button";
    drop.className = "flash-word";
    drop.textContent = "放弃";
    drop.addEventListener("click", () => {
      memory?.removeItem(key);
      location.reload();
    });
    note.append(drop);
    document.querySelector(".flashes").append(note);
  }

  function keep(form) {
    const key = `draft-${form.dataset.draft}`;
    const fields = [...form.querySelectorAll(KEPT)];
    const kept = JSON.parse(memory?.getItem(key) ?? "{}");
    const lost = fields.filter((field) => field.name in kept && field.value !== kept[field.name]);
    for (const field of lost) field.value = kept[field.name];
    if (lost.length) told(key);
    form.addEventListener("input", () => {
      memory?.setItem(key, JSON.stringify(Object.fromEntries(fields.map((field) => [field.name, field.value]))));
    });
  }
  if (document.querySelector(".flash.is-done")) memory?.clear();
  document.querySelectorAll("form[data-draft]").forEach(keep);

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.matches("[data-confirm]") && !form.dataset.confirmed) {
      event.preventDefault();
      const { submitter } = event;
      if (await question(form)) {
        form.dataset.confirmed = "yes";
        form.requestSubmit(submitter);
      }
      return;
    }
    if (!form.matches("[data-once]")) return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    (event.submitter ?? form.querySelector("[type=submit]"))?.classList.add("is-sending");
  });
  document.querySelector(".side-link.is-active")?.scrollIntoView({ block: "nearest" });
  document.querySelector('[aria-invalid="true"]')?.focus();
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-once]").forEach((form) => {
      delete form.dataset.sent;
      delete form.dataset.confirmed;
      form.querySelectorAll(".is-sending").forEach((button) => button.classList.remove("is-sending"));
    });
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-toggle-side]")) {
      const isOpen = document.body.classList.toggle("is-side-open");
      document.querySelector(".topbar-menu")?.setAttribute("aria-expanded", String(isOpen));
    }
    event.target.closest("[data-dismiss]")?.closest("[data-flash]")?.remove();
    const source = event.target.closest("[data-copy]");
    if (source) copy(source);
    const row = event.target.closest("tr[data-href]");
    if (row && !event.target.closest("a, button, input, select, label")) location.href = row.dataset.href;
  });

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit-on-change]")) event.target.form.requestSubmit();
    const upload = event.target.closest("[data-upload]");
    if (upload) upload.querySelector("[data-upload-name]").textContent = event.target.files[0]?.name ?? "选择图片";
  });
})();
