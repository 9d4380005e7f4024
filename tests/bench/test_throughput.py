from __future__ import annotations

import pytest

from tests.bench.contenders import NAMES, Setup
from tests.bench.contenders.lineup import CONTENDERS
from tests.bench.results import Results, Run, Throughput
from tests.bench.throughput import check, judge


def measured(**cpu_us: list[float]) -> Results:
    return Results(
        throughput=[
            Throughput(
                contender=name.replace("_", " "),
                runs=[Run(records=1, cpu_us=each, per_second=1.0, parts={"enrich compute": 30.0}) for each in found],
            )
            for name, found in cpu_us.items()
        ]
    )


def target(results: Results, name: str) -> tuple[float | None, bool | None]:
    [found] = [each for each in results.targets if each.name == name]
    return found.measured, found.met


def test_a_ratio_is_that_of_runs_that_were_side_by_side() -> None:
    # The machine was three times slower in the second run.
    results = measured(vigie_chain=[50.0, 150.0, 50.0], stock_faust=[500.0, 1500.0, 450.0])
    judge(results)
    assert results.ratios == {"vigie chain / stock faust": 10.0}
    assert target(results, "vigie chain / stock faust") == (10.0, True)


def test_what_was_not_measured_is_neither_met_nor_missed() -> None:
    results = measured(vigie_chain=[50.0])
    judge(results)
    assert target(results, "vigie chain / bytewax") == (None, None)
    assert target(results, "vigie chain on one core") == (20_000.0, True)


def test_the_engine_is_what_the_worker_does_beside_the_functions() -> None:
    results = measured(vigie_enrich=[50.0, 46.0])
    judge(results)
    measured_us, met = target(results, "transport and Faust in enrich")
    assert measured_us == pytest.approx(18.0)
    assert met is False


def test_every_contender_has_its_name_and_says_where_it_does_less() -> None:
    assert tuple(each.name for each in CONTENDERS) == NAMES
    assert all(each.note for each in CONTENDERS if not each.name.startswith("vigie"))


def test_a_setup_survives_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    setup = Setup(brokers="127.0.0.1:1", prefix="run0.x.", watchlist="/w.toml", folder="/f", chain=False)
    monkeypatch.setattr("sys.argv", ["contender", setup.to_json()])
    assert Setup.told() == setup


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("stock faust", {"mentions": 970, "windows": 0}),
        ("stock faust", {"mentions": 400, "windows": 9}),
        ("bare loop enrich", {"mentions": 400, "windows": 0}),
    ],
)
def test_a_contender_that_did_not_do_the_work_has_no_figure(name: str, written: dict[str, int]) -> None:
    [contender] = [each for each in CONTENDERS if each.name == name]
    with pytest.raises(SystemExit, match=name):
        check(contender, written, 1000)


def test_one_that_only_enriches_closes_no_minutes() -> None:
    [contender] = [each for each in CONTENDERS if each.name == "bare loop enrich"]
    check(contender, {"mentions": 970, "windows": 0}, 1000)
