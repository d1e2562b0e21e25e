"""The picture on a distributor's code page: her poster, to keep by a long press."""

from flask import Response
from flask.typing import ResponseReturnValue

from storefront import blueprint
from storefront.membership import member_id, members_only
from web.collaborators import collaborators
from web.limits import POSTERS, limiter
from workflows.posters import poster_for

FRESH_SECONDS = 600


@blueprint.get("/d/code/poster.jpg")
@members_only
@limiter.limit(POSTERS)
def draw_poster() -> ResponseReturnValue:
    """Her poster; the first time, WeChat is asked for her permanent QR."""
    tools = collaborators()
    jpeg = poster_for(tools.sessions, tools.account, member_id(), brand_name=tools.site.brand_name)
    answer = Response(jpeg, mimetype="image/jpeg")
    answer.cache_control.private = True
    answer.cache_control.max_age = FRESH_SECONDS
    return answer
