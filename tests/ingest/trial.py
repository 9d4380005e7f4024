"""One trial of the way in: the real command between a local source and a real Kafka, and the judgement in the end.

What is judged is the same whatever was broken: every line that was ever published is stored as it came, or is from a
time of which a gap record says, in every partition, that it is incomplete; nothing is stored that was not published;
all copies of a post are in one partition; no gap is wider than nobody was connected, but for what is allowed by name.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any, Protocol

from agents.settings import load_settings
from pipeline.enrich import Enricher
from pipeline.ingest.coverage import Missing
from pipeline.records import Record as LogRecord
from pipeline.text import StandardAnalyzer
from pipeline.watchlist import Watchlist
from tests.brokers.base import Broker
from tests.brokers.client import Record, consume_all, create_topics
from tests.faults.trial import answered
from tests.ingest.ingester import Ingester
from tests.ingest.outcome import Note, Outcome, Stored, gaps_of, read_topic, sum_up, unconnected
from tests.ingest.tail import Tail
from tests.ingest.x import X
from tests.ports import free_ports

__all__ = ["Sender", "Trial", "until"]

_POLL_S = 0.1
_BEFORE_S = 11.0
"""By how much a gap may begin before nobody was connected any more: 7 seconds are allowed for delivery, times are cut
to whole seconds twice, and the last word of the stream may be a keep-alive ago."""
_AFTER_S = 2.5
"""By how much it may end after somebody was again: X's clock is known to a second, and times are whole seconds."""
_WATCHLIST = """\
version = 1

[brands.contoso]
name = "Contoso"
aliases = ["Contoso"]
handles = ["contoso"]
official = ["contoso"]
"""


class Sender(Protocol):
    """What publishes: a local X, or another source."""

    def published(self) -> list[dict[str, Any]]:
        """Return all that was ever published: ID, shape, stream, time and line."""

    def ids(self, since_ms: int = 0) -> list[tuple[str, int, str]]:
        """Return the ID, time and stream of each post that was published, since some time."""

    def count(self) -> int:
        """Return how many lines were published."""

    def spans(self) -> list[tuple[str, int, int | None]]:
        """Return stream, beginning and end of each connection."""

    def open(self, topic: str = "posts") -> int:
        """Return how many connections of a stream are open."""

    def now_ms(self) -> int:
        """Return the time by its clock."""

    def quiet(self) -> None:
        """Have nothing more published, and wait until all that was is delivered."""

    def last(self) -> set[bytes]:
        """Return the keys of what comes last of all; publish it if need be."""


