"""Anybody may check whether a distributor is authorised by the brand."""

import re

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from queries.certificates import certificate
from storefront import blueprint
from web.collaborators import collaborators

NUMBER = re.compile(r"FX[0-9]{4,14}")


@blueprint.get("/verify/")
def ask_certificate() -> ResponseReturnValue:
    """Ask for a number to be typed in."""
    typed = request.args.get("number", "").strip().upper()
    if NUMBER.fullmatch(typed):
        return redirect(f"/verify/{typed}")
    return render_template(
        "storefront/certificates/show.html", found=None, number=typed[:16], is_asked=bool(typed)
    )


@blueprint.get("/verify/<string(maxlength=16):number>")
def show_certificate(number: str) -> ResponseReturnValue:
    """One distributor's certificate, valid or not; a number that was never issued is a 404."""
    tools = collaborators()
    found = None
    if NUMBER.fullmatch(number):
        with tools.sessions.read() as database:
            found = certificate(database, number, tools.now())
    page = render_template(
        "storefront/certificates/show.html", found=found, number=number, is_asked=True
    )
    return page, 200 if found else 404
