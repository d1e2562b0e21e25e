"""What every part of the platform stands on."""

from dataclasses import dataclass

from sandbox.clock import Clock
from sandbox.knobs import Knobs, Panel
from sandbox.settings import Account, Merchant, Settings
from sandbox.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Store, clock, knobs and configuration, handed to each noun."""

    store: Store
    clock: Clock
    panel: Panel
    settings: Settings

    @property
    def knobs(self) -> Knobs:
        """The knobs as they stand now."""
        return self.panel.knobs

    @property
    def account(self) -> Account:
        """The official account."""
        return self.settings.account

    @property
    def merchant(self) -> Merchant:
        """The merchant at WeChat Pay."""
        return self.settings.merchant
