from collections.abc import Callable

import pytest
from prometheus_client.parser import text_string_to_metric_families

from agents.metrics.ingest import IngestMetrics, SourceMetrics
from pipeline.ingest.coverage import GapReason, Missing


def exposed(metrics: IngestMetrics) -> dict[str, dict[tuple[str, ...], float]]:
    """Return the values by name and labels, without those of the process."""
    values: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(metrics.expose().decode()):
        for sample in family.samples:
            if sample.name.startswith("vigie_ingest_"):
                values.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return values


def test_counters_begin_at_0_so_that_the_first_loss_is_an_increase() -> None:
    metrics = IngestMetrics()
    metrics.of("x")
    values = exposed(metrics)
    for name in ("posts", "stored", "dropped", "spool_errors"):
        assert values[f"vigie_ingest_{name}_total"] == {("x",): 0.0}
    for name in ("gaps", "gap_seconds"):
        assert set(values[f"vigie_ingest_{name}_total"].values()) == {0.0}
        assert len(values[f"vigie_ingest_{name}_total"]) == len(GapReason)


def test_a_gap_is_counted_with_its_seconds_and_its_reason() -> None:
    metrics = IngestMetrics()
    source = metrics.of("x")
    source.gap(Missing(1_000, 11_500), "disconnected")
    source.gap(Missing(11_500, 12_000), GapReason.DISCONNECTED)
    text = metrics.expose().decode()
    assert 'vigie_ingest_gaps_total{reason="disconnected",source="x"} 2.0' in text
    assert 'vigie_ingest_gap_seconds_total{reason="disconnected",source="x"} 11.0' in text


def test_what_a_source_does_not_speak_of_has_no_series() -> None:
    metrics = IngestMetrics()
    metrics.of("file")
    lazy = {"connections", "rules", "rules_synced", "clock_offset_seconds", "last_received_timestamp_seconds"}
    assert not {f"vigie_ingest_{name}" for name in lazy} & set(exposed(metrics))
    assert metrics.of("file").open_connections() is None


def test_connections_that_were_lost_are_0_and_not_absent() -> None:
    metrics = IngestMetrics()
    source = metrics.of("x")
    source.connections.inc()
    assert source.open_connections() == 1
    source.connections.dec()
    assert source.open_connections() == 0
    assert exposed(metrics)["vigie_ingest_connections"] == {("x",): 0.0}


@pytest.mark.parametrize(
    ("count", "name"),
    [
        (lambda source: source.passed_over("keepalive"), "vigie_ingest_passed_over_total"),
        (lambda source: source.passed_over("keepalive", 1), "vigie_ingest_passed_over_total"),
        (lambda source: source.disconnected("network"), "vigie_ingest_disconnects_total"),
    ],
)
def test_what_is_passed_over_and_connections_that_end_are_counted(
    count: Callable[[SourceMetrics], None], name: str
) -> None:
    metrics = IngestMetrics()
    for _ in range(3):
        count(metrics.of("x"))
    assert list(exposed(metrics)[name].values()) == [3.0]


def test_the_first_time_that_a_connection_is_lost_is_an_increase() -> None:
    metrics = IngestMetrics()
    metrics.of("x").connections.set(0)
    before = exposed(metrics)["vigie_ingest_disconnects_total"]
    metrics.of("x").disconnected("network")
    assert set(before.values()) == {0.0}
    assert sorted(exposed(metrics)["vigie_ingest_disconnects_total"].values())[-2:] == [0.0, 1.0]


def test_sources_do_not_count_for_one_another() -> None:
    metrics = IngestMetrics()
    metrics.of("x").posts.inc(2)
    metrics.of("jetstream").posts.inc(3)
    assert metrics.of("x") is metrics.of("x")
    assert exposed(metrics)["vigie_ingest_posts_total"] == {("x",): 2.0, ("jetstream",): 3.0}


def test_a_gauge_may_be_asked_for_at_every_scrape() -> None:
    metrics = IngestMetrics()
    values = iter((1.0, 2.0))
    metrics.of("x").ask("spool_bytes", lambda: next(values))
    assert [exposed(metrics)["vigie_ingest_spool_bytes"][("x",)] for _ in range(2)] == [1.0, 2.0]
