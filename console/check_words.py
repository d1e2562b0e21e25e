"""The invariants in the words of the console: what each one promises."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from rules.money import yuan

CHAPTERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "1": "账本",
        "2": "佣金",
        "3": "订单金额",
        "4": "库存",
        "5": "绑客与归因",
        "6": "收款",
        "7": "订单状态",
        "8": "提现",
        "9": "防重复",
        "10": "操作留痕",
        "11": "价格",
        "12": "对账",
    }
)
NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "1.transaction_balances": "借贷相等",
        "1.balance_is_the_sum": "余额有据",
        "1.no_balance_on_the_wrong_side": "余额不透支",
        "1.all_accounts_sum_to_zero": "总账平衡",
        "1.accounts_complete": "账户齐全",
        "1.statements_are_the_ledger_s": "结算单与账本一致",
        "1.statement_months_follow_on": "结算月份连续",
        "1.brand_statements_are_the_ledger_s": "品牌月报与账本一致",
        "2.posted_is_the_target": "佣金分毫不差",
        "2.postings_sum_to_posted": "佣金变动有据",
        "2.rates_within_the_cap": "佣金不超上限",
        "2.beneficiary_is_the_order_s": "佣金归对人",
        "2.beneficiary_is_not_the_buyer": "自购不返佣",
        "2.judged_once_at_payment": "资格一次判定",
        "2.stage_follows_the_order": "佣金阶段相符",
        "2.release_is_scheduled": "解冻时间已排定",
        "2.held_lines_have_one_open_hold": "冻结不重复",
        "2.accounts_hold_the_stages": "账户与阶段相符",
        "2.released_is_available_paid_or_owed": "结算佣金有去处",
        "3.lines_sum_to_goods": "订单金额相加无误",
        "3.refunded_within_paid": "退款不超实付",
        "3.refunded_units_are_the_refunds": "退货件数相符",
        "3.live_refunds_within_payment": "退款不超收款",
        "3.accepted_is_refunded": "通过的售后必有退款",
        "3.refunded_order_is_all_refunded": "全退才算已退款",
        "3.lines_refunded_are_the_live_refunds": "商品退款相符",
        "3.refunded_is_the_live_refunds": "订单退款相符",
        "3.refunds_fit_the_platform": "退款次数不超限",
        "3.requests_within_what_is_left": "售后不超可退",
        "3.price_drop_claimed_once": "价保只做一次",
        "3.price_drop_refunds_are_claims": "价保退款相符",
        "4.reserved_is_what_is_held": "预留库存相符",
        "4.moves_sum_to_on_hand": "出入库相符",
        "4.reservation_follows_the_order": "占用与订单相符",
        "5.bindings_never_overlap": "一客一主",
        "5.inviters_form_no_circle": "邀请不成环",
        "5.attribution_is_the_trail_s": "归因前后一致",
        "5.price_drops_are_proven": "价保有据",
        "6.payment_matches_the_order": "收款与订单相符",
        "6.paid_by_one_payment": "一单一收款",
        "6.other_payments_are_refunded": "多收必退",
        "7.events_form_a_chain": "订单步步相接",
        "7.events_end_at_the_status": "订单状态有据",
        "7.after_sales_events_form_a_chain": "售后步步相接",
        "7.after_sales_events_end_at_the_status": "售后状态有据",
        "8.paying_out_is_the_open_payouts": "提现中的钱相符",
        "8.postings_follow_the_status": "提现记账相符",
        "8.amounts_posted_in_full": "提现足额记账",
        "8.approved_by_somebody": "打款必经审批",
        "8.goes_to_her_own_account": "打给本人",
        "8.tax_and_net_posted": "税款如数记账",
        "8.tax_of_the_month_is_the_rule_s": "个税计算无误",
        "9.effects_happen_once": "不重复入账",
        "10.payout_decisions_are_audited": "提现审批有记录",
        "10.after_sales_decisions_are_audited": "售后处理有记录",
        "10.audit_chain_verifies": "操作日志未被改动",
        "10.append_only_is_enforced": "只增不改",
        "11.supply_price_within_the_floor": "供货价不破底价",
        "11.price_not_below_the_floor": "成交不破底价",
        "12.closed_cases_have_reason_and_closer": "差异关闭有因",
        "12.closings_are_audited": "关闭差异有记录",
        "12.refunds_leave_once": "没有退两次",
        "12.what_was_seen_was_compared": "账单逐笔核对",
    }
)
"""What each invariant is called."""
MEANINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "1.transaction_balances": "每笔记账至少两条分录、合计为零，并且已经封存",
        "1.balance_is_the_sum": "每个账户的余额等于它全部分录之和",
        "1.no_balance_on_the_wrong_side": "分销商的账户没有负数，待抵扣没有正数",
        "1.all_accounts_sum_to_zero": "全部分录相加等于零",
        "1.accounts_complete": "每位分销商都有完整的六个账户",
        "1.statements_are_the_ledger_s": "每份结算单都与账本一致，没有缺漏",
        "1.statement_months_follow_on": "结算单的月份首尾相接",
        "1.brand_statements_are_the_ledger_s": "品牌月报等于各分销商结算单之和，并与账本一致",
        "2.posted_is_the_target": "每个商品行每一级的佣金，分毫不差地等于规则算出的金额",
        "2.postings_sum_to_posted": "每笔佣金的变动记录相加等于现值，并能解释每次变动",
        "2.rates_within_the_cap": "佣金比例之和不超过政策上限和商品毛利",
        "2.beneficiary_is_the_order_s": "一级归推广人、二级归邀请人，没有别人",
        "2.beneficiary_is_not_the_buyer": "没有人从自己的订单拿佣金，除非政策允许",
        "2.judged_once_at_payment": "佣金资格只在付款时判定一次",
        "2.stage_follows_the_order": "佣金所处的阶段与订单状态相符",
        "2.release_is_scheduled": "已完成订单的佣金都排好了解冻时间",
        "2.held_lines_have_one_open_hold": "每笔冻结的佣金只对应一个未了结的冻结",
        "2.accounts_hold_the_stages": "预估、待结算、冻结账户正好等于各阶段的佣金",
        "2.released_is_available_paid_or_owed": "已结算的佣金都在可提现、提现中、已付或抵扣里",
        "3.lines_sum_to_goods": "商品行之和等于货款，货款加运费等于应付",
        "3.refunded_within_paid": "退款不超过实付，也不为负",
        "3.refunded_units_are_the_refunds": "退货件数等于有效退款里的件数",
        "3.live_refunds_within_payment": "一笔收款的退款之和不超过这笔收款",
        "3.accepted_is_refunded": "每个通过的售后都有一笔金额相同的有效退款",
        "3.refunded_order_is_all_refunded": "货款全部退回并到账的订单才算已退款",
        "3.lines_refunded_are_the_live_refunds": "商品行的退款等于有效退款里属于它的部分",
        "3.refunded_is_the_live_refunds": "订单的退款等于付款的有效退款之和",
        "3.refunds_fit_the_platform": "一笔收款的退款次数不超过微信的上限",
        "3.requests_within_what_is_left": "待处理的售后不超过商品行还能退的数量和金额",
        "3.price_drop_claimed_once": "每个商品行只做一次价保",
        "3.price_drop_refunds_are_claims": "价保退款等于通过的价保金额",
        "4.reserved_is_what_is_held": "预留库存等于订单占用，不超过实物库存",
        "4.moves_sum_to_on_hand": "出入库记录相加等于实物库存",
        "4.reservation_follows_the_order": "每个商品行的占用与订单状态相符",
        "5.bindings_never_overlap": "一位客户同一时间只绑定一位分销商",
        "5.inviters_form_no_circle": "邀请关系没有形成循环",
        "5.attribution_is_the_trail_s": "订单的推广人就是归因记录里的胜出者",
        "5.price_drops_are_proven": "通过的价保都有历史价格为证",
        "6.payment_matches_the_order": "收款的金额和付款人与订单一致",
        "6.paid_by_one_payment": "每个已付款订单正好有一笔入账的收款",
        "6.other_payments_are_refunded": "多付、迟付的款项都已全额退回",
        "7.events_form_a_chain": "订单的每一步都是允许的，并与上一步相接",
        "7.events_end_at_the_status": "订单的状态就是最后一步的结果",
        "7.after_sales_events_form_a_chain": "售后的每一步都是允许的，并与上一步相接",
        "7.after_sales_events_end_at_the_status": "售后的状态就是最后一步的结果",
        "8.paying_out_is_the_open_payouts": "提现中的余额等于未完成的提现，每人最多一笔",
        "8.postings_follow_the_status": "提现的记账与它的状态相符",
        "8.amounts_posted_in_full": "提现按申请的金额足额记账",
        "8.approved_by_somebody": "付出去的提现都有人审批",
        "8.goes_to_her_own_account": "提现都打到本人的账户",
        "8.tax_and_net_posted": "税款和实付都如数记账",
        "8.tax_of_the_month_is_the_rule_s": "每人每月代扣的个税等于税率表算出的金额",
        "9.effects_happen_once": "数据库强制所有防重复的唯一键",
        "10.payout_decisions_are_audited": "每次提现审批都有本人的操作日志",
        "10.after_sales_decisions_are_audited": "每次售后处理都有本人的操作日志",
        "10.audit_chain_verifies": "操作日志没有被改动、删除或插入",
        "10.append_only_is_enforced": "账本和日志只增不改的保护还在",
        "11.supply_price_within_the_floor": "供货价不高于底价",
        "11.price_not_below_the_floor": "没有低于底价成交，除非有人留痕放行",
        "12.closed_cases_have_reason_and_closer": "关闭的对账差异都有原因和经手人",
        "12.closings_are_audited": "员工关闭对账差异都有操作日志",
        "12.refunds_leave_once": "没有退款付了两次，除非员工查清并写明原因",
        "12.what_was_seen_was_compared": "账单里的每笔款项都核对过",
    }
)
"""What each invariant proves, in a sentence."""
PARTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "order_id": "订单",
        "order_line_id": "商品行",
        "distributor_id": "分销商",
        "wechat_user_id": "客户",
        "payout_id": "提现",
        "payment_id": "收款",
        "refund_id": "退款",
        "request_id": "售后",
        "sku_id": "规格",
        "product_id": "商品",
        "account_id": "账户",
        "transaction_id": "记账",
        "line_commission_id": "佣金行",
        "hold_id": "冻结",
        "case_id": "差异",
        "month": "月份",
        "status": "状态",
        "stage": "阶段",
        "kind": "类别",
        "level": "级别",
        "amount_fen": "金额",
        "balance_fen": "余额",
        "posted_fen": "已记",
        "sum_fen": "合计",
        "shares_fen": "佣金合计",
        "refunds_fen": "退款合计",
        "refunded_fen": "已退",
        "payable_fen": "应付",
        "rule_fen": "按规则应为",
    }
)
"""The columns by which an offender is named; others, for whoever mends it, keep their own name."""
PAGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "order_id": "/console/orders/",
        "distributor_id": "/console/distributors/",
        "payout_id": "/console/payouts/",
        "sku_id": "/console/products/",
        "request_id": "/console/aftersales/",
        "hold_id": "/console/holds/",
        "case_id": "/console/reconciliation/cases/",
        "month": "/console/statements/",
    }
)


def chapter_of(code: str) -> str:
    """Return what an invariant's code is about."""
    return CHAPTERS.get(code.partition(".")[0], "其他")


def name_of(code: str) -> str:
    """Return what an invariant is called; its code for one that this version doesn't know."""
    return NAMES.get(code, code)


def meaning_of(code: str) -> str:
    """Return what an invariant proves; nothing for one that this version doesn't know."""
    return MEANINGS.get(code, "")


def parts_of(subject: str) -> tuple[tuple[str, str, str], ...]:
    """Split an offender, `order_id=7 status=paid`, into (word, value, the value's page or '')."""
    parts: list[tuple[str, str, str]] = []
    for word in subject.split(" "):
        name, _, value = word.partition("=")
        is_ours = value.isdigit() or name == "month"
        page = PAGES.get(name, "") if is_ours else ""
        is_amount = name.endswith("_fen") and value.removeprefix("-").isdigit()
        shown = f"¥{yuan(int(value))}" if is_amount else value
        parts.append((PARTS.get(name, name), shown, f"{page}{value}" if page else ""))
    return tuple(parts)
