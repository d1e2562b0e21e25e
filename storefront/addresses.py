"""A customer's delivery addresses."""

from urllib.parse import quote

from flask import abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from queries.shop import AddressRow, addresses_of
from rules.addresses import AddressDraft
from rules.distributors import PhoneRefused
from rules.errors import RuleViolation
from storefront import blueprint
from storefront.session import current_person, local_path, wechat_login
from web.collaborators import collaborators
from web.forms import Form, InvalidField
from web.limits import SUBMITS, limiter
from workflows.addresses import delete_address, save_address

LONGEST = 120


@blueprint.get("/addresses")
@wechat_login
def show_addresses() -> ResponseReturnValue:
    """All her addresses."""
    return render_template(
        "storefront/addresses/index.html", addresses=_hers(), next=_next(), choosing=_chooses()
    )


@blueprint.route("/addresses/new", methods=["GET", "POST"])
@wechat_login
@limiter.limit(SUBMITS, methods=["POST"])
def add_address() -> ResponseReturnValue:
    """A new address."""
    return _edit(None, {})


@blueprint.route("/addresses/<int:address_id>", methods=["GET", "POST"])
@wechat_login
@limiter.limit(SUBMITS, methods=["POST"])
def change_address(address_id: int) -> ResponseReturnValue:
    """One of her addresses, to be changed."""
    row = next((row for row in _hers() if row.id == address_id), None)
    if row is None:
        abort(404)
    shown = {
        "receiver": row.receiver,
        "phone": row.phone,
        "district": row.district_code,
        "detail": row.detail,
    }
    if row.is_default:
        shown["is_default"] = "yes"
    return _edit(address_id, shown)


@blueprint.post("/addresses/<int:address_id>/delete")
@wechat_login
def remove_address(address_id: int) -> ResponseReturnValue:
    """Hide an address."""
    delete_address(collaborators().sessions, address_id, wechat_user_id=current_person().id)
    flash("地址已删除")
    target = _next()
    return redirect(f"/addresses?next={quote(target)}" if target else "/addresses")


def _edit(address_id: int | None, shown: dict[str, str]) -> ResponseReturnValue:
    refusal: RuleViolation | None = None
    if request.method == "POST":
        form = Form.sent()
        shown = form.shown()
        try:
            saved = _save(form, address_id)
        except PhoneRefused as violation:
            refusal = InvalidField("phone", violation.message)
        except RuleViolation as violation:
            refusal = violation
        else:
            target = _next()
            if target is None:
                flash("地址已保存")
                return redirect("/addresses")
            joiner = "&" if "?" in target else "?"
            return redirect(f"{target}{joiner}address={saved}")
    page = render_template(
        "storefront/addresses/edit.html",
        address_id=address_id,
        shown=shown,
        refusal=refusal,
        next=_next(),
    )
    return page, 422 if refusal else 200


def _save(form: Form, address_id: int | None) -> int:
    tools = collaborators()
    district = form.district("district")
    draft = AddressDraft(
        receiver=form.text("receiver", "收货人", max_length=LONGEST),
        phone=form.text("phone", "手机号", max_length=LONGEST),
        province_code=f"{district[:2]}0000",
        city_code=f"{district[:4]}00",
        district_code=district,
        detail=form.text("detail", "详细地址", max_length=LONGEST),
        is_default=form.has("is_default"),
    )
    return save_address(
        tools.sessions,
        draft,
        wechat_user_id=current_person().id,
        address_id=address_id,
        now=tools.now(),
    )


def _hers() -> tuple[AddressRow, ...]:
    with collaborators().sessions.read() as database:
        return addresses_of(database, current_person().id)


def _next() -> str | None:
    """Return where she came from, if that is a page of ours."""
    wanted = request.values.get("next", "")
    return local_path(wanted) if wanted else None


def _chooses() -> bool:
    """Tell whether she came from a checkout to pick an address."""
    return _next() is not None
