"""Deliver what the outbox holds: claim, mark as being sent, call WeChat, write down the outcome.

A lease is real time, `available_at` is business time. Whoever claimed a row finishes it only
while the row still carries that owner and that epoch, so any number of workers may run.
"""
