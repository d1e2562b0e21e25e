"""Materials: publish, recall, and what came of each share."""

from datetime import UTC, datetime, timedelta

from flask import abort, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import NoResultFound

from console import blueprint
from console.filtering import PAGE_SIZE, asked_choice, tab_address
from console.guard import current_actor, requires
from console.uploads import uploaded_picture
from queries.materials import MaterialRow, material, materials, product_choices, shares_of
from rules.china_time import SHANGHAI
from rules.materials import MAX_CAPTION_LENGTH, MAX_TITLE_LENGTH, MaterialRefused
from rules.staff import Permission
from web.collaborators import collaborators
from web.forms import Form, InvalidField
from web.paging import Page, requested_page
from workflows.materials.publish import MaterialDraft, publish_material, recall_material

LIST = "/console/materials"
TABS = (("使用中", "published"), ("已过期", "expired"), ("已撤回", "recalled"))
SUGGESTED_DAYS = 30
LAST_YEAR = 2099


@blueprint.get("/materials")
@requires(Permission.VIEW_MATERIALS)
def show_materials() -> ResponseReturnValue:
    """All materials, newest first."""
    tools = collaborators()
    now = tools.now()
    state = asked_choice("state", [value for _, value in TABS])
    asked = requested_page(PAGE_SIZE)
    with tools.sessions.read() as session:
        rows, total = materials(session, state, now, offset=asked.offset, limit=asked.limit)
    tabs = [("全部", LIST, state is None, None)]
    tabs += [(word, tab_address(LIST, "state", each), state == each, None) for word, each in TABS]
    return render_template(
        "console/materials/index.html",
        page=Page(rows=rows, total=total, request=asked),
        tabs=tabs,
        now=now,
    )


@blueprint.get("/materials/new")
@requires(Permission.MANAGE_MATERIALS)
def new_material() -> ResponseReturnValue:
    """The empty form."""
    until = collaborators().now().astimezone(SHANGHAI) + timedelta(days=SUGGESTED_DAYS)
    return _form({"valid_until": f"{until:%Y-%m-%d}"}, None)


@blueprint.post("/materials/new")
@requires(Permission.MANAGE_MATERIALS)
def add_material() -> ResponseReturnValue:
    """Publish a material."""
    tools = collaborators()
    now = tools.now()
    form = Form.sent()
    try:
        draft = _draft(form, now)
        material_id = publish_material(tools.sessions, draft, actor=current_actor(), now=now)
    except (InvalidField, MaterialRefused) as refused:
        return _form(form.shown(), refused), 422
    except NoResultFound:
        return _form(form.shown(), InvalidField("product", "请选择商品。")), 422
    flash("素材已发布，分销商发送「素材」就能拿到带自己二维码的图片。")
    return redirect(f"{LIST}/{material_id}", code=303)


@blueprint.get("/materials/<int:material_id>")
@requires(Permission.VIEW_MATERIALS)
def show_material(material_id: int) -> ResponseReturnValue:
    """One material with its figures and shares."""
    tools = collaborators()
    found = _found(material_id)
    asked = requested_page(PAGE_SIZE)
    with tools.sessions.read() as session:
        rows, total = shares_of(session, material_id, offset=asked.offset, limit=asked.limit)
    return render_template(
        "console/materials/show.html",
        material=found,
        page=Page(rows=rows, total=total, request=asked),
        now=tools.now(),
    )


@blueprint.post("/materials/<int:material_id>/recall")
@requires(Permission.MANAGE_MATERIALS)
def recall(material_id: int) -> ResponseReturnValue:
    """Recall a material."""
    tools = collaborators()
    _found(material_id)
    recall_material(tools.sessions, material_id, actor=current_actor(), now=tools.now())
    flash("素材已撤回，不能再领取；已经发出去的链接仍然有效。")
    return redirect(f"{LIST}/{material_id}", code=303)


def _draft(form: Form, now: datetime) -> MaterialDraft:
    title = form.text("title", "素材标题", max_length=MAX_TITLE_LENGTH)
    caption = form.text("caption", "推广文案", max_length=MAX_CAPTION_LENGTH, many_lines=True)
    product_id = form.integer("product", "商品", minimum=1, maximum=2**62)
    day = form.day("valid_until", "有效期")
    if day.year > LAST_YEAR:
        raise InvalidField("valid_until", "有效期太远了，请重新选择。")
    # Valid through the whole of that day in Shanghai.
    ends = datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=SHANGHAI)
    picture_id = uploaded_picture("picture", now)
    if picture_id is None:
        raise InvalidField("picture", "请选择素材图片。")
    return MaterialDraft(
        title=title,
        caption=caption,
        picture_id=picture_id,
        product_id=product_id,
        valid_until=ends.astimezone(UTC),
    )


def _form(shown: dict[str, str], refusal: InvalidField | MaterialRefused | None) -> str:
    with collaborators().sessions.read() as session:
        products = product_choices(session)
    return render_template(
        "console/materials/edit.html", shown=shown, refusal=refusal, products=products
    )


def _found(material_id: int) -> MaterialRow:
    with collaborators().sessions.read() as session:
        found = material(session, material_id)
    if found is None:
        abort(404)
    return found
