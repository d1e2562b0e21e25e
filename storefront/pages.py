"""Every view of the storefront, so that importing this module completes the blueprint."""

from storefront import (
    addresses,
    blueprint,
    checkout,
    orders,
    payments,
    pictures,
    referral,
    session,
    shop,
)

__all__ = [
    "addresses",
    "blueprint",
    "checkout",
    "orders",
    "payments",
    "pictures",
    "referral",
    "session",
    "shop",
]
