"""The difference that a change made, field by field."""

from queries.audit_trail import Difference, Figure, differences


def test_only_what_changed_is_shown_in_the_order_it_was_written() -> None:
    before = {"status": "approved", "name": "小满", "reason": None}
    after: dict[str, Figure] = {"status": "suspended", "name": "小满", "reason": "核实", "by": 7}
    assert differences(before, after) == (
        Difference(field="status", before="approved", after="suspended"),
        Difference(field="reason", before=None, after="核实"),
        Difference(field="by", before=None, after=7),
    )


def test_what_went_away_is_shown_too() -> None:
    assert differences({"code": "ABC"}, {}) == (Difference(field="code", before="ABC", after=None),)
