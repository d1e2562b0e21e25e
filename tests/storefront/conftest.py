"""The storefront over this test's database."""

import pytest
from flask import Flask

from models.database import SessionFactory
from tests.storefront.application import make_app


@pytest.fixture
def app(sessions: SessionFactory) -> Flask:
    """The storefront alone."""
    return make_app(sessions)
