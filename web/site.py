"""What every page knows about the site it belongs to."""

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFacts:
    """Facts from the settings that pages, headers and the host check need.

    `base_url` has no trailing slash. `allowed_hosts` are accepted besides its own host; a leading
    dot accepts subdomains. `trusted_proxies` is how many proxies of ours stand in front.
    `js_sdk_url` is the JS-SDK's script, or None where the browser brings `wx` itself.
    `request_limits` is off only where a test or a benchmark sends everything from one address.
    """

    base_url: str
    brand_name: str
    environment: str
    allowed_hosts: tuple[str, ...] = ()
    trusted_proxies: int = 0
    js_sdk_url: str | None = None
    request_limits: bool = True

    @property
    def host(self) -> str:
        """The host of the base URL, without its port."""
        return urlsplit(self.base_url).hostname or ""

    @property
    def is_https(self) -> bool:
        """Whether visitors reach the site over HTTPS."""
        return self.base_url.startswith("https://")

    @property
    def is_demo(self) -> bool:
        """Whether this is the demo, whose clock may be moved."""
        return self.environment == "demo"

    def url(self, path: str) -> str:
        """Return the absolute address of `path`, which starts with a slash."""
        return f"{self.base_url}{path}"
