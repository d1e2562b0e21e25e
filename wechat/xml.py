"""Flat XML as WeChat writes it: one root `xml`, one level of fields.

expat is driven by hand: it is fast, and a document type (and with it every entity) is refused
at its first byte.
"""

from pyexpat import ExpatError, ParserCreate

_FIELD_DEPTH = 2


class MalformedXml(ValueError):  # noqa: N818 - a property of the input
    """The bytes are not a flat XML document."""


class _FlatDocument:
    """Collects the text of the root's children; what lies deeper is passed over."""

    __slots__ = ("_depth", "_name", "fields")

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}
        self._depth = 0
        self._name = ""

    def start(self, name: str, _attributes: object) -> None:
        self._depth += 1
        if self._depth == _FIELD_DEPTH:
            if name in self.fields:
                raise MalformedXml(f"a field comes twice: {name[:32]}")
            self.fields[name] = ""
            self._name = name
        elif self._depth == 1 and name != "xml":
            raise MalformedXml("the root is not xml")

    def end(self, _name: str) -> None:
        self._depth -= 1

    def text(self, data: str) -> None:
        if self._depth == _FIELD_DEPTH:
            self.fields[self._name] += data

    def doctype(self, *_: object) -> None:
        raise MalformedXml("a document type is not allowed")


def read_flat_xml(document: bytes) -> dict[str, str]:
    """Return the fields of a flat document by name.

    Raises:
        MalformedXml: not UTF-8, not well-formed, another root, a repeated field, a DOCTYPE.
    """
    flat = _FlatDocument()
    # The encoding given here overrules what the document says of itself.
    parser = ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = flat.start
    parser.EndElementHandler = flat.end
    parser.CharacterDataHandler = flat.text
    parser.StartDoctypeDeclHandler = flat.doctype
    try:
        parser.Parse(document, True)
    except ExpatError as error:
        raise MalformedXml(f"not well-formed: {error}") from error
    return flat.fields
