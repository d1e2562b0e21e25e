// The payment sheet (微信支付) and the receipt of a merchant's transfer (确认收款).

import { control, Refused } from "./api.js";
import { accountLogo, h, icon, yuan } from "./dom.js";
import { ask, fullLayer, sheet } from "./sheets.js";

const amount = (fen) => h("div", { class: "amount" }, h("i", {}, "¥"), yuan(fen));

async function refuse(phone, name, error) {
  const known = error instanceof Refused ? error.message : "网络不给力，请稍后再试";
  await ask(phone, { title: "无法继续", text: known, no: null, yes: "我知道了" });
  return error instanceof Refused && error.answer.err_msg ? { err_msg: error.answer.err_msg } : { err_msg: `${name}:fail` };
}

function busy(button, text) {
  button.disabled = true;
  button.replaceChildren(h("span", { class: "spinner" }), text);
}

// Ends when the person leaves the result: the page goes on only then, as on a real phone.
function result(phone, { title, fen, party, note }) {
  return new Promise((resolve) => {
    const page = h("div", { class: "paid" },
      h("div", { class: "paid-mark" }, icon("check")),
      h("h2", {}, title), amount(fen),
      h("dl", {}, party.map(([label, value]) => h("div", {}, h("dt", {}, label), h("dd", {}, value)))),
      note ? h("p", {}, note) : null,
      h("button", {
        type: "button", class: "button-outline", "data-act": "finish", onclick: () => {
          remove();
          resolve();
        },
      }, "完成"));
    const remove = fullLayer(phone, page);
  });
}

export async function pay(phone, bridge) {
  const name = "getBrandWCPayRequest";
  const path = `/phones/${phone.id}/payments`;
  let order;
  try {
    order = await control.post(`${path}/preview`, bridge);
  } catch (error) {
    const { err_msg: code } = await refuse(phone, "get_brand_wcpay_request", error);
    return { err_msg: code.replace(name, "get_brand_wcpay_request") };
  }
  return new Promise((resolve) => {
    const cancel = async () => {
      remove();
      resolve(await control.post(`${path}/pay`, { ...bridge, outcome: "cancel" }).catch(() => ({ err_msg: "get_brand_wcpay_request:cancel" })));
    };
    const confirm = async () => {
      busy(button, "正在支付…");
      try {
        const answer = await control.post(`${path}/pay`, { ...bridge, outcome: "ok" });
        await new Promise((wake) => setTimeout(wake, 450));
        remove();
        if (answer.err_msg.endsWith(":ok")) {
          await result(phone, {
            title: "支付成功", fen: order.amount_fen,
            party: [["收款方", order.merchant_name], ["商品", order.description], ["支付方式", "零钱"]],
          });
        }
        resolve({ err_msg: answer.err_msg });
      } catch (error) {
        remove();
        resolve(await refuse(phone, "get_brand_wcpay_request", error));
      }
    };
    const button = h("button", { type: "button", class: "button-green", "data-act": "pay", onclick: confirm }, "立即支付");
    const remove = sheet(phone, h("div", { class: "pay", role: "dialog", "aria-label": "支付" },
      h("button", { type: "button", class: "pay-close", "aria-label": "取消支付", "data-act": "cancel", onclick: cancel }, icon("close")),
      h("div", { class: "pay-merchant" }, accountLogo(order.merchant_name), order.merchant_name),
      amount(order.amount_fen),
      h("dl", {},
        h("div", {}, h("dt", {}, "商品"), h("dd", {}, order.description)),
        h("div", {}, h("dt", {}, "付款方式"), h("dd", {}, h("span", { class: "purse" }), "零钱"))),
      button));
  });
}

export async function receive(phone, bridge) {
  const path = `/phones/${phone.id}/transfers`;
  let bill;
  try {
    bill = await control.post(`${path}/preview`, bridge);
  } catch (error) {
    return refuse(phone, "requestMerchantTransfer", error);
  }
  return new Promise((resolve) => {
    const confirm = async () => {
      busy(button, "正在收款…");
      try {
        const answer = await control.post(`${path}/confirm`, bridge);
        remove();
        if (answer.err_msg.endsWith(":ok")) {
          await result(phone, {
            title: "已收款", fen: bill.amount_fen,
            party: [["付款方", bill.merchant_name], ["转账说明", bill.remark]], note: "已存入零钱",
          });
        }
        resolve({ err_msg: answer.err_msg });
      } catch (error) {
        remove();
        resolve(await refuse(phone, "requestMerchantTransfer", error));
      }
    };
    const button = h("button", { type: "button", class: "button-green", "data-act": "receive", onclick: confirm }, "确认收款");
    const remove = fullLayer(phone, h("div", { class: "receive" },
      h("header", { class: "bar" },
        h("button", {
          type: "button", class: "bar-icon", "aria-label": "返回", "data-act": "cancel", onclick: () => {
            remove();
            resolve({ err_msg: "requestMerchantTransfer:cancel" });
          },
        }, icon("back")), h("h2", {}, "确认收款"), h("span", { class: "bar-icon" })),
      h("div", { class: "receive-body" },
        accountLogo(bill.merchant_name),
        h("p", {}, `${bill.merchant_name} 向你转账`), amount(bill.amount_fen),
        h("dl", {},
          h("div", {}, h("dt", {}, "转账说明"), h("dd", {}, bill.remark || "—")),
          h("div", {}, h("dt", {}, "转账单号"), h("dd", {}, bill.transfer_bill_no)),
          h("div", {}, h("dt", {}, "收款方式"), h("dd", {}, h("span", { class: "purse" }), "零钱")))),
      h("div", { class: "receive-foot" }, button, h("p", {}, "24 小时内未确认，款项将退回付款方"))));
  });
}
