"""Random logs of a mentions partition, as enrich would write them, and a worker that crashes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from random import Random
from typing import Any, Self

from msgspec.structs import replace

from pipeline.brandstate import DetectorFactory
from pipeline.bucket import ClosedBucket
from pipeline.compression import deflate, inflate
from pipeline.detection import Alarm, Outcome, UnknownDetectorState
from pipeline.detection.brief import Brief
from pipeline.detection.severity import Verdict
from pipeline.settings import DetectionSettings, EngineSettings
from pipeline.situation.keeper import joined, parted
from pipeline.statecore import unpack_core
from pipeline.statevalue import unwrap, wrap
from pipeline.tracker import Tracker
from schemas.codec import decode, encode
from schemas.crisis import Concern, CrisisEvent, CrisisEventType, Evidence
from schemas.ids import crisis_event_id, crisis_id
from schemas.mention import Erasure, Gap, Mention, MentionRecord, Origin, Sentiment, SentimentLabel, Watermark
from schemas.times import to_rfc3339
from schemas.tone import ToneIssue
from schemas.tweet import TweetKind
from schemas.window import Detection, Level

START_MS = 1_424_570_400_000
"""2015-02-22T02:00:00Z."""
MINUTE_MS = 60_000
LATENESS_MS = 30_000

SHORT_LIVED = EngineSettings(detection=DetectionSettings(resolve_after_ms=3 * MINUTE_MS))
"""A crisis is over after three calm minutes, so that short logs have whole ones."""

LogItem = MentionRecord


def mention(**changes: Any) -> Mention:
    """Return a mention of acme at the start, with changes."""
    base = Mention(
        id="6f1d3a52-7c0b-5e0e-9d57-0f6f1c1c7a11",
        brand="acme",
        tweet_id="569330000000000000",
        time_ms=START_MS,
        origin=Origin(partition=0, offset=0),
        author=12345,
        lang="en",
        sentiment=Sentiment(label=SentimentLabel.NEUTRAL, negative=100, neutral=800, positive=100),
        repeat_key=99,
    )
    return replace(base, **changes)


def watermark(time_ms: int | None, offset: int = 0, **changes: Any) -> Watermark:
    """Return a watermark of the only raw partition, with changes."""
    base = Watermark(source_partition=0, source_partitions=1, offset=offset, watermark_ms=time_ms)
    return replace(base, **changes)


def random_mention(rng: Random, brand: str, time_ms: int, partition: int, offset: int) -> Mention:
    """Return a mention with something in every field that is counted."""
    words = [
        rng.choice(("bag", "lost bag", "delay", "refund", "crew", "café", "瑞士")) for _ in range(rng.randint(0, 9))
    ]
    tweet_id = _tweet_id(rng)
    return mention(
        id=f"{rng.getrandbits(128):032x}",
        brand=brand,
        tweet_id=tweet_id,
        time_ms=time_ms,
        origin=Origin(partition=partition, offset=offset),
        kind=rng.choice(list(TweetKind)),
        author=(int(tweet_id) % 13 + 1) * 0x9E3779B97F4A7C15 & (1 << 53) - 1,
        reach=rng.randrange(5000),
        engagement=rng.randrange(20),
        official=rng.random() < 0.2,
        lang=rng.choice(("en", "en", "fr", "es", "de", "pt", "it", "und", "zh-Hant")),
        sentiment=Sentiment(label=rng.choice(list(SentimentLabel)), negative=300, neutral=400, positive=300),
        question=rng.random() < 0.4,
        repeat_key=rng.randrange(30),
        phrases=tuple(words),
        hashtags=tuple(f"tag{rng.randrange(9)}" for _ in range(rng.randint(0, 3))),
        matched=rng.choice((("@acme",), ("acme",))),
        tone=rng.choice(((), (ToneIssue.BLAME,))),
        conversation_id=rng.choice((None, _tweet_id(rng))),
        in_reply_to_id=rng.choice((None, _tweet_id(rng))),
    )


def _tweet_id(rng: Random) -> str:
    """Return one of so few IDs that replies find what they answer."""
    return str(5 * 10**17 + rng.randrange(20))


def raw_log(
    rng: Random,
    partition: int,
    partitions: int,
    *,
    length: int,
    end_ms: int,
    steps_ms: Sequence[int] = (0, 500, 9_000, 40_000, 70_000, 5 * MINUTE_MS),
    idles: bool = False,
) -> list[LogItem]:
    """Return what enrich writes for one raw partition: mentions, gaps and, in order, its watermarks."""
    out: list[LogItem] = []
    newest: int | None = None
    offset, now = 0, START_MS
    for offset in range(length):
        now += rng.choice(steps_ms)
        time_ms = now - rng.choice((0, 0, 0, 20_000, 29_999, 30_001, 300_000))
        if rng.random() < 0.06:
            start = time_ms if newest is None else max(time_ms, newest - LATENESS_MS)
            brands = rng.choice(((), ("acme",)))
            out.append(
                Gap(source_partition=partition, offset=offset, start_ms=start, end_ms=now + 90_000, brands=brands)
            )
            continue
        late = newest is not None and time_ms < newest - LATENESS_MS
        newest = time_ms if newest is None else max(newest, time_ms)
        brand = rng.choice(("acme", "acme", "globex", "initech"))
        out.append(replace(random_mention(rng, brand, time_ms, partition, offset), late=late))
        if rng.random() < 0.4:
            out.append(_watermark(newest, partition, partitions, offset))
            if idles and rng.random() < 0.3:
                out.append(replace(_watermark(newest, partition, partitions, offset), idle=True))
    out.append(_watermark(end_ms + LATENESS_MS, partition, partitions, offset))
    return out


def _watermark(newest_ms: int | None, partition: int, partitions: int, offset: int) -> Watermark:
    return Watermark(
        source_partition=partition,
        source_partitions=partitions,
        offset=offset,
        watermark_ms=None if newest_ms is None else newest_ms - LATENESS_MS,
    )


def interleaved(rng: Random, logs: Iterable[Sequence[LogItem]]) -> list[LogItem]:
    """Mix logs, each keeping its order."""
    left = [list(reversed(log)) for log in logs]
    out = []
    while any(left):
        out.append(rng.choice([log for log in left if log]).pop())
    return out


def with_erasures(rng: Random, log: Sequence[LogItem], *, end_ms: int | None = None) -> list[LogItem]:
    """Return a log with erasures of posts and authors of it, before and after them, several in a row now and then.

    In a random log many posts have one ID, so of an ID all must be meant: erasures of posts are dated at the end of
    the log. Those of authors are, too, if it is told; else about a post.
    """
    mentions = [record for record in log if isinstance(record, Mention)]
    last_ms = max([post.time_ms for post in mentions], default=0)
    out: list[LogItem] = []
    for record in log:
        out.append(record)
        while mentions and rng.random() < 0.2:
            post = rng.choice(mentions)
            if rng.random() < 0.5:
                out.append(Erasure(time_ms=last_ms, tweet_ids=(post.tweet_id,)))
            else:
                about_ms = post.time_ms + rng.choice((0, MINUTE_MS, 20 * MINUTE_MS)) if end_ms is None else end_ms
                out.append(Erasure(time_ms=about_ms, authors=(post.author,), coming=(post.author,)))
    return out


_CONCERN = Concern(phrase="lost bag", count=1, share=0.5, usual_share=0.1, phrases=("lost bag", "refund"))


class FakeDetector:
    """Remembers everything that could differ, as floats, and raises an event and the brand's alarm now and then."""

    def __init__(self, brand: str, settings: DetectionSettings, alarm: Alarm | None = None) -> None:
        self.brand = brand
        self.alarm = Alarm(brand, settings) if alarm is None else alarm
        self.mean = 0.0
        self.seen = 0
        self.crises = 0

    def observe(self, bucket: ClosedBucket) -> Outcome:
        minute = bucket.windows["1m"]
        if bucket.observed:
            level = Level.ALERT if minute.volume > 2 else Level.CALM
            self.alarm.step(Verdict(0.0, level, level, level), bucket.end_ms, learning=1.0, silent=False)
        self.seen += 1
        self.mean += (minute.volume + minute.authors / 3 - self.mean) / 7
        detection = Detection(
            level=Level.ALERT if minute.volume > 2 else Level.CALM,
            score=self.mean,
            expected_1h=sum(len(document.said) + document.mentions / 7 for document in bucket.documents),
            low_1h=float(sum(len(document.tags) for document in bucket.documents)),
            high_1h=float(sum(tweet.engagement for tweet in bucket.exemplars)),
            negative_share_expected=bucket.unobserved_minutes / 10_000,
            learning=self.seen / (self.seen + 1),
        )
        events = (self._event(bucket),) if minute.volume > 2 else ()
        return Outcome(detection=detection, events=events)

    def brief(self) -> Brief:
        return Brief(concerns=(_CONCERN,), learning=self.mean)

    def learn(self, bucket: ClosedBucket) -> None:
        self.seen += 1

    def _event(self, bucket: ClosedBucket) -> CrisisEvent:
        self.crises += 1
        crisis, end = crisis_id(self.brand, bucket.end_ms), to_rfc3339(bucket.end_ms)
        return CrisisEvent(
            id=crisis_event_id(crisis, self.crises),
            crisis_id=crisis,
            brand=self.brand,
            type=CrisisEventType.OPENED,
            sequence=self.crises,
            level=Level.ALERT,
            previous_level=Level.CALM,
            peak_level=Level.ALERT,
            time=end,
            opened_at=end,
            window_start=end,
            window_end=end,
            evidence=Evidence(
                window="1m",
                observed=bucket.windows["1m"],
                expected_volume=self.mean,
                interval=(0.0, self.mean),
                negative_share=0.0,
                negative_share_expected=0.0,
                score=self.mean,
                signals=(),
                concerns=(),
                hashtags=tuple(document.tags for document in bucket.documents),
                questions=0,
                exemplars=bucket.exemplars,
                own_posts_24h=bucket.own_posts_24h,
                learning=0.0,
                unobserved_minutes=bucket.unobserved_minutes,
                config_hash="",
                model="fake",
            ),
        )

    def named(self) -> Iterable[str]:
        return ()

    def forget(self, gone: Collection[str]) -> None:
        pass

    def state(self) -> dict[str, Any]:
        return {"version": 1, "mean": self.mean, "seen": self.seen, "crises": self.crises}

    @classmethod
    def restore(
        cls,
        brand: str,
        settings: DetectionSettings,
        state: Mapping[str, Any],
        alarm: Alarm | None = None,
    ) -> Self:
        if state["version"] != 1:
            raise UnknownDetectorState("not mine")
        detector = cls(brand, settings, alarm)
        detector.mean = float(state["mean"])
        detector.seen, detector.crises = int(state["seen"]), int(state["crises"])
        return detector


