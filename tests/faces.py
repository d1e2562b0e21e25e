"""Templates and routes are compiled once in a test process, not once for each test's application.

Each test builds a Flask application of its own; compiling the same templates and the same routes
anew took most of that, and much of the first page. What is shared is code without any state: all
applications read the same templates, and a route's code depends on its text alone.
"""

from collections.abc import Callable
from types import CodeType
from typing import Any

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule

Build = Callable[..., tuple[str, str]]


class Templates(BytecodeCache):
    """The code of each template by its name, its file and what stood in the file."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._known: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Hand out what is known."""
        bucket.code = self._known.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        assert bucket.code is not None
        self._known[bucket.key, bucket.checksum] = bucket.code


def share_faces() -> None:
    """Let all applications that are built from now on share what was compiled."""
    Flask.jinja_options = {"bytecode_cache": Templates()}
    compiled: dict[tuple[Any, ...], Build] = {}
    compile_anew = Rule._compile_builder

    def compile_builder(rule: Rule, append_unknown: bool = True) -> Build:
        if rule.defaults:
            # Their values become a part of the code.
            return compile_anew(rule, append_unknown)
        key = (rule.rule, tuple(rule._trace), append_unknown)
        if key not in compiled:
            compiled[key] = compile_anew(rule, append_unknown)
        return compiled[key]

    Rule._compile_builder = compile_builder  # type: ignore[method-assign,assignment]
