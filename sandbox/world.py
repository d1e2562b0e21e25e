"""Wiring: one object that holds every part of the platform."""

from dataclasses import dataclass

from sandbox.bills import Bills
from sandbox.callbacks import Callbacks
from sandbox.calls import Calls
from sandbox.chat import Chat
from sandbox.clock import Clock
from sandbox.courier import Courier
from sandbox.customer_service import CustomerService
from sandbox.deliveries import Carrier, Channel, Deliveries
from sandbox.faults import Faults
from sandbox.followers import Followers
from sandbox.ground import Ground
from sandbox.knobs import Panel
from sandbox.media import MediaShelf
from sandbox.menus import Menus
from sandbox.notifications import Notifications
from sandbox.oauth import OAuth
from sandbox.payments import Payments
from sandbox.people import People, Places
from sandbox.qrcodes import QrCodes
from sandbox.quotas import Quotas
from sandbox.refunds import Refunds
from sandbox.replies import Replies
from sandbox.settings import Settings
from sandbox.store import Store
from sandbox.tags import Tags
from sandbox.tokens import Tokens
from sandbox.transfers import Transfers
from sandbox.wallet import Wallet
from sandbox.windows import Windows


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The platform's parts, for the blueprints."""

    ground: Ground
    faults: Faults
    calls: Calls
    quotas: Quotas
    tokens: Tokens
    followers: Followers
    chat: Chat
    windows: Windows
    media: MediaShelf
    menus: Menus
    qrcodes: QrCodes
    tags: Tags
    oauth: OAuth
    customer_service: CustomerService
    callbacks: Callbacks
    people: People
    notifications: Notifications
    payments: Payments
    refunds: Refunds
    transfers: Transfers
    bills: Bills
    deliveries: Deliveries
    courier: Courier

    def close(self) -> None:
        """Stop the courier and close the store."""
        self.courier.stop()
        self.ground.store.close()


def build(settings: Settings) -> World:
    """Build the platform and start its courier."""
    store = Store(settings.data_dir)
    ground = Ground(store=store, clock=Clock(store), panel=Panel(settings.knobs), settings=settings)
    faults, quotas, followers = Faults(store), Quotas(ground), Followers(ground)
    media, chat, windows = MediaShelf(ground), Chat(ground), Windows(ground)
    deliveries = Deliveries(ground, faults)
    callbacks = Callbacks(ground, deliveries, followers, chat, Replies(ground, media))
    notifications, wallet = Notifications(ground, deliveries), Wallet(ground)
    payments = Payments(ground, followers, windows, notifications)
    refunds = Refunds(ground, payments, wallet, notifications)
    transfers = Transfers(ground, followers, wallet, notifications)
    places = Places(
        followers=followers,
        callbacks=callbacks,
        chat=chat,
        windows=windows,
        media=media,
        menus=Menus(ground),
        qrcodes=QrCodes(ground),
    )
    carriers: dict[Channel, Carrier] = {
        channel: callbacks if channel == Channel.CALLBACK else notifications for channel in Channel
    }
    world = World(
        ground=ground,
        faults=faults,
        calls=Calls(ground),
        quotas=quotas,
        tokens=Tokens(ground, quotas),
        followers=followers,
        chat=chat,
        windows=windows,
        media=media,
        menus=places.menus,
        qrcodes=places.qrcodes,
        tags=Tags(ground, followers),
        oauth=OAuth(ground, followers),
        customer_service=CustomerService(ground, followers, windows, media, chat),
        callbacks=callbacks,
        people=People(ground, places),
        notifications=notifications,
        payments=payments,
        refunds=refunds,
        transfers=transfers,
        bills=Bills(ground, payments, refunds, transfers, wallet),
        deliveries=deliveries,
        courier=Courier(deliveries, faults, carriers, [refunds.sweep, transfers.sweep]),
    )
    world.courier.start()
    return world
