"""What the bot says: templates under `templates/bot`, rendered outside of any request too."""

from jinja2 import Environment

from wechat.events import TextReply

_HARMLESS = str.maketrans({"<": "＜", ">": "＞"})


def harmless(text: str) -> str:
    """Return a person's text without brackets: WeChat would show `<a href>` as a link."""
    return text.translate(_HARMLESS)


class Words:
    """Renders the bot's texts with the application's templates, filters and globals."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        environment.filters["harmless"] = harmless

    def say(self, template: str, **facts: object) -> TextReply:
        """Return a text reply; plain texts among the facts can't hold links."""
        safe = {
            name: harmless(fact) if isinstance(fact, str) else fact for name, fact in facts.items()
        }
        return TextReply(text=self._environment.get_template(template).render(safe).strip())
