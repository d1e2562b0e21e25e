"""The audit trail (操作日志): who changed what, when and from where, and that nobody altered it."""

from types import MappingProxyType
from typing import Final

from flask import render_template, request
from flask.typing import ResponseReturnValue

from console import blueprint
from console.audit_things import SUBJECTS, shown_subject, shown_value, things_of
from console.filtering import PAGE_SIZE, asked_choice, asked_day, asked_id, asked_text, start_of
from console.guard import requires
from queries.audit_names import names_of
from queries.audit_trail import AuditFilter, audit_rows, chain_state
from queries.staff import staff_members
from rules.policy_terms import TERMS
from rules.staff import Permission
from web.collaborators import collaborators
from web.paging import Page, requested_page
from workflows.clock import real_now

ACTIONS: Final = MappingProxyType(
    {
        "log_in": "登录",
        "log_out_everywhere": "退出所有设备",
        "add_staff": "添加员工",
        "deactivate_staff": "停用员工",
        "change_role": "修改角色",
        "reset_password": "重置密码",
        "reactivate_staff": "恢复员工",
        "change_password": "修改密码",
        "approve_application": "通过申请",
        "reject_application": "驳回申请",
        "suspend_distributor": "暂停授权",
        "change_grade": "调整等级",
        "reinstate_distributor": "恢复授权",
        "terminate_distributor": "终止授权",
        "ship_order": "发货",
        "cancel_order": "取消订单",
        "request_after_sales": "代客申请售后",
        "accept_after_sales": "同意售后",
        "reject_after_sales": "拒绝售后",
        "send_after_sales": "补发商品",
        "settle_refund_by_hand": "登记线下退款",
        "approve_payout": "同意提现",
        "reject_payout": "驳回提现",
        "cancel_payout": "撤销提现",
        "reveal_payout_account": "查看收款账户",
        "reencrypt_payout_accounts": "更换收款信息密钥",
        "record_bank_transfer": "登记银行转账",
        "fail_bank_transfer": "登记银行转账失败",
        "export_bank_payouts": "导出银行打款文件",
        "hold_commission": "冻结佣金",
        "release_hold": "解冻佣金",
        "revoke_commission": "取消佣金",
        "export_statements": "导出结算单",
        "write_statements": "生成结算单",
        "run_audit": "账目自检",
        "run_reconciliation": "重新对账",
        "close_reconciliation_case": "关闭对账差异",
        "export_reconciliation_cases": "导出对账差异",
        "create_product": "上架商品",
        "set_price": "改价",
        "set_supply_price": "设置供货价",
        "end_price": "撤销价格",
        "set_price_limits": "调整底价和最高价",
        "publish_policy": "发布政策",
        "count_stock": "盘点库存",
        "write_lesson": "新建课程",
        "edit_lesson": "修改课程",
        "schedule_campaign": "安排推送",
        "stop_campaign": "停止推送",
        "publish_material": "发布素材",
        "recall_material": "撤回素材",
    }
)
FIELDS: Final = MappingProxyType(
    {
        "status": "状态",
        "reason": "原因",
        "carrier": "快递公司",
        "tracking_number": "快递单号",
        "amount_fen": "金额",
        "goods_fen": "商品款",
        "freight_fen": "运费",
        "out_refund_no": "退款单号",
        "list_fen": "划线价",
        "sale_fen": "售价",
        "supply_fen": "供货价",
        "floor_fen": "底价",
        "ceiling_fen": "最高价",
        "effective_at": "生效时间",
        "effective_until": "结束时间",
        "on_hand": "库存",
        "order_id": "订单",
        "distributor_id": "分销商",
        "has_account": "已登记收款账户",
        "net_fen": "实付",
        "numbers": "单号",
        "login": "登录名",
        "name": "名称",
        "role": "角色",
        "is_active": "启用",
        "ended_logins": "结束的登录",
        "distributor": "分销商编号",
        "grade_id": "等级",
        "inviter_id": "邀请人",
        "referral_code": "推广码",
        "reference": "银行流水号",
        "slug": "网址",
        "skus": "规格数",
        "title": "标题",
        "caption": "文案",
        "body": "正文",
        "link": "链接",
        "picture_id": "图片",
        "product_id": "商品",
        "lesson_id": "课程",
        "grade": "等级",
        "repeat": "重复",
        "next_fire_at": "下次发送",
        "spared": "未发送的人数",
        "tax_fen": "代扣个税",
        "file": "文件格式",
        "rows": "行数",
        "valid_until": "有效期至",
        "rates_changed": "调整的比例数",
        "has_legal_acknowledgement": "合规声明",
        "note": "说明",
        **{term.setting: term.label for term in TERMS},
    }
)


@blueprint.get("/audit")
@requires(Permission.VIEW_AUDIT)
def show_audit_trail() -> ResponseReturnValue:
    """All changes, newest first."""
    since, until = asked_day("since"), asked_day("until")
    wanted = AuditFilter(
        staff_id=asked_id("staff"),
        action=asked_choice("action", ACTIONS) or "",
        subject_kind=asked_choice("kind", SUBJECTS) or "",
        subject_id=asked_text("id"),
        since=start_of(since),
        until=start_of(until, plus_days=1),
    )
    asked = requested_page(PAGE_SIZE)
    with collaborators().sessions.read() as session:
        rows, total = audit_rows(session, wanted, offset=asked.offset, limit=asked.limit)
        members = staff_members(session, real_now())
        names = names_of(session, things_of(rows))
    return render_template(
        "console/audit_trail/index.html",
        page=Page(rows=rows, total=total, request=asked),
        members=[(str(member.id), member.name) for member in members],
        actions=ACTIONS,
        subjects=SUBJECTS,
        fields=FIELDS,
        names=names,
        shown_subject=shown_subject,
        thing=shown_value,
        asked=request.args,
    )


@blueprint.get("/audit/chain")
@requires(Permission.VIEW_AUDIT)
def show_chain() -> ResponseReturnValue:
    """Whether the chain of hashes holds, for the badge that the page loads by itself."""
    with collaborators().sessions.read() as session:
        chain = chain_state(session)
    return render_template("console/audit_trail/_chain.html", chain=chain)
