"""One page of the application in a real browser, without a server: a test client answers it."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, Request, Route

HEIGHT = 812
# "networkidle" would wait another half second for each page in which nothing happens any more.
SETTLED = "document.fonts.ready.then(() => new Promise((done) => requestIdleCallback(done)))"


@contextmanager
def opened(browser: Browser, client: FlaskClient, address: str, width: int) -> Iterator[Page]:
    """Show an address on a screen `width` px wide; no script may fail and no policy be broken."""
    context = browser.new_context(viewport={"width": width, "height": HEIGHT})
    page = context.new_page()
    troubles: list[str] = []
    unanswered: set[Request] = set()

    def begun(request: Request) -> None:
        unanswered.add(request)

    def ended(request: Request) -> None:
        unanswered.discard(request)

    page.on("request", begun)
    page.on("requestfinished", ended)
    page.on("requestfailed", ended)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda line: troubles.append(line.text) if line.type == "error" else None)

    def answer(route: Route) -> None:
        asked = urlsplit(route.request.url)
        given = client.get(
            asked.path,
            query_string=asked.query,
            base_url=f"{asked.scheme}://{asked.netloc}",
            buffered=True,
        )
        route.fulfill(status=given.status_code, headers=dict(given.headers), body=given.data)

    page.route("**/*", answer)
    page.goto(address)
    # What a page asks for by itself has begun by now; its scripts then do something with it.
    while unanswered:
        page.wait_for_timeout(10)
    page.evaluate(SETTLED)
    yield page
    context.close()
    assert troubles == []
