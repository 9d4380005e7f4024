"""The whole of Vigie at work on a small log: Apache Kafka, a worker, Prometheus, Alertmanager, and who is told."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.role import Role, ingest_web_port
from pipeline.formats import parse
from schemas.crisis import CrisisEvent, CrisisEventType
from schemas.reading import read_crisis_record
from tests.brokers.base import Broker
from tests.faults.logs import Log, talk
from tests.faults.trial import Trial
from tests.ingest.trial import Trial as IngestTrial
from tests.live.vigie import now_ms
from tests.ops.alertmanager import running_alertmanager
from tests.ops.prometheus import Prometheus, scraping
from tests.ops.receiver import Call, Receiver, receiving
from tests.ports import free_ports

SECRET = "whsec_dmlnaWUgb24gdGhlIG1hc3QgMjAyNg=="
"""What the webhook of the scene is signed with."""

_DAY_MS = 24 * 3600 * 1000
FEED_S = 20.0
"""Two days pass in so many seconds: long enough for Prometheus to see curves."""
_TIMEOUT_S = 90.0
_LONG = 30
_NOTIFY = """\
version = 1

[channels.alertmanager]
kind = "alertmanager"
url = "{alertmanager}"

[channels.desk]
kind = "webhook"
url = "{webhook}"
secret_file = "{secret}"

[[routes]]
brands = ["*"]
min_level = 2
channels = ["alertmanager", "desk"]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is there once the crisis is over and everybody has been told."""

    prometheus: Prometheus
    """Has scraped all of it."""
    told: list[Call]
    """What Vigie's own webhook channel sent."""
    paged: list[Call]
    """What Alertmanager sent on."""
    crises: list[CrisisEvent]
    """What the topic holds, each event once, in order."""
    start_s: float
    """When the first tweet was written, epoch seconds."""
    end_s: float
    """When everything had come."""
    worker_log: Path
    """What the worker said."""
    texts: frozenset[str]
    """What people wrote."""


