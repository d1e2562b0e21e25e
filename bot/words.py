"""What the bot says: templates under `templates/bot`, rendered outside of any request too."""

from functools import lru_cache

from jinja2 import Environment

from wechat.events import TextReply

MOST_KEPT = 256

_HARMLESS = str.maketrans({"<": "＜", ">": "＞"})


def harmless(text: str) -> str:
    """Return a person's text without brackets: WeChat would show `<a href>` as a link."""
    return text.translate(_HARMLESS)


class Words:
    """Renders the bot's texts with the application's templates, filters and globals."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        # The help that most messages get is the same text again and again.
        self._say_again = lru_cache(maxsize=MOST_KEPT)(self._say)
        environment.filters["harmless"] = harmless

    def say(self, template: str, **facts: object) -> TextReply:
        """Return a text reply; plain texts among the facts can't hold links."""
        if all(isinstance(fact, bool | str) for fact in facts.values()):
            return self._say_again(template, **facts)
        return self._say(template, **facts)

    def _say(self, template: str, **facts: object) -> TextReply:
        safe = {
            name: harmless(fact) if isinstance(fact, str) else fact for name, fact in facts.items()
        }
        return TextReply(text=self._environment.get_template(template).render(safe).strip())
