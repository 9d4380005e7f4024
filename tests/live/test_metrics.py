"""What a running worker says of itself, against what is on its topics."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import subprocess
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import replace
from itertools import takewhile
from typing import NamedTuple

import pytest
from aiokafka import ConsumerRecord
from prometheus_client.parser import text_string_to_metric_families

from agents.embedded.probe import LOOPBACK
from agents.reading import read_topic
from agents.role import Role
from pipeline.archive import ArchiveRecord
from pipeline.enrich import Enricher
from pipeline.simulate import default_scenario, demo_watchlist, simulate
from pipeline.simulate.scenario import DEMO_START_MS
from pipeline.text import StandardAnalyzer
from pipeline.tracker import GapMark
from pipeline.watchlist import Watchlist
from schemas.crisis import CrisisEvent, CrisisEventType
from schemas.deadletter import HEADER_PREFIX, DeadLetterReason
from schemas.feedback import DismissReason, FeedbackVerdict
from schemas.reading import read_crisis_record, read_window
from schemas.times import from_rfc3339
from schemas.window import Level, WindowClosed
from tests.brokers.base import Broker
from tests.feed import feed
from tests.live.vigie import Vigie, now_ms, oracle, until
from tests.ports import free_ports

# What is counted does not depend on the broker; `make test-ops` looks at the pages over Apache Kafka.
pytestmark = pytest.mark.embedded

_HOUR_MS = 3_600_000
_OUTAGE_MS = DEMO_START_MS + 26 * _HOUR_MS
"""After a day of ordinary talk: enough is learnt for a crisis to be called one."""
PARTITIONS = 2
TIMEOUT_S = 120.0

STAGES = {Role.ENRICH: 0, Role.TRACK: 1}
"""Those that have work here, and their ports after the first."""
PAGES = {**STAGES, Role.ERASE: 3}


class Page:
    """A metrics page, read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.types = {family.name: family.type for family in text_string_to_metric_families(text)}
        self._samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]

    def all(self, name: str, *labels: str, **chosen: str) -> dict[tuple[str, ...], float]:
        """The values of a metric by some of its labels."""
        return {
            tuple(sample.labels[label] for label in labels): sample.value
            for sample in self._samples
            if sample.name == name and chosen.items() <= sample.labels.items()
        }

    def one(self, name: str, **chosen: str) -> float:
        """The only value of a metric."""
        values = self.all(name, **chosen)
        assert len(values) == 1, f"{name} {chosen}: {values}"
        return values[()]

    def label_values(self) -> Iterator[tuple[str, str, str]]:
        """Every metric of ours, label and value."""
        for sample in self._samples:
            if sample.name.startswith("vigie_"):
                for label, value in sample.labels.items():
                    yield sample.name, label, value


