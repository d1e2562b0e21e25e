"""The XML of callbacks and replies."""

from dataclasses import dataclass, field
from xml.parsers import expat


class MarkupError(ValueError):
    """An answer that isn't XML as WeChat accepts it."""


@dataclass(slots=True)
class Node:
    """An element: its text, and its children in order."""

    name: str
    text: str = ""
    children: list["Node"] = field(default_factory=list)

    def value(self, name: str) -> str:
        """Return the text of the first child called `name`, or ""."""
        child = self.child(name)
        return "" if child is None else child.text

    def child(self, name: str) -> "Node | None":
        """Return the first child called `name`, or None."""
        return next((child for child in self.children if child.name == name), None)


def write(values: dict[str, str | int]) -> str:
    """Write a flat message: texts as CDATA, numbers bare, as WeChat does."""
    parts = []
    for name, value in values.items():
        text = str(value) if isinstance(value, int) else f"<![CDATA[{_split(value)}]]>"
        parts.append(f"<{name}>{text}</{name}>")
    return f"<xml>{''.join(parts)}</xml>"


def _split(text: str) -> str:
    """Keep `]]>` inside a text from ending its CDATA section."""
    return text.replace("]]>", "]]]]><![CDATA[>")


def parse(document: str) -> Node:
    """Read XML without document types or entities of its own. Raises: MarkupError."""
    parser = expat.ParserCreate()
    root = Node("")
    stack = [root]

    def start(name: str, _attributes: dict[str, str]) -> None:
        node = Node(name)
        stack[-1].children.append(node)
        stack.append(node)

    def end(_name: str) -> None:
        stack.pop()

    def text(data: str) -> None:
        stack[-1].text += data

    def refuse(*_arguments: object) -> None:
        raise MarkupError("document types are not accepted")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(document, True)
    except expat.ExpatError as error:
        raise MarkupError(str(error)) from error
    if not root.children or root.children[0].name != "xml":
        raise MarkupError("the root is not <xml>")
    return root.children[0]
