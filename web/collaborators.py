"""What the faces work with: handed in once, when the application is built."""

from dataclasses import dataclass
from datetime import datetime

from flask import Flask, current_app, g, has_request_context

from rules.payments import Merchant
from web.site import SiteFacts
from wechat.callback import CallbackGuard
from wechat.gateway import Bills, OfficialAccount, Payments, WebAuthorisation
from wechat.pay.notifications import PaymentNotifications
from workflows import SessionFactory
from workflows.clock import business_now

EXTENSION = "fenxiao"


@dataclass(frozen=True, slots=True, kw_only=True)
class Collaborators:
    """Everything outside the process that a face or a worker talks to."""

    sessions: SessionFactory
    site: SiteFacts
    merchant: Merchant
    account: OfficialAccount
    authorisation: WebAuthorisation
    payments: Payments
    bills: Bills
    callback_guard: CallbackGuard
    notifications: PaymentNotifications

    def now(self) -> datetime:
        """Return business time (aware UTC): one moment for all that a request looks at."""
        if not has_request_context():
            return business_now(self.sessions)
        if "now" not in g:
            g.now = business_now(self.sessions)
        moment: datetime = g.now
        return moment


def install_collaborators(app: Flask, collaborators: Collaborators) -> None:
    """Hand the collaborators to an application."""
    app.extensions[EXTENSION] = collaborators


def collaborators() -> Collaborators:
    """Return what the running application was built with."""
    found = current_app.extensions[EXTENSION]
    assert isinstance(found, Collaborators)
    return found