def fetch(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://{LOOPBACK}:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""  # nobody listens yet


class Site(NamedTuple):
    """A Vigie that has read the first part of a log, and has nothing to do."""

    vigie: Vigie
    port: int
    records: int
    rest: list[ArchiveRecord]

    def page(self, role: Role, port: int | None = None) -> Page:
        return Page(fetch((port or self.port) + PAGES[role], "/metrics")[1])

    def topic(self, name: str) -> list[ConsumerRecord[bytes, bytes]]:
        return asyncio.run(self._read(name))

    async def _read(self, name: str) -> list[ConsumerRecord[bytes, bytes]]:
        async with aclosing(read_topic(self.vigie.settings, name, from_beginning=True, follow=False)) as records:
            return [record async for record in records]

    def windows(self) -> list[WindowClosed]:
        return [read_window(record.value) for record in self.topic(self.vigie.settings.topics.windows)]


def quiet_day_and_outage() -> tuple[list[ArchiveRecord], list[ArchiveRecord]]:
    """The demo with little talk, up to the first hour of a crisis of its busiest brand, and the next two hours."""
    demo = default_scenario(seed=11)
    brands = [
        replace(
            brand,
            per_minute=0.4 if brand.key == "nimbus-mobile" else 0.06,
            events=tuple(replace(event, start_ms=_OUTAGE_MS) for event in brand.events if event.id == "outage"),
        )
        for brand in demo.brands
    ]
    log = [
        ArchiveRecord(tweet.key, tweet.value, tweet.time_ms)
        for tweet in takewhile(
            lambda tweet: tweet.time_ms < _OUTAGE_MS + 3 * _HOUR_MS, simulate(replace(demo, brands=tuple(brands)))
        )
    ]
    cut = next(n for n, record in enumerate(log) if (record.time_ms or 0) >= _OUTAGE_MS + _HOUR_MS)
    return log[:cut], log[cut:]


@pytest.fixture(scope="module")
def site(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    log, rest = quiet_day_and_outage()
    port, folder = free_ports(len(Role)), tmp_path_factory.mktemp("metrics")
    vigie = Vigie(broker, folder, f"metrics-{secrets.token_hex(4)}.", demo_watchlist(), web_port=port, metrics_brands=3)
    vigie.create_topics(raw_partitions=PARTITIONS, partitions=PARTITIONS)
    expected = oracle(vigie.settings, log, read_at_ms=now_ms())
    site = Site(vigie, port, len(log), rest)
    with vigie.worker("first") as worker:
        asyncio.run(feed(vigie.settings, log))
        topics = vigie.settings.topics
        vigie.published(topics.windows, until=expected.windows, running=[worker], timeout_s=TIMEOUT_S)
        vigie.published(topics.crises, until=expected.crises, running=[worker], timeout_s=TIMEOUT_S)
        until(lambda: all(_at_end(site.page(role), role) for role in STAGES), what="the end of the log", trial=vigie)
        yield site


def _at_end(page: Page, role: Role) -> bool:
    lags = page.all("vigie_consumer_lag_records", "partition", stage=role.value)
    return len(lags) == PARTITIONS and not any(lags.values())


def names_of(role: Role) -> set[str]:
    """What the page of a role has to have, by the name of a sample."""
    if role is Role.ERASE:
        return {
            "vigie_build_info",
            "vigie_worker_ready",
            "vigie_consumer_lag_records",
            "vigie_deadletters_total",
            "vigie_compliance_notices_total",
            "vigie_erasures_total",
            "vigie_events_redacted_total",
            "vigie_erasure_oldest_seconds",
        }
    everywhere = {
        "vigie_build_info",
        "vigie_worker_ready",
        "vigie_worker_holding",
        "vigie_rebalances_total",
        "vigie_records_total",
        "vigie_batch_duration_seconds_count",
        "vigie_step_cpu_seconds_total",
        "vigie_stage_delay_seconds_count",
        "vigie_published_records_total",
        "vigie_publish_failures_total",
        "vigie_deadletters_total",
        "vigie_consumer_lag_records",
        "vigie_consumer_lag_seconds",
        "vigie_watermark_timestamp_seconds",
        "vigie_newest_event_timestamp_seconds",
        "vigie_state_bytes",
        "vigie_state_problems_total",
        "vigie_watchlist_brands",
        "vigie_last_reload_successful",
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
        "process_open_fds",
        "python_gc_collections_total",
        "python_info",
    }
    track = {
        "vigie_mentions_dropped_total",
        "vigie_state_brands",
        "vigie_windows_closed_total",
        "vigie_window_delay_seconds_count",
        "vigie_crisis_delay_seconds_count",
        "vigie_score_count",
        "vigie_crisis_events_total",
        "vigie_alarms_total",
        "vigie_learning_brands",
        "vigie_brand_level",
        "vigie_brand_mentions_last_hour",
        "vigie_brand_mentions_last_hour_expected",
        "vigie_brand_negative_share_ratio",
        "vigie_brand_negative_share_expected_ratio",
    }
    return everywhere | ({"vigie_tweets_total"} if role is Role.ENRICH else track)


@pytest.mark.parametrize("role", PAGES)
def test_promtool_has_nothing_to_say_about_a_live_page(site: Site, role: Role) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("no promtool on the PATH (Debian: prometheus)")
    _, text = fetch(site.port + PAGES[role], "/metrics")
    checked = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


@pytest.mark.parametrize("role", PAGES)
def test_a_live_page_has_every_metric_of_its_role(site: Site, role: Role) -> None:
    page = site.page(role)
    assert {
        name for name in names_of(role) if f"\n{name}{{" not in page.text and f"\n{name} " not in page.text
    } == set()


@pytest.mark.parametrize("role", STAGES)
def test_a_worker_at_the_end_of_its_input_is_ready_and_not_behind(site: Site, role: Role) -> None:
    page, stage = site.page(role), role.value
    assert page.one("vigie_worker_ready") == 1
    assert page.one("vigie_worker_holding") == 0
    assert page.one("vigie_rebalances_total") >= 1
    assert page.one("vigie_build_info", role=stage) == 1
    for lag in ("vigie_consumer_lag_records", "vigie_consumer_lag_seconds"):
        assert page.all(lag, "stage", "partition") == {(stage, str(n)): 0.0 for n in range(PARTITIONS)}
    assert page.one("vigie_batch_duration_seconds_count") == page.one("vigie_stage_delay_seconds_count") > 0
    assert 0 < page.one("vigie_stage_delay_seconds_sum") < 3600 * page.one("vigie_stage_delay_seconds_count")
    assert all(page.all("vigie_state_bytes", "partition", stage=stage).values())
    assert fetch(site.port + STAGES[role], "/health/live")[0] == 200
    assert fetch(site.port + STAGES[role], "/health/ready")[0] == 200


def test_what_became_of_the_tweets_is_what_the_pure_engine_makes_of_the_topic(site: Site) -> None:
    settings, page = site.vigie.settings, site.page(Role.ENRICH)
    enricher = Enricher(settings.engine(), Watchlist.load(settings.watchlist), StandardAnalyzer())
    counts: Counter[str] = Counter()
    records = site.topic(settings.topics.raw)
    for partition in range(PARTITIONS):
        clock = enricher.new_clock(partition)
        enriched = enricher.enrich(clock, [record for record in records if record.partition == partition])
        counts += enriched.counts + Counter(mentions=len(enriched.mentions))
        newest_s = (clock.newest_ms or 0) / 1000
        assert page.one("vigie_newest_event_timestamp_seconds", partition=str(partition)) == newest_s
        assert page.one("vigie_watermark_timestamp_seconds", partition=str(partition)) == newest_s - 30
    assert page.one("vigie_records_total") == counts.pop("records") == len(records) == site.records
    assert {key: count for (key,), count in page.all("vigie_tweets_total", "outcome").items() if count} == dict(counts)
    letters = Counter(
        dict(record.headers)[f"{HEADER_PREFIX}reason"].decode() for record in site.topic(settings.topics.deadletters)
    )
    found = {reason: count for (reason,), count in page.all("vigie_deadletters_total", "reason").items() if count}
    assert found == letters != {}


@pytest.mark.parametrize("role", STAGES)
def test_what_was_published_is_what_is_on_the_topics(site: Site, role: Role) -> None:
    topics = site.vigie.settings.topics
    results = {Role.ENRICH: [topics.mentions, topics.deadletters], Role.TRACK: [topics.windows, topics.crises]}[role]
    published = site.page(role).all("vigie_published_records_total", "topic")
    assert {topic: published[topic,] for topic in results} == {topic: len(site.topic(topic)) for topic in results}


def test_windows_and_crises_are_counted_as_they_are_on_their_topics(site: Site) -> None:
    page, windows = site.page(Role.TRACK), site.windows()
    records = [read_crisis_record(record.value) for record in site.topic(site.vigie.settings.topics.crises)]
    crises = [record for record in records if isinstance(record, CrisisEvent)]
    assert page.one("vigie_windows_closed_total") == page.one("vigie_score_count") == len(windows) > 1_000
    assert page.one("vigie_score_sum") == pytest.approx(sum(window.detection.score for window in windows))
    assert page.one("vigie_window_delay_seconds_count", since="event") == len(windows)
    assert 0 < page.one("vigie_window_delay_seconds_count", since="append") <= len(windows)
    events = {key: n for key, n in page.all("vigie_crisis_events_total", "type", "level").items() if n}
    assert events == Counter((crisis.type.value, str(int(crisis.level))) for crisis in crises) != {}
    assert page.one("vigie_crisis_delay_seconds_count", since="event") == len(crises)
    peaks = {crisis.crisis_id: crisis.peak_level for crisis in crises}
    assert page.all("vigie_alarms_total", "level") == {
        (str(level),): sum(peak >= level for peak in peaks.values()) for level in (2, 3, 4)
    }


def test_delays_since_the_append_are_of_the_broker_and_those_since_the_event_are_of_the_tweets(site: Site) -> None:
    page = site.page(Role.TRACK)
    mean_s = {
        since: page.one("vigie_window_delay_seconds_sum", since=since)
        / page.one("vigie_window_delay_seconds_count", since=since)
        for since in ("event", "append")
    }
    assert 0 < mean_s["append"] < TIMEOUT_S * 2 < 86_400 < mean_s["event"]  # the log is of long ago


def test_the_gauges_of_brands_are_those_of_their_newest_windows(site: Site) -> None:
    page, newest = site.page(Role.TRACK), {window.brand: window for window in site.windows()}
    watchlist = list(Watchlist.load(site.vigie.settings.watchlist).brands)
    named = [brand for brand in watchlist[:3] if brand in newest]
    rest = [newest[brand].windows["1h"] for brand in watchlist[3:] if brand in newest]
    assert named
    assert rest
    mentions = {(brand,): float(newest[brand].windows["1h"].volume) for brand in named}
    mentions["other",] = sum(hour.volume for hour in rest)
    assert page.all("vigie_brand_mentions_last_hour", "brand") == mentions
    levels = {(brand,): float(newest[brand].detection.level) for brand in named}
    levels["other",] = max(newest[brand].detection.level for brand in watchlist[3:] if brand in newest)
    assert page.all("vigie_brand_level", "brand") == levels
    share = sum(hour.negative for hour in rest) / max(1, sum(hour.volume for hour in rest))
    assert page.one("vigie_brand_negative_share_ratio", brand="other") == pytest.approx(share)
    assert sum(page.all("vigie_state_brands", "partition").values()) == len(newest)
    learning = sum(window.detection.learning < 1 for window in newest.values())
    assert sum(page.all("vigie_learning_brands", "partition").values()) == learning
    starts = {from_rfc3339(window.window_end) / 1000 for window in newest.values()}
    assert max(page.all("vigie_watermark_timestamp_seconds", "partition").values()) >= max(starts)


@pytest.mark.parametrize("role", STAGES)
def test_every_label_value_is_of_a_closed_set(site: Site, role: Role) -> None:
    settings = site.vigie.settings
    topics, numbers = settings.topics, {str(n) for n in range(5)}
    closed = {
        "stage": {each.value for each in Role},
        "role": {each.value for each in Role},
        "partition": {str(n) for n in range(PARTITIONS)},
        "part": {"decode", "compute", "encode"},
        "topic": {topics.mentions, topics.windows, topics.crises, topics.deadletters, topics.compliance}
        | {
            f"{settings.group(group)}-{table}-changelog"
            for group, table in (("enrich", "source_clock"), ("track", "brand_state"))
        },
        "reason": {reason.value for reason in (*DeadLetterReason, *DismissReason)}
        | {
            "none",
            "duplicate",
            "late",
            "closed",
            "misdated",
            "clock",
            "corrupt",
            "unknown_version",
            "unknown_detector",
            "unknown_situation",
        },
        "verdict": {verdict.value for verdict in FeedbackVerdict},
        "outcome": {
            "tweets",
            "duplicates",
            "unmatched",
            "late",
            "mentions",
            "skipped",
            "compliance",
            "ignored",
            "gaps",
            "gaps_cut",
            "gaps_too_late",
            "compliance_gaps",
        },
        "mark": {mark.value for mark in GapMark},
        "since": {"event", "append"},
        "type": {kind.value for kind in CrisisEventType},
        "level": {str(int(level)) for level in Level} & numbers,
        "file": {"watchlist"},
        "brand": {*list(Watchlist.load(settings.watchlist).brands)[:3], "other"},
    }
    free = {"le", "version"}  # buckets, and one version a worker
    assert [
        found for found in site.page(role).label_values() if found[1] not in free and found[2] not in closed[found[1]]
    ] == []


def test_what_another_worker_takes_over_is_gone_from_the_first(site: Site) -> None:
    def held(port: int, role: Role, name: str) -> set[str]:
        label = "brand" if name == "vigie_brand_level" else "partition"
        return {value for (value,) in site.page(role, port).all(name, label)}

    second = free_ports(len(Role))
    gauges = [
        (role, name)
        for role in STAGES
        for name in ("vigie_consumer_lag_records", "vigie_watermark_timestamp_seconds", "vigie_state_bytes")
    ]
    every = {str(n) for n in range(PARTITIONS)}
    with site.vigie.worker("second", web_port=second):
        until(
            lambda: all(fetch(second + n, "/health/ready")[0] == 200 for n in STAGES.values()),
            what="a second worker that has partitions",
            trial=site.vigie,
        )
        asyncio.run(feed(site.vigie.settings, site.rest))
        until(
            lambda: all(held(site.port, *gauge) | held(second, *gauge) == every for gauge in gauges),
            what="every partition in one of the workers",
            trial=site.vigie,
        )
        for gauge in gauges:
            assert len(held(site.port, *gauge)) == len(held(second, *gauge)) == 1, gauge
        until(
            lambda: held(second, Role.TRACK, "vigie_brand_level") - {"other"},
            what="brands in the second worker",
            trial=site.vigie,
        )
        named = [held(port, Role.TRACK, "vigie_brand_level") - {"other"} for port in (site.port, second)]
        assert not named[0] & named[1]
        assert site.page(Role.TRACK).one("vigie_rebalances_total") > 1
