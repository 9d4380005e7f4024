"""The page about speed, on figures made up here."""

import doctest
import re
from pathlib import Path

import msgspec
import pytest

from tests.bench.report import charts, speed
from tests.bench.report.charts import columns
from tests.bench.report.page import build_page, write
from tests.bench.report.scene import made_up
from tests.bench.results import Results


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.partition("<body>")[2]))


def test_everything_that_was_measured_is_told() -> None:
    page = text_of(build_page(made_up()))
    for told in (
        "2 of 3 targets met",
        "1 target was not measured",
        "One core reads 20,408 tweets a second",
        "vigie track (a mention)",
        "49.0 (46.5 to 53.4)",
        "vigie enrich: everything else 8.0",
        "9.80 times at least 8 times ✓ met",
        "at most 1,000 ms 1,250 ms ✗ MISSED",
        "at most 15 µs not measured not measured",
        "Keeps no state that survives",
        "36,000",
        "10,000 60.0 8.5",
        "µs a tweet 26.2 28 \N{MINUS SIGN}6 %",
        "Made-up processor &lt;2 GHz&gt;",
    ):
        assert told in page


def test_an_axis_that_was_not_measured_says_so_beside_those_that_were() -> None:
    assert "More partitions Not measured." in text_of(build_page(made_up()))


def test_a_bench_that_measured_nothing_says_so_in_every_section() -> None:
    page = build_page(Results(problems={"bytewax": "no wheel for <this> Python"}))
    assert "Nothing was measured" not in page  # the lead has the problem to tell
    assert "bytewax: no wheel for &lt;this&gt; Python" in page
    # All but where and how it was measured.
    assert page.count("Not measured.</p>") == page.count("<section") - 1


@pytest.mark.parametrize("field", Results.__struct_fields__[2:])
def test_whatever_part_is_missing_the_rest_is_told(field: str) -> None:
    results = made_up()
    setattr(results, field, getattr(Results(), field))
    assert "One core reads" in build_page(results) or field == "throughput"


def test_the_page_loads_nothing() -> None:
    assert not re.search(r"(src|href)\s*=|url\(|@import|<script|https?://", build_page(made_up()))


def test_every_chart_has_its_figures_for_those_who_cannot_see_it() -> None:
    labels = re.findall(r'<svg (?![^>]*aria-hidden)[^>]*role="img" aria-label="([^"]*)"', build_page(made_up()))
    assert len(labels) == 11
    assert all(re.search(r"\d", label) for label in labels)
    assert any("enrich, µs a tweet 49.0 at 10, 50.0 at 100" in label for label in labels)


def test_a_histogram_has_its_samples_between_the_first_and_the_last() -> None:
    drawn = columns([(1, 0), (2, 4), (3, 0), (5, 2), (8, 0)], "delays", "ms")
    assert [height for *_, height in drawn.columns] == [130.0, 0.0, 65.0]
    assert [text for _, text in drawn.ticks] == ["2", "3", "5"]
    assert columns([], "delays", "ms").columns == ()


def test_examples_in_the_documentation_are_right() -> None:
    assert [doctest.testmod(module).failed for module in (charts, speed)] == [0, 0]


def test_the_page_is_drawn_from_the_file_that_the_bench_writes(tmp_path: Path) -> None:
    made_up().save(tmp_path / "results.json")
    write(Results.load(tmp_path / "results.json"), tmp_path / "new" / "report.html")
    assert (tmp_path / "new" / "report.html").read_text() == build_page(made_up())


def test_results_of_another_form_are_refused(tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text('{"version": 2}')
    with pytest.raises(msgspec.ValidationError, match="version"):
        Results.load(tmp_path / "results.json")