class Trial:
    """A raw topic, settings, ingesters one after the other, and the judgement.

    Parameters
    ----------
    broker, prefix, folder, note
        From fixtures.
    partitions
        Of the raw topic.
    raw_topic
        Whether it is made here.
    replication
        On how many brokers it is.
    settings
        Of the ingester, beside those that every trial has.
    """

    def __init__(
        self,
        broker: Broker,
        folder: Path,
        prefix: str,
        note: Note,
        *,
        partitions: int = 3,
        raw_topic: bool = True,
        replication: int = 1,
        **settings: Any,
    ) -> None:
        self.broker = broker
        self.folder = folder
        self.partitions = partitions
        self.watchlist = folder / "watchlist.toml"
        self.watchlist.write_text(_WATCHLIST, encoding="utf-8")
        self.token = folder / "token"
        self.token.write_text("token-1\n", encoding="utf-8")
        self.token.chmod(0o600)
        chosen: dict[str, Any] = {
            "brokers": broker.bootstrap,
            "topic_prefix": prefix,
            "watchlist": self.watchlist,
            "data_dir": folder / "faust",
            "ingest_dir": folder / "journal",
            "idempotent_producer": broker.kind == "kafka",
            "x_token_file": self.token,
            "x_access": "enterprise",
            "web_port": free_ports(5),
        }
        self.settings = load_settings(**chosen | settings)
        self.topic = self.settings.topics.raw
        if raw_topic:
            config = {"message.timestamp.type": "LogAppendTime", "min.insync.replicas": str(min(replication, 2))}
            asyncio.run(create_topics(broker.bootstrap, {self.topic: partitions}, config, replication=replication))
        self._tail = Tail(broker.bootstrap, self.topic, partitions)
        self._note = note
        self._servers: list[X] = []
        self._ingesters: list[Ingester] = []

    def close(self) -> None:
        """End whatever runs."""
        for ingester in self._ingesters:
            ingester.kill()
        for server in self._servers:
            server.stop()
        self._tail.stop()

    @property
    def keys(self) -> AbstractSet[bytes | None]:
        """Keys of what the raw topic is known to hold by now."""
        if not self._tail.is_running:
            self._tail.start()
        return self._tail.keys

    # -- what runs -----------------------------------------------------------------------------------

    def x(self, **plan: Any) -> X:
        """Start a local X, which publishes from now on."""
        server = X(self.folder, **plan)
        self._servers.append(server)
        self.settings = self.settings.model_copy(update={"x_api": server.url})
        return server

    def ingest(
        self, *arguments: str, environment: Mapping[str, str] | None = None, stdin: Any = None, **overrides: Any
    ) -> Ingester:
        """Start ``vigie ingest`` with these arguments."""
        settings = self.settings.model_copy(update=overrides)
        log = self.folder / f"ingest{len(self._ingesters)}.log"
        if arguments == ("x",):
            arguments = ("x", "--connections", "1")  # whatever else the access level has
        ingester = Ingester(arguments, settings, log, environment or {}, stdin)
        self._ingesters.append(ingester)
        return ingester

    def connected(self, server: Sender, topic: str = "posts", count: int = 1) -> None:
        """Wait until so many connections to a stream are open."""
        self.until(lambda: server.open(topic) >= count, f"{count} connections to {topic}")

    def until(self, condition: Callable[[], object], what: str, *, timeout_s: float = 60.0) -> None:
        """Wait for something."""
        until(condition, what, timeout_s=timeout_s, logs=self.logs)

    def publishes(self, server: Sender, posts: int) -> None:
        """Wait until so many more posts are published, whether or not anybody hears them."""
        wanted = server.count() + posts
        self.until(lambda: server.count() >= wanted, f"{posts} posts are published", timeout_s=posts)

    def flows(self, server: Sender, *, posts: int = 10) -> None:
        """Wait until so many of the posts that are published from now on are stored."""
        before = server.now_ms()

        def stored() -> bool:
            known = self.keys
            return sum(post_id.encode() in known for post_id, _, _ in server.ids(before)) >= posts

        self.until(stored, f"{posts} new posts are stored")

    def settle(self, server: Sender) -> None:
        """Have nothing more published, wait until the last post of all is stored, and stop the last ingester."""
        server.quiet()
        last = server.last()
        self.until(lambda: last <= self.keys, "the last post is stored")
        self.stop()

    def stop(self) -> None:
        """Stop the last ingester, as an operator would."""
        code = self._ingesters[-1].stop()
        assert code == 0, f"exit code {code}\n{self.logs()}"

    # -- judgement -----------------------------------------------------------------------------------

    def records(self) -> list[Record]:
        """Everything in the raw topic."""
        return asyncio.run(answered(lambda: consume_all(self.broker.bootstrap, self.topic, timeout_seconds=60.0)))

    def stored(self) -> Stored:
        """Everything in the raw topic, sorted out; every partition says the same of gaps (after a crash, twice)."""
        found = read_topic(self.records(), self.partitions)
        bounds = [gaps_of(records) for records in found.gaps.values()]
        assert all(each == bounds[0] for each in bounds), f"partitions differ in gaps: {found.gaps}\n{self.logs()}"
        return found

    def enriched(self) -> Counter[str]:
        """Read the raw topic as enrich does, partition by partition, and return its counts, and that of rejects."""
        enricher = Enricher(self.settings.engine(), Watchlist.load(self.watchlist), StandardAnalyzer())
        counts: Counter[str] = Counter()
        for partition in range(self.partitions):
            log = [
                LogRecord(each.offset or 0, each.timestamp_ms, each.key, each.value, each.headers)
                for each in self.records()
                if each.partition == partition
            ]
            found = enricher.enrich(enricher.new_clock(partition), log)
            counts += found.counts
            counts["rejected"] += len(found.rejected)
            counts["gaps"] += len(found.gaps)
        return counts

    def judge(
        self,
        trial: str,
        server: Sender,
        *,
        topic: str = "posts",
        lost: bool | None = None,
        others: Sequence[tuple[int, int]] = (),
        before_s: float = _BEFORE_S,
        after_s: float = _AFTER_S,
    ) -> Outcome:
        """Hold what is stored against what was published, note the outcome, and fail on anything unaccounted for.

        Parameters
        ----------
        trial : str
            Name of the row.
        server : X
            Which has published.
        topic : str
            Which stream; of several, how their names begin.
        lost : bool, optional
            Whether posts must be missing (the fault did something), or must not.
        others : sequence of (int, int)
            Bounds of faults elsewhere, by the server's clock.
        before_s, after_s : float
            By how much a gap may begin before nobody was connected any more, and end after somebody was again.
        """
        spans, now_ms, stored = server.spans(), server.now_ms(), self.stored()
        first = {name: opened for name, opened, _ in reversed(spans)}
        published = [
            each
            for each in server.published()
            if each["topic"].startswith(topic)
            # What was said before anybody had ever listened is nobody's loss.
            and (each["at_ms"] >= first.get(each["topic"], 0) or each["line"] in stored.lines)
        ]
        records = stored.gaps[0]
        gaps = gaps_of(records)
        found = sum_up(published, stored, gaps)
        streams = {name for name, _, _ in spans if name.startswith(topic)}
        down = sorted(each for name in streams for each in unconnected(spans, name, now_ms))
        outcome = Outcome(
            trial=trial,
            sent=len(published),
            stored=found.stored,
            twice=found.twice,
            missing=len(found.missing),
            in_gaps=found.in_gaps,
            gaps=len(gaps),
            gap_s=sum(gap.end_ms - gap.start_ms for gap in gaps) / 1000,
            down_s=sum(end - start for start, end in down if end < now_ms) / 1000,
        )
        self._note(outcome)
        self.check_sums(stored)
        what = f"{outcome}\ngaps {records}\ndown {down}\n"
        assert not found.foreign, f"stored, and never sent: {found.foreign[:3]}\n{what}{self.logs()}"
        outside = [each for each in found.missing if not _in(each["time_ms"], gaps)]
        assert not outside, (
            f"missing in silence: {[(e['shape'], e['time_ms']) for e in outside[:9]]}\n{what}{self.logs()}"
        )
        for gap in gaps:
            assert _covers([*down, *others], gap, before_s, after_s), (
                f"a gap without a fault: {gap}\n{what}{self.logs()}"
            )
        if lost is not None:
            assert bool(found.missing) == lost, f"missing: {len(found.missing)}\n{what}{self.logs()}"
        ids = {each["line"]: each["id"].encode() for each in published if each["id"] is not None}
        for line, places in stored.places.items():
            assert len({partition for partition, _ in places}) == 1, f"copies in several partitions: {line!r}"
            assert line not in ids or {key for _, key in places} == {ids[line]}, f"key of {line!r}: {places}"
        return outcome

    def check_sums(self, stored: Stored) -> None:
        """Hold what the ingesters say of themselves against what there is."""
        sums = [ingester.sums() for ingester in self._ingesters]
        for said in sums:
            if said is not None:
                before, after = said.get("left", 0) + said["put"], said["stored"] + said["dropped"] + said["waiting"]
                assert before == after, f"{said}\n{self.logs()}"
        known, records = sum(said["stored"] for said in sums if said), stored.lines.total()
        assert known <= records, f"{sums}, and {records} in Kafka\n{self.logs()}"

    def logs(self) -> str:
        """The end of each log."""
        return "\n".join(
            f"--- {path.name}\n" + "\n".join(path.read_text(errors="replace").splitlines()[-60:])
            for path in sorted(self.folder.glob("*.log"))
        )


def _covers(faults: Sequence[tuple[int, int]], gap: Missing, before_s: float, after_s: float) -> bool:
    """Say whether all of a gap lies in faults, or in what is allowed around them."""
    reached = gap.start_ms
    for start, end in sorted(faults):
        if start - 1000 * before_s <= reached:
            reached = max(reached, int(end + 1000 * after_s))
    return reached >= gap.end_ms


def _in(time_ms: int, gaps: Sequence[Missing]) -> bool:
    return any(gap.start_ms <= time_ms < gap.end_ms for gap in gaps)


def until(
    condition: Callable[[], object], what: str, *, timeout_s: float = 60.0, logs: Callable[[], str] = lambda: ""
) -> None:
    """Wait for something that only its traces tell of."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout_s:.0f} s: {what}\n{logs()}"
        time.sleep(_POLL_S)
