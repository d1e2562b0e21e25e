"""Where her payouts go (收款信息): her real name, and a bank account if she likes."""

from flask import flash, redirect, render_template
from flask.typing import ResponseReturnValue

from queries.payout_accounts import MaskedAccount, payout_account
from rules.errors import RuleViolation
from rules.payout_accounts import MOST_BANK, MOST_BRANCH, MOST_NAME, BankDetails, PayoutDetails
from storefront import blueprint
from storefront.membership import member_id, members_only
from web.collaborators import collaborators
from web.forms import Form
from web.limits import SUBMITS, limiter
from workflows.payouts.account import register_payout_account

LONGEST_NUMBER = 40
BANK_FIELDS = ("bank_name", "branch", "account_number")


@blueprint.get("/d/payout-account")
@members_only
def show_payout_account() -> ResponseReturnValue:
    """What is registered, masked, and a form for anew."""
    return _page({}, None)


@blueprint.post("/d/payout-account")
@members_only
@limiter.limit(SUBMITS)
def save_payout_account() -> ResponseReturnValue:
    """Register anew; a refusal stands beside its field."""
    form = Form.sent()
    tools = collaborators()
    try:
        register_payout_account(tools.sessions, member_id(), _details(form), tools.now())
    except RuleViolation as refusal:
        return _page(form.shown(), refusal), 422
    flash("收款信息已保存")
    return redirect("/d/payouts")


def _details(form: Form) -> PayoutDetails:
    real_name = form.text("real_name", "真实姓名", max_length=MOST_NAME)
    if not any(form.has(field) for field in BANK_FIELDS):
        return PayoutDetails(real_name=real_name)
    bank = BankDetails(
        bank_name=form.text("bank_name", "开户银行", max_length=MOST_BANK),
        branch=form.text("branch", "开户支行", max_length=MOST_BRANCH),
        account_number=form.text("account_number", "银行账号", max_length=LONGEST_NUMBER),
    )
    return PayoutDetails(real_name=real_name, bank=bank)


def _page(shown: dict[str, str], refusal: RuleViolation | None) -> str:
    with collaborators().sessions.read() as database:
        account: MaskedAccount | None = payout_account(database, member_id())
    return render_template(
        "storefront/payout_account/edit.html", account=account, shown=shown, refusal=refusal
    )
