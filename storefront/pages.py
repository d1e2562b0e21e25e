"""Every view of the storefront, so that importing this module completes the blueprint."""

from storefront import (
    addresses,
    blueprint,
    centre,
    certificates,
    checkout,
    materials,
    orders,
    payments,
    pictures,
    policy,
    referral,
    referral_poster,
    session,
    shop,
    site_files,
    training,
)

__all__ = [
    "addresses",
    "blueprint",
    "centre",
    "certificates",
    "checkout",
    "materials",
    "orders",
    "payments",
    "pictures",
    "policy",
    "referral",
    "referral_poster",
    "session",
    "shop",
    "site_files",
    "training",
]
