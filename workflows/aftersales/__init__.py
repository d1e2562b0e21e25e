"""After-sales (售后): the buyer asks, staff decide, the money goes back.

A request that staff accept makes its refund in the same transaction; from then on the order's
refunded amounts, its stock and its commission count the money as gone back. Whoever writes here
locks the order first.
"""
