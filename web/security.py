"""Which requests are let in, and what every answer tells the browser to refuse.

Scripts and styles run from our own host, or carry this request's nonce; nothing is inline
otherwise, and no page may be framed.
"""

import secrets
from functools import lru_cache

from flask import Flask, Response, g, request
from werkzeug.exceptions import BadRequest
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.sansio.utils import host_is_trusted

from web.row_ids import RowId
from web.site import SiteFacts

MAX_BODY_BYTES = 8 * 1024 * 1024
"""A form with a material's picture is the largest thing that is sent to us."""
MAX_FORM_BYTES = 256 * 1024
"""Anything else: forms without files, messages, notifications."""
MAX_FORM_PARTS = 400
LONGEST_ADDRESS = 4096
HEALTH_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
"""A load balancer or a monitor asks for these by address, so they answer to any host."""


def csp_nonce() -> str:
    """Return this request's nonce, for `<script nonce>`."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(18)
    nonce: str = g.csp_nonce
    return nonce


def content_security_policy(site: SiteFacts, nonce: str) -> str:
    """Write the policy of one page. The JS-SDK's host is named only where its script is used."""
    scripts = ["'self'", f"'nonce-{nonce}'"]
    pictures = ["'self'", "data:", "blob:"]
    if site.js_sdk_url is not None:
        scripts.append("/".join(site.js_sdk_url.split("/", 3)[:3]))
        # The JS-SDK reports its own timing by loading a picture from here.
        pictures.append("https://open.weixin.qq.com")
    policy = {
        "default-src": ["'self'"],
        "script-src": scripts,
        "style-src": ["'self'", f"'nonce-{nonce}'"],
        "img-src": pictures,
        "media-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in policy.items())


@lru_cache(maxsize=64)
def is_allowed_host(site: SiteFacts, host: str) -> bool:
    """Tell whether a Host header names this site; ports are not compared."""
    return bool(host) and host_is_trusted(host.lower(), [site.host, *site.allowed_hosts])


def _check_request(site: SiteFacts) -> None:
    if request.mimetype != "multipart/form-data":
        request.max_content_length = MAX_FORM_BYTES
    if request.path not in HEALTH_PATHS and not is_allowed_host(
        site, request.environ.get("HTTP_HOST", "")
    ):
        raise BadRequest("unknown host")
    query = request.environ.get("QUERY_STRING", "")
    if len(query) > LONGEST_ADDRESS:
        raise BadRequest("the address is too long")
    # No text column takes a NUL; PostgreSQL would answer with an error of its own.
    if "\x00" in request.path or "%00" in query or "\x00" in query:
        raise BadRequest("a NUL is in the address")


def _add_headers(site: SiteFacts, response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", content_security_policy(site, csp_nonce()))
    headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
    headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if site.is_https:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint == "static" and "v" in request.args and response.status_code == 200:
        # Its address changes with its contents (`web.pages.asset`).
        headers["Cache-Control"] = "public, max-age=31536000, immutable"
    if request.endpoint != "static" or response.status_code >= 400:
        headers.setdefault("Cache-Control", "private, no-store")
    return response


def install_security(app: Flask, site: SiteFacts) -> None:
    """Check requests before anything else, and set the headers and cookie flags."""
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_FORM_BYTES,
        MAX_FORM_PARTS=MAX_FORM_PARTS,
        SESSION_COOKIE_NAME="fenxiao",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=site.is_https,
        SEND_FILE_MAX_AGE_DEFAULT=86_400,
    )
    if site.trusted_proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=site.trusted_proxies, x_proto=site.trusted_proxies
        )
    app.url_map.converters["int"] = RowId
    app.before_request(lambda: _check_request(site))
    app.after_request(lambda response: _add_headers(site, response))
    app.jinja_env.globals["csp_nonce"] = csp_nonce