def published(
    log: Sequence[LogItem], *, batch: int | None = None, factory: DetectorFactory = FakeDetector
) -> list[bytes]:
    """Return the events of a log in the order published, by brand, as bytes."""
    tracker = Tracker(SHORT_LIVED, 0, factory)
    events = []
    for at in range(0, len(log), batch or len(log)):
        events += tracker.step(log[at : at + (batch or len(log))]).events
    return [encode(event) for event in sorted(events, key=lambda event: event.brand)]


def published_by_a_worker_that_crashes(
    rng: Random, log: Sequence[LogItem], *, factory: DetectorFactory = FakeDetector
) -> list[bytes]:
    """Return all that is published when batches vary, and crashes leave a prefix of a step's states.

    After a crash, and now and then without one, records are delivered again from an earlier point.
    """
    table: dict[str, bytes] = {}
    tracker = Tracker(SHORT_LIVED, 0, factory)
    events: list[Any] = []
    at, crashes = 0, 0
    while at < len(log):
        batch = log[at : at + rng.randint(1, 12)]
        step = tracker.step(batch)
        events += step.events
        crash = crashes < 6 and rng.random() < 0.4
        written = rng.randint(0, len(step.states)) if crash else len(step.states)
        table.update(list(step.states.items())[:written])
        if not crash:
            at += len(batch)
            continue
        crashes += 1
        at = max(0, at - rng.choice((0, 0, 3, 30)))
        tracker = Tracker(SHORT_LIVED, 0, factory)
        entries = list(table.items())
        rng.shuffle(entries)
        for key, value in entries:
            tracker.restore(key, value)
        assert not tracker.problems
    return [encode(event) for event in sorted(events, key=lambda event: event.brand)]


