"""How often may one caller ask?

Faces put `@limiter.limit(SUBMITS)` on views that write or cost something; there is no limit on
anything else, because WeChat's callbacks all come from a few addresses. Counts are kept per
process: it keeps one caller from flooding a process, while the throttle of logins lives in the
database.
"""

from flask import Flask, session
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from web.site import SiteFacts

OPENID = "openid"
"""The key of the customer's openid in the browser session (set after OAuth)."""

SUBMITS = "60 per minute"
LOGINS = "20 per minute"
POSTERS = "20 per minute"


def caller() -> str:
    """Name who is asking: a known customer by openid, since many phones share one address."""
    openid = session.get(OPENID)
    return f"openid:{openid}" if openid else f"address:{get_remote_address()}"


limiter = Limiter(caller, storage_uri="memory://", strategy="moving-window")


def install_limits(app: Flask, site: SiteFacts) -> None:
    """Count requests of the limited views."""
    app.config["RATELIMIT_ENABLED"] = site.request_limits
    limiter.init_app(app)
