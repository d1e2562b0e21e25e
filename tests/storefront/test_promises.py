"""What the shop promises its visitors is what the programme's policy says."""

from dataclasses import replace

import pytest
from flask import Flask

from models.catalogue import Product
from models.database import SessionFactory
from tests.factories.catalogue import make_sku
from tests.factories.policies import TWO_LEVELS, start_programme


@pytest.fixture
def sessions(sqlite_sessions: SessionFactory) -> SessionFactory:
    """Words on a page don't depend on the database."""
    return sqlite_sessions


def test_the_days_of_after_sales_are_the_policys(app: Flask, sessions: SessionFactory) -> None:
    start_programme(sessions, replace(TWO_LEVELS, after_sales_days=15))
    with sessions.begin() as session:
        slug = session.get_one(Product, make_sku(session).product_id).slug
    visitor = app.test_client()
    assert "15 天售后" in visitor.get("/").text
    assert "签收后 15 天内可申请" in visitor.get(f"/p/{slug}").text
