"""One channel of every kind, each with a secret that must not show; a new kind of sink comes here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipeline.notify.channels import Alertmanager, Channel, PagerDuty, Slack, Webhook
from pipeline.notify.notification import Notification
from schemas import CommunicationOverdue, CrisisEvent, CrisisEventType
from schemas.codec import encode
from tests.pipeline.notify.crises import step

SECRET = "s3cr3ts3cr3ts3cr3ts3cr3ts3cr3t32"
NOW = datetime(2026, 3, 2, 12, 0, 30, tzinfo=UTC)


def _alertmanager(folder: Path, url: str) -> Channel:
    return Alertmanager(name="ops", url=url.replace("://", f"://vigie:{SECRET}@"))


def _pagerduty(folder: Path, url: str) -> Channel:
    return PagerDuty(name="ops", url=f"{url}/v2/enqueue", routing_key_file=written(folder, SECRET))


def _slack(folder: Path, url: str) -> Channel:
    return Slack(name="ops", url_file=written(folder, f"{url}/services/T0/B0/{SECRET}\n"))


def _webhook(folder: Path, url: str) -> Channel:
    return Webhook(name="ops", url=f"{url}/hook/{SECRET}", secret_file=written(folder, SECRET))


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A kind of sink, and how its receiver answers."""

    kind: str
    channel: Callable[[Path, str], Channel]
    """Makes the channel: a folder for secrets, and the receiver's base URL."""
    accepted: int
    """Status that says yes; the body is `ok`."""
    final: Mapping[int, str]
    """Statuses after which the receiver will never take it, and a word of the message."""
    retried: tuple[int, ...]
    """Statuses of which one might think so."""
    reads_body: bool = False
    """Whether the body of the answer matters."""


CASES = (
    Case(
        kind="alertmanager",
        channel=_alertmanager,
        accepted=200,
        final={400: "malformed", 413: "large", 422: "malformed"},
        retried=(202, 401, 403, 404, 405, 410),
    ),
    Case(
        kind="pagerduty",
        channel=_pagerduty,
        accepted=202,
        final={400: "routing key", 413: "large"},
        retried=(200, 401, 403, 404, 410),
    ),
    Case(
        kind="slack",
        channel=_slack,
        accepted=200,
        final={400: "malformed", 403: "forbidden", 404: "exist", 410: "archived", 413: "large"},
        retried=(204, 401),
        reads_body=True,
    ),
    Case(
        kind="webhook",
        channel=_webhook,
        accepted=200,
        final={400: "malformed", 410: "no more", 413: "large", 415: "malformed", 422: "malformed"},
        retried=(401, 403, 404, 405, 409),
    ),
)


def written(folder: Path, secret: str) -> Path:
    """Put a secret into a file."""
    path = folder / "channel.secret"
    path.write_text(secret, encoding="utf-8")
    return path


def notification(event: CrisisEvent | CommunicationOverdue | None = None) -> Notification:
    """Return what the notify agent hands to a sink."""
    event = event or step(CrisisEventType.OPENED)
    return Notification(id=f"{event.id}-ops", event=event, payload=encode(event))
