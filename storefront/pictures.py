"""Serve pictures by their checksum: what an address shows never changes."""

from flask import Response, abort

from queries.shop import picture
from storefront import blueprint
from web.collaborators import collaborators

FOREVER_SECONDS = 365 * 24 * 3600


@blueprint.get("/media/<string(length=64):sha256>.jpg")
def show_picture(sha256: str) -> Response:
    """Answer with the JPEG."""
    with collaborators().sessions.read() as session:
        jpeg = picture(session, sha256)
    if jpeg is None:
        abort(404)
    answer = Response(jpeg, mimetype="image/jpeg")
    answer.cache_control.public = True
    answer.cache_control.immutable = True
    answer.cache_control.max_age = FOREVER_SECONDS
    return answer
