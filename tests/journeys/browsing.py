"""Windows of Chromium for journeys, and the pictures that they take on the way."""

from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page

from tests.journeys.stage import Stage

PICTURES_SHOWN = """
() => {
  const isSeen = (image) => image.getBoundingClientRect().top < innerHeight && !image.complete;
  const shown = (image) => new Promise((done) => { image.onload = image.onerror = done; });
  const late = new Promise((done) => setTimeout(done, 3000));
  const all = Promise.all([...document.images].filter(isSeen).map(shown));
  return Promise.race([late, all]).then(() => null);
}
"""
PHONES_VIEW = {"width": 1520, "height": 920}
DESK_VIEW = {"width": 1280, "height": 900}


@dataclass(slots=True, kw_only=True)
class Album:
    """Numbered screenshots of one journey, for a person to look at."""

    folder: Path
    taken: list[Path] = field(default_factory=list)

    def take(self, page: Page, name: str) -> None:
        """Keep what the page shows now."""
        for frame in page.frames:
            frame.evaluate(PICTURES_SHOWN)
        # A PNG takes the browser three times as long.
        path = self.folder / f"{len(self.taken) + 1:02d}-{name}.jpg"
        page.screenshot(path=path, type="jpeg", quality=90)
        self.taken.append(path)


@dataclass(slots=True, kw_only=True)
class Desk:
    """Windows of one browser; a script's error in any of them fails the journey."""

    browser: Browser
    stage: Stage
    errors: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    def phones(self, *phone_ids: str) -> Page:
        """Open the sandbox's page with these phones, at their own size."""
        page = self._window(PHONES_VIEW["width"], PHONES_VIEW["height"])
        address = f"{self.stage.ground.sandbox_url}/sandbox/"
        page.goto(f"{address}?scale=1&phones={','.join(phone_ids)}")
        page.wait_for_selector("body[data-state=ready]")
        return page

    def console(self) -> Page:
        """Open a window for the console."""
        return self._window(DESK_VIEW["width"], DESK_VIEW["height"])

    def close(self) -> None:
        """Close all windows."""
        for context in self.contexts:
            context.close()

    def _window(self, width: int, height: int) -> Page:
        context = self.browser.new_context(viewport={"width": width, "height": height})
        self.contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        return page
