"""What the Flask faces share: sessions, csrf, paging, filters and error pages."""

from flask import Flask

from web.bridge import install_bridge
from web.csrf import install_csrf
from web.errors import install_errors
from web.filters import install_filters
from web.limits import install_limits
from web.pages import install_pages
from web.paging import install_paging
from web.security import install_security
from web.site import SiteFacts

__all__ = ["SiteFacts", "install"]


def install(app: Flask, site: SiteFacts) -> None:
    """Give an application everything that all faces share. The order matters: hosts first."""
    install_security(app, site)
    install_limits(app, site)
    install_csrf(app)
    install_filters(app)
    install_paging(app)
    install_pages(app, site)
    install_bridge(app)
    install_errors(app)
