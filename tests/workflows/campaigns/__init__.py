"""Payouts, from the request to the money that arrived or came back."""
