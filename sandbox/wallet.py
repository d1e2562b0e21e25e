"""How much money the merchant has at WeChat Pay."""

from sandbox.ground import Ground


class Wallet:
    """The balance follows from payments, refunds and transfers; it is kept nowhere."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def balance_fen(self) -> int:
        """Return the money that can be refunded or transferred, in fen."""
        store = self._ground.store
        came = store.number("SELECT sum(amount_fen) FROM payments WHERE paid_at IS NOT NULL")
        returned = store.number("SELECT sum(refund_fen) FROM refunds WHERE status != 'CLOSED'")
        transferred = store.number(
            "SELECT sum(amount_fen) FROM transfers WHERE state NOT IN ('FAIL', 'CANCELLED')"
        )
        return self._ground.knobs.opening_balance_fen + came - returned - transferred
