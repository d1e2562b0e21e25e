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