@contextmanager
def played(broker: Broker, folder: Path) -> Iterator[Scene]:
    """Have a crisis start, grow and end, and everybody told of it; Prometheus goes on for the length of the block."""
    with ExitStack() as stack:
        told, paged = stack.enter_context(receiving()), stack.enter_context(receiving())
        alertmanager = stack.enter_context(running_alertmanager(folder / "alertmanager", paged.url))
        trial = _trial(broker, folder, alertmanager=alertmanager, webhook=told.url)
        ports = {role.value: trial.settings.web_port + at for at, role in enumerate(Role)}
        way_in = stack.enter_context(_way_in(broker, folder / "ingest"))
        ports["ingest"] = ingest_web_port(way_in.settings)
        prometheus = stack.enter_context(scraping(folder / "prometheus", ports, alertmanager=alertmanager))
        with trial.worker() as worker:
            _until_scraped(prometheus, len(Role), trial)
            _lose_the_source(way_in, prometheus)
            # Whole days, so that night and day lie in the log as the simulator means them.
            log = talk(11, 12_000, 2, start_ms=now_ms() // _DAY_MS * _DAY_MS - 2 * _DAY_MS).closed()
            start_s = time.time()
            with trial.load(log, over_s=FEED_S):
                told.until(_resolved_here, what="the webhook is told of the end", timeout_s=_TIMEOUT_S)
                paged.until(_resolved_there, what="Alertmanager tells of the end", timeout_s=_TIMEOUT_S)
                trial.settle(worker)
            _until_all_scraped(prometheus, trial)
            yield Scene(
                prometheus=prometheus,
                told=told.calls,
                paged=paged.calls,
                crises=_crises(trial),
                start_s=start_s,
                end_s=time.time(),
                worker_log=trial.folder / "worker.log",
                texts=_texts(log),
            )


@contextmanager
def _way_in(broker: Broker, folder: Path) -> Iterator[IngestTrial]:
    """Run an ingester that follows a local X, into a topic of its own: the log of the scene is of other days."""
    folder.mkdir()
    trial = IngestTrial(broker, folder, f"ops-in-{time.time_ns():x}.", lambda *_, **__: None, x_access="pro")
    try:
        server = trial.x(rate=1.0)  # seldom enough for keep-alives in between
        trial.ingest("x")
        trial.connected(server)
        yield trial
    finally:
        trial.close()


def _lose_the_source(way_in: IngestTrial, prometheus: Prometheus) -> None:
    """Have X go away, until Prometheus has seen it, and come back."""
    (server,) = way_in._servers
    for asked, connections in (("", 1.0), ("refuse", 0.0), ("listen", 1.0)):
        if asked:
            server.ask(asked)
        way_in.until(
            lambda wanted=connections: prometheus.now(f'vigie_ingest_connections{{source="x"}} == {wanted}'),  # type: ignore[misc]
            f"{connections} connections to X as Prometheus sees them",
        )


def _trial(broker: Broker, folder: Path, *, alertmanager: str, webhook: str) -> Trial:
    secret, notify = folder / "webhook.secret", folder / "notify.toml"
    secret.write_text(SECRET, encoding="utf-8")
    notify.write_text(_NOTIFY.format(alertmanager=alertmanager, webhook=webhook, secret=secret), encoding="utf-8")
    settings: dict[str, Any] = {"web_port": free_ports(len(Role)), "notify": notify, "log_format": "json"}
    return Trial(broker, folder, f"ops-{time.time_ns():x}.", lambda _: None, **settings)


def _resolved_here(calls: list[Call]) -> bool:
    return any(call.json["type"] == CrisisEventType.RESOLVED for call in calls)


def _resolved_there(calls: list[Call]) -> bool:
    return any(call.json["status"] == "resolved" for call in calls)


def _until_scraped(prometheus: Prometheus, roles: int, trial: Trial) -> None:
    """Wait until every role is up and ready."""
    _until(lambda: sum(value for _, value in prometheus.now("vigie_worker_ready")) == roles, "ready roles", trial)


def _until_all_scraped(prometheus: Prometheus, trial: Trial) -> None:
    """Wait until Prometheus has seen the end of it: nothing waits, nothing is pending, a minute of rates is there."""
    _until(
        lambda: (
            not any(value for _, value in prometheus.now("vigie_consumer_lag_records or vigie_notifications_pending"))
        ),
        "no lag",
        trial,
    )
    ended_s = time.time()
    _until(lambda: prometheus.now("min(timestamp(up))")[0][1] > ended_s + 2.0, "scrapes after the end", trial)


def _until(condition: Any, what: str, trial: Trial) -> None:
    deadline = time.monotonic() + _TIMEOUT_S
    while not condition():
        assert time.monotonic() < deadline, f"not within {_TIMEOUT_S:.0f} s: {what}\n{trial.logs()}"
        time.sleep(0.2)


def _crises(trial: Trial) -> list[CrisisEvent]:
    events: dict[str, CrisisEvent] = {}
    for record in trial.read(trial.settings.topics.crises):
        event = read_crisis_record(record.value or b"")
        if isinstance(event, CrisisEvent):
            events.setdefault(event.id, event)
    return sorted(events.values(), key=lambda event: (event.crisis_id, event.sequence))


def _texts(log: Log) -> frozenset[str]:
    """The tweets that are long enough to be known again."""
    parsed = (parse(record.value, max_bytes=1 << 20) for record in log.records)
    return frozenset(tweet.text for each in parsed for tweet in each.tweets if len(tweet.text) > _LONG)


def log_lines(scene: Scene) -> list[dict[str, Any]]:
    """The worker's log, a line each."""
    return [json.loads(line) for line in scene.worker_log.read_text(encoding="utf-8").splitlines()]


__all__ = ["FEED_S", "SECRET", "Receiver", "Scene", "log_lines", "played"]
