"""What the machines that watch over us may ask; nothing here tells of people or money."""

import ipaddress
from collections.abc import Iterator

from flask import Flask, Response, abort, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from fenxiao.migrating import needs_migration
from models.database import SessionFactory
from models.outbox import OutboxItem
from queries.audit_runs import audit_findings, last_audit
from rules.outbox import WorkStatus
from web.collaborators import collaborators
from workflows.clock import business_now

WATCHED = (
    WorkStatus.PENDING,
    WorkStatus.CLAIMED,
    WorkStatus.SENDING,
    WorkStatus.FAILED,
    WorkStatus.UNKNOWN,
)
FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP")


class OutboxFigures(Collector):
    """How much work waits or went wrong, asked of the database: the same in every process."""

    def __init__(self, sessions: SessionFactory) -> None:
        self._sessions = sessions

    def collect(self) -> Iterator[Metric]:
        """Count the outbox by kind and status, and say how late its oldest due item is."""
        now = business_now(self._sessions)
        items = GaugeMetricFamily(
            "fenxiao_outbox_items", "Work by kind and status", labels=("kind", "status")
        )
        late = GaugeMetricFamily(
            "fenxiao_outbox_late_seconds", "How long the oldest work that is due has waited"
        )
        with self._sessions.read() as session:
            for kind, status, count in session.execute(
                select(OutboxItem.kind, OutboxItem.status, func.count())
                .where(OutboxItem.status.in_(WATCHED))
                .group_by(OutboxItem.kind, OutboxItem.status)
            ):
                items.add_metric((kind, status), count)
            oldest = session.scalar(
                select(func.min(OutboxItem.available_at)).where(
                    OutboxItem.status == WorkStatus.PENDING
                )
            )
        late.add_metric((), max(0.0, (now - oldest).total_seconds()) if oldest else 0.0)
        yield items
        yield late


class AuditFigures(Collector):
    """What the last audit found, when it ran and how long it took; nothing before the first."""

    def __init__(self, sessions: SessionFactory) -> None:
        self._sessions = sessions

    def collect(self) -> Iterator[Metric]:
        """Read the last run and its findings."""
        violations = GaugeMetricFamily(
            "fenxiao_audit_violations", "Offenders of each invariant", labels=("invariant",)
        )
        finished = GaugeMetricFamily(
            "fenxiao_audit_finished_timestamp_seconds", "When the last audit ran, business time"
        )
        seconds = GaugeMetricFamily("fenxiao_audit_seconds", "How long the last audit took")
        with self._sessions.read() as session:
            run = last_audit(session)
            if run is not None:
                for finding in audit_findings(session, run.id):
                    violations.add_metric((finding.code,), finding.violations)
                finished.add_metric((), run.finished_at.timestamp())
                seconds.add_metric((), run.milliseconds / 1000)
        yield violations
        yield finished
        yield seconds


def register_probes(app: Flask, sessions: SessionFactory) -> None:
    """Add `/healthz`, `/readyz` and `/metrics`."""
    figures = CollectorRegistry()
    figures.register(OutboxFigures(sessions))
    figures.register(AuditFigures(sessions))

    @app.get("/healthz")
    def healthz() -> Response:
        """The process runs."""
        return jsonify(status="ok")

    @app.get("/readyz")
    def readyz() -> tuple[Response, int]:
        """The database answers and has this program's schema."""
        asked = collaborators().sessions
        try:
            with asked.read() as session:
                session.execute(text("SELECT 1"))
            is_ready = not needs_migration(asked)
        except SQLAlchemyError:
            app.logger.exception("the database does not answer")
            is_ready = False
        return jsonify(status="ok" if is_ready else "not ready"), 200 if is_ready else 503

    @app.get("/metrics")
    def metrics() -> Response:
        """Figures for a Prometheus on this machine; for everybody else there is no such page."""
        if not _is_direct_from_here():
            abort(404)
        return Response(generate_latest(figures), content_type=CONTENT_TYPE_LATEST)


def _is_direct_from_here() -> bool:
    """A proxy is on this machine too, but it says for whom it asks."""
    if any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