_BYTES = ("windows", "authors", "early")


def taken_apart(value: bytes) -> tuple[int, dict[str, Any]]:
    """Return the partition of a brand's value, and its state as one object; what of it is bytes is left as it is.

    A clock's value is taken apart likewise.
    """
    partition, sections = unwrap(value)
    assert not isinstance(sections, Mapping)
    core, *rest = sections
    state = dict(unpack_core(core))
    if len(rest) == 1:
        state["early"] = rest[0]
    else:
        learnt, windows, situation, authors = rest
        state |= {
            "authors": authors,
            "detector": decode(inflate(learnt, 1 << 16)),
            "windows": windows,
            "situation": [decode(inflate(part, 1 << 17)) for part in parted(situation)] if situation else None,
        }
    return partition, state


def damage(value: dict[str, Any], rng: Random, junk: object) -> None:
    """Replace something somewhere inside, apart from what is bytes."""
    inside: Any = value
    path: list[tuple[Any, Any]] = []
    while isinstance(inside, (dict, list)) and inside:
        keys = list(inside) if isinstance(inside, dict) else list(range(len(inside)))
        key = rng.choice([k for k in keys if k not in _BYTES])
        path.append((inside, key))
        inside = inside[key]
    container, key = rng.choice(path)
    container[key] = junk


def put_together(partition: int, state: Mapping[str, Any]) -> bytes:
    """Return the value that `taken_apart` would take apart into this state."""
    core = {name: part for name, part in state.items() if name not in ("detector", "situation", *_BYTES)}
    if "early" in state:
        return wrap(partition, encode(core), state["early"])
    situation = state["situation"]
    return wrap(
        partition,
        encode(core),
        deflate(encode(state["detector"])),
        state["windows"],
        _situation(situation),
        state["authors"],
    )


def _situation(parts: Any) -> bytes:
    """Return the section of a situation; of something damaged, whatever can be written."""
    if parts is None:
        return b""
    whole = isinstance(parts, list) and len(parts) == 3
    return joined(*(deflate(encode(part)) for part in parts)) if whole else encode(parts)
