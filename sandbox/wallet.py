"""How much money the merchant has at WeChat Pay."""

from sandbox.ground import Ground


class Wallet:
    """The balance follows from payments, refunds and transfers; it is kept nowhere."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def fee_fen(self, amount_fen: int) -> int:
        """Return what WeChat Pay keeps of an amount, rounded half up to the fen."""
        return (amount_fen * self._ground.knobs.pay_fee_bp + 5000) // 10000

    def _fees(self, amounts: str) -> int:
        return sum(self.fee_fen(row[0]) for row in self._ground.store.rows(amounts))

    def balance_fen(self) -> int:
        """Return the money that can be refunded or transferred, in fen."""
        store = self._ground.store
        came = store.number("SELECT sum(amount_fen) FROM payments WHERE paid_at IS NOT NULL")
        returned = store.number("SELECT sum(refund_fen) FROM refunds WHERE status != 'CLOSED'")
        fees = self._fees("SELECT amount_fen FROM payments WHERE paid_at IS NOT NULL")
        fees -= self._fees("SELECT refund_fen FROM refunds WHERE status != 'CLOSED'")
        transferred = store.number(
            "SELECT sum(amount_fen) FROM transfers WHERE state NOT IN ('FAIL', 'CANCELLED')"
        )
        return self._ground.knobs.opening_balance_fen + came - returned - fees - transferred
