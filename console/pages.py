"""Every view of the console, so that importing this module completes the blueprint."""

from console import (
    account,
    applications,
    audit_trail,
    blueprint,
    campaigns,
    dashboard,
    distributors,
    guard,
    lessons,
    login,
    materials,
    navigation,
    orders,
    payouts,
    products,
    staff,
)

__all__ = [
    "account",
    "applications",
    "audit_trail",
    "blueprint",
    "campaigns",
    "dashboard",
    "distributors",
    "guard",
    "lessons",
    "login",
    "materials",
    "navigation",
    "orders",
    "payouts",
    "products",
    "staff",
]
