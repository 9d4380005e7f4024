from __future__ import annotations

import pytest

from tests.bench.contenders import NAMES, Setup
from tests.bench.contenders.lineup import CONTENDERS
from tests.bench.throughput import check


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
