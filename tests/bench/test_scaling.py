import doctest
from pathlib import Path

import pytest

import tests.bench.scaling
from pipeline.enrich import Enricher
from pipeline.records import Record
from pipeline.settings import EngineSettings
from pipeline.text import StandardAnalyzer
from pipeline.watchlist import Watchlist
from tests.bench.load import START_MS, Load
from tests.bench.results import Run
from tests.bench.scaling import AXES, Case, Pieces, cases, point

MINUTE_MS = 60_000


def test_docstrings() -> None:
    assert doctest.testmod(tests.bench.scaling).failed == 0


def test_every_point_differs_from_the_others_of_its_axis_in_one_thing() -> None:
    for axis in AXES:
        made = [case for case in cases(AXES) if case.axis == axis]
        assert [case.x for case in made] == list(AXES[axis])
        names = ["brands", "aliases", "partitions", "workers"]
        moving = [name for name in names if len({getattr(case, name) for case in made}) > 1]
        assert moving == [axis]


def test_there_are_as_many_names_as_the_axis_says() -> None:
    for case in cases({"aliases": AXES["aliases"]}):
        assert case.brands * case.aliases == case.x


def test_what_counts_closes_nothing_and_what_closes_does(tmp_path: Path) -> None:
    load = Load(brands=10, tweets_per_second=200.0)
    pieces = Pieces(load, tmp_path, warm_up=500, records=1_500)
    enricher = Enricher(EngineSettings(), Watchlist.parse(load.watchlist()), StandardAnalyzer())
    clock, offset, minutes = enricher.new_clock(0), 0, {}
    for piece in ("warm", "count", "close"):
        records = [Record(offset + at, None, None, line) for at, line in enumerate(pieces.lines(piece))]
        offset += len(records)
        enriched = enricher.enrich(clock, records)
        assert enriched.counts["late"] == 0
        watermark_ms = enricher.watermark(clock, 1).watermark_ms
        assert watermark_ms is not None
        minutes[piece] = (watermark_ms - START_MS) // MINUTE_MS
        if piece == "count":
            assert len(records) == 1_500
            assert {mention.time_ms // MINUTE_MS - START_MS // MINUTE_MS for mention in enriched.mentions} == {1}
            assert pieces.mentions.total() == pytest.approx(len(enriched.mentions), rel=0.02)
    assert minutes == {"warm": 1, "count": 1, "close": 2}


def test_more_tweets_than_fit_into_the_minute_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="before a minute closes"):
        Pieces(Load(tweets_per_second=100.0), tmp_path, warm_up=0, records=5_000)


def test_a_point_is_the_median_of_its_runs() -> None:
    runs = [
        Run(records=1, cpu_us=0.0, per_second=0.0, rss_mib=rss, parts={"enrich": enrich, "track": 2 * enrich})
        for enrich, rss in ((50.0, 200.0), (90.0, 210.0), (52.0, 190.0))
    ]
    found = point(Case(axis="brands", x=10), runs)
    assert (found.enrich_us, found.track_us, found.rss_mib, found.per_second) == (52.0, 104.0, 210.0, None)
