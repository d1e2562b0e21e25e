"""Every view of the storefront, so that importing this module completes the blueprint."""

from storefront import (
    addresses,
    blueprint,
    centre,
    checkout,
    orders,
    payments,
    pictures,
    policy,
    referral,
    referral_poster,
    session,
    shop,
)

__all__ = [
    "addresses",
    "blueprint",
    "centre",
    "checkout",
    "orders",
    "payments",
    "pictures",
    "policy",
    "referral",
    "referral_poster",
    "session",
    "shop",
]
