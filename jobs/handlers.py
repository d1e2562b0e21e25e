"""Which workflow delivers which kind of work."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from web.collaborators import Collaborators
from workflows.delivery.audits import deliver_audit
from workflows.delivery.claim import ClaimedWork
from workflows.delivery.materials import deliver_material
from workflows.delivery.money import deliver_refund, deliver_transfer
from workflows.delivery.notices import deliver_notices
from workflows.delivery.posters import deliver_poster
from workflows.delivery.pushes import deliver_push
from workflows.delivery.replies import deliver_reply
from workflows.delivery.tools import DeliveryTools
from workflows.outbox import WorkKind

Handler = Callable[[DeliveryTools, Sequence[ClaimedWork], datetime], None]


def one(deliver: Callable[[DeliveryTools, ClaimedWork, datetime], None]) -> Handler:
    """Return a handler for a kind whose works are delivered one by one."""

    def handle(tools: DeliveryTools, works: Sequence[ClaimedWork], now: datetime) -> None:
        (work,) = works
        deliver(tools, work, now)

    return handle


HANDLERS: Mapping[WorkKind, Handler] = MappingProxyType(
    {
        WorkKind.REPLY: one(deliver_reply),
        WorkKind.NOTICE: deliver_notices,
        WorkKind.POSTER: one(deliver_poster),
        WorkKind.MATERIAL: one(deliver_material),
        WorkKind.PUSH: one(deliver_push),
        WorkKind.REFUND: one(deliver_refund),
        WorkKind.TRANSFER: one(deliver_transfer),
        WorkKind.AUDIT: one(deliver_audit),
    }
)
"""A kind that isn't here is never claimed: it waits for a worker that knows it."""

PROMPT = tuple(kind for kind in HANDLERS if kind is not WorkKind.PUSH)
"""What somebody waits for goes before a push to thousands."""
IN_BULK = (WorkKind.PUSH,)


def delivery_tools(parts: Collaborators) -> DeliveryTools:
    """Return what the handlers work with."""
    return DeliveryTools(
        sessions=parts.sessions,
        account=parts.account,
        payments=parts.payments,
        base_url=parts.site.base_url,
        brand_name=parts.site.brand_name,
    )


def bundles(works: Iterable[ClaimedWork]) -> Iterator[tuple[ClaimedWork, ...]]:
    """Put one person's notices together; everything else stands alone, in its order."""
    notices: defaultdict[int | None, list[ClaimedWork]] = defaultdict(list)
    alone: list[tuple[ClaimedWork, ...]] = []
    for work in works:
        if work.kind is WorkKind.NOTICE:
            notices[work.wechat_user_id].append(work)
        else:
            alone.append((work,))
    yield from alone
    yield from (tuple(together) for together in notices.values())
