// 扫一扫: the "camera" sees the pictures that other phones show; a file works as well.

import { bytesOf } from "./api.js";
import { h, icon } from "./dom.js";
import { toast } from "./sheets.js";

export class Scanner {
  constructor(phone) {
    this.phone = phone;
    this.file = h("input", {
      type: "file", accept: "image/*", hidden: true, onchange: (event) => {
        const [file] = event.target.files;
        if (file) this.read(file);
      },
    });
    this.seen = h("div", { class: "seen" });
    this.element = h("section", { class: "screen scanner" },
      h("header", { class: "bar" },
        h("button", { type: "button", class: "bar-icon", "aria-label": "返回", onclick: () => phone.back() }, icon("close")),
        h("h2", {}, "扫一扫"), h("span", { class: "bar-icon" })),
      h("div", { class: "lens" }, h("span", { class: "lens-line" })),
      h("p", { class: "lens-text" }, "把镜头对准下面任意一张图"),
      this.seen,
      h("button", { type: "button", class: "album", onclick: () => this.file.click() }, icon("picture"), "从相册选择"),
      this.file);
    this.look();
  }

  look() {
    const groups = [...this.phone.world.phones.values()]
      .sort((a, b) => (a === this.phone) - (b === this.phone))
      .map((phone) => ({ phone, pictures: phone.visiblePictures() }))
      .filter(({ pictures }) => pictures.length);
    this.seen.replaceChildren(...groups.map(({ phone, pictures }) => h("div", { class: "seen-group" },
      h("h4", {}, phone === this.phone ? "自己的相册" : `${phone.name}的手机上`),
      h("div", { class: "seen-row" }, pictures.map((picture) => h("button", {
        type: "button", "aria-label": `扫${phone.name}手机上的图`, onclick: async () => {
          try {
            await this.read(await bytesOf(await picture.url()));
          } catch (error) {
            toast(this.phone, error.message);
          }
        },
      }, h("img", { src: picture.thumb, alt: "", draggable: false })))))));
    if (!groups.length) this.seen.append(h("p", { class: "empty" }, "别的手机上还没有图片。让分销商点“我的推广码”，或从相册选一张"));
  }

  // A code that means nothing leaves the camera open, as WeChat does.
  async read(blob) {
    const { phone } = this;
    this.element.classList.add("is-reading");
    try {
      await new Promise((wake) => setTimeout(wake, 350));
      const answer = await phone.recognise(blob);
      const at = phone.stack.indexOf(this);
      if (answer.outcome !== "nothing" && at > 0) {
        phone.stack.splice(at, 1);
        this.element.remove();
        phone.update();
      }
    } catch (error) {
      toast(phone, error.message);
    } finally {
      this.element.classList.remove("is-reading");
    }
  }

  update() {}
}
