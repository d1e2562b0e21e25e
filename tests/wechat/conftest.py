"""Fixtures of the gateway's tests."""

from collections.abc import Iterator

import pytest
import responses


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    """Pretend to be the network; a request that nobody prepared for fails the test."""
    with responses.RequestsMock() as mock:
        yield mock
