"""Materials for a distributor: the picture with her own QR, the copy with her own link."""

from flask import Response, abort, flash, redirect, render_template
from flask.typing import ResponseReturnValue

from posters.material import MaterialPicture, draw
from queries.materials import material, own_share, shares_of, usable_materials
from rules.materials import caption_with_link, check_usable
from storefront import blueprint
from storefront.membership import member_id, members_only
from web.collaborators import collaborators
from web.limits import POSTERS, SUBMITS, limiter
from workflows.materials.hand_out import share_again, share_for_page
from workflows.materials.share import share_path

SHARES_SHOWN = 10
KEPT_SECONDS = 3600


@blueprint.get("/d/materials")
@members_only
def show_materials() -> ResponseReturnValue:
    """What may be handed out now, newest first."""
    tools = collaborators()
    now = tools.now()
    with tools.sessions.read() as database:
        rows = usable_materials(database, now)
    return render_template("storefront/materials/index.html", materials=rows, now=now)


@blueprint.get("/d/materials/<int:material_id>")
@members_only
def show_material(material_id: int) -> ResponseReturnValue:
    """Her newest share of a material, ready for a group, and what came of her shares."""
    tools = collaborators()
    now = tools.now()
    with tools.sessions.read() as database:
        found = material(database, material_id)
    if found is None:
        abort(404)
    check_usable(found.status, found.valid_until, now)
    token = share_for_page(tools.sessions, material_id, member_id(), now)
    with tools.sessions.read() as database:
        share = own_share(database, token, member_id())
        shares, total = shares_of(
            database, material_id, distributor_id=member_id(), limit=SHARES_SHOWN
        )
    if share is None:
        abort(404)
    link = tools.site.url(share_path(share.code, share.token))
    return render_template(
        "storefront/materials/show.html",
        material=found,
        share=share,
        copy=caption_with_link(found.caption, link),
        shares=shares,
        total=total,
    )


@blueprint.post("/d/materials/<int:material_id>/shares")
@members_only
@limiter.limit(SUBMITS)
def share_material_again(material_id: int) -> ResponseReturnValue:
    """Make a new share, so that another group's figures are counted apart."""
    tools = collaborators()
    with tools.sessions.read() as database:
        if material(database, material_id) is None:
            abort(404)
    share_again(tools.sessions, material_id, member_id(), tools.now())
    flash("已换成新的一份，效果单独统计")
    return redirect(f"/d/materials/{material_id}", code=303)


@blueprint.get("/d/shares/<string(maxlength=16):token>.jpg")
@members_only
@limiter.limit(POSTERS)
def draw_share(token: str) -> Response:
    """The picture with her QR; her own shares only."""
    tools = collaborators()
    with tools.sessions.read() as database:
        share = own_share(database, token, member_id())
    if share is None:
        abort(404)
    check_usable(share.status, share.valid_until, tools.now())
    jpeg = draw(
        MaterialPicture(
            jpeg=share.jpeg,
            distributor_name=share.distributor_name,
            code_content=tools.site.url(share_path(share.code, share.token)),
            caption=share.caption,
        )
    )
    answer = Response(jpeg, mimetype="image/jpeg")
    answer.cache_control.private = True
    answer.cache_control.max_age = KEPT_SECONDS
    return answer
