"""Every refusal can be shown to a user and recognised by a machine."""

import importlib
import pkgutil

import pytest

import rules
from rules.errors import RuleViolation

for _module in pkgutil.iter_modules(rules.__path__):
    importlib.import_module(f"rules.{_module.name}")


def refusals(base: type[RuleViolation] = RuleViolation) -> list[type[RuleViolation]]:
    """List a refusal's subclasses that live in the rules, at any depth."""
    children = [kind for kind in base.__subclasses__() if kind.__module__.startswith("rules.")]
    return [*children, *(deeper for child in children for deeper in refusals(child))]


@pytest.mark.parametrize("kind", refusals(), ids=lambda kind: kind.__name__)
def test_a_refusal_says_one_chinese_sentence(kind: type[RuleViolation]) -> None:
    assert kind.message.endswith("。")
    assert kind.message.count("。") == 1
    assert any("\u4e00" <= character <= "\u9fff" for character in kind.message)


def test_codes_are_stable_names_and_each_belongs_to_one_refusal() -> None:
    codes = [kind.code for kind in refusals()]
    assert len(codes) > 30
    assert sorted(codes) == sorted(set(codes))
    assert all(code.isascii() and code == code.lower() and code.isidentifier() for code in codes)


def test_an_own_sentence_replaces_the_standing_one() -> None:
    refusal = RuleViolation("换一句话。")
    assert (refusal.message, str(refusal)) == ("换一句话。", "换一句话。")
    assert RuleViolation().message == RuleViolation.message
