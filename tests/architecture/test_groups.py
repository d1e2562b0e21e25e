"""Tests that share something dear (a browser, a filled demo) run in one process."""

import pytest


@pytest.mark.xdist_group("together")
def test_a_group_is_told_to_whoever_hands_out_the_tests(request: pytest.FixtureRequest) -> None:
    # The handing out goes by this ending; without it a group is torn apart and nobody notices.
    is_handed_out = hasattr(request.config, "workerinput")
    assert request.node.nodeid.endswith("@together") == is_handed_out
