"""Referral codes at work: touches, and the bindings that they open."""
