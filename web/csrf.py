"""One protection against forged forms for all faces.

Every POST carries the token of `shared/form.html` (or htmx's header, see the base templates).
Machines that post to us have an application of their own, `web.machines`.
"""

from flask import Flask
from flask_wtf.csrf import CSRFProtect

protection = CSRFProtect()

TOKEN_LIFETIME_SECONDS = 12 * 3600
"""A form left open over a working day still goes through."""


def install_csrf(app: Flask) -> None:
    """Protect every POST of the application."""
    app.config.setdefault("WTF_CSRF_TIME_LIMIT", TOKEN_LIFETIME_SECONDS)
    protection.init_app(app)
