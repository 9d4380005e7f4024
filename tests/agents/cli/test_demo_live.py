from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from agents import exits
from agents.cli import demo_live as command
from agents.cli.live_screen import LiveScreen, intake_line
from agents.cli.main import main
from agents.demo import DemoError
from agents.demo.intake import Intake
from agents.demo.live import IngesterEnded, LiveDemo, Screen
from agents.embedded import EmbeddedBrokerError
from agents.present import presents_of
from pipeline.watchlist import Watchlist
from tests.pipeline.present.scene import RECORDS, write

played: list[LiveDemo] = []


@pytest.fixture(autouse=True)
def play(monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception | None], None]:
    played.clear()

    def plays(error: Exception | None = None) -> None:
        def run(demo: LiveDemo, screen: Screen) -> str:
            played.append(demo)
            if error is not None:
                raise error
            screen.say("it goes on")
            return f"{demo.source}: 2 put, 2 stored, 0 waiting, 0 dropped, 0 gaps"

        monkeypatch.setattr(command, "run_live", run)

    plays()
    return plays


def run(tmp_path: Path, *arguments: str, **env: str | None) -> Result:
    given = ["demo-live", *arguments, "--out", str(tmp_path / "out")]
    return CliRunner().invoke(main, given, env={"VIGIE_X_TOKEN_FILE": None, **env})


@pytest.fixture
def token(tmp_path: Path) -> str:
    path = tmp_path / "token"
    path.write_text("token-1\n")
    return str(path)


def test_alone_it_says_what_each_source_needs_and_that_is_no_failure(tmp_path: Path) -> None:
    result = run(tmp_path)
    assert result.exit_code == exits.OK, result.output
    for word in ("--source file", "Needs nothing", "--source jetstream", "wss://", "--source x", "VIGIE_X_TOKEN_FILE"):
        assert word in result.stdout
    assert "pro or enterprise (basic has none)" in result.stdout
    assert not played
    assert max(map(len, result.stdout.splitlines())) <= 120


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "VIGIE_X_TOKEN_FILE) is not set"),
        ({"VIGIE_X_TOKEN_FILE": "/no/such/file"}, "/no/such/file"),
        ({"VIGIE_X_TOKEN_FILE": __file__}, "more than one word"),
        ({"VIGIE_X_ACCESS": "basic"}, "which has no filtered stream"),
    ],
)
def test_x_without_what_it_needs_says_what_is_missing(
    tmp_path: Path, token: str, given: dict[str, str], told: str
) -> None:
    result = run(
        tmp_path, "--source", "x", **{"VIGIE_X_TOKEN_FILE": token if "VIGIE_X_ACCESS" in given else None} | given
    )
    assert result.exit_code == exits.CONFIG
    assert told in result.stderr
    assert "--source x  " in result.stderr
    assert not played


def test_x_with_a_token_is_played_with_brands_that_are_known(tmp_path: Path, token: str) -> None:
    result = run(tmp_path, "--source", "x", "--token-file", token, "--seconds", "5")
    assert result.exit_code == exits.OK, result.output
    assert played[0].source == "x"
    assert played[0].arguments == ["--token-file", token]
    assert played[0].watchlist == command.EXAMPLE
    assert played[0].seconds == 5.0
    assert result.stdout.rstrip().endswith("x: 2 put, 2 stored, 0 waiting, 0 dropped, 0 gaps")


def test_the_file_of_nobody_is_simulated_talk_that_is_followed(tmp_path: Path) -> None:
    result = run(tmp_path, "--source", "file")
    assert result.exit_code == exits.OK, result.output
    demo = played[0]
    assert demo.arguments == ["--follow", str(tmp_path / "out" / "tweets.jsonl")]
    assert demo.talk is not None
    assert set(Watchlist.load(demo.watchlist).brands) == {brand.key for brand in demo.talk.scenario.brands}


def test_a_file_of_ones_own_needs_its_brands(tmp_path: Path) -> None:
    path = tmp_path / "tweets.jsonl"
    assert run(tmp_path, "--source", "file", "--path", str(path)).exit_code == exits.NO_INPUT
    path.touch()
    assert "--watchlist" in run(tmp_path, "--source", "file", "--path", str(path)).output
    result = run(tmp_path, "--source", "file", "--path", str(path), "--watchlist", str(command.EXAMPLE))
    assert result.exit_code == exits.OK, result.output
    assert [(demo.arguments, demo.talk) for demo in played] == [([str(path)], None)]


@pytest.mark.parametrize("arguments", [["--path", "a"], ["--source", "x", "--path", "a"], ["--token-file", "a"]])
def test_what_goes_with_another_source_is_wrong_usage(tmp_path: Path, arguments: list[str]) -> None:
    assert run(tmp_path, *arguments).exit_code == 2


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (EmbeddedBrokerError("not installed"), exits.UNAVAILABLE),
        (IngesterEnded("the token was refused", exits.CONFIG), exits.CONFIG),
        (DemoError("the worker ended"), exits.FAILED),
    ],
)
def test_what_went_wrong_is_told_with_its_code(
    tmp_path: Path, play: Callable[[Exception | None], None], error: Exception, code: int
) -> None:
    play(error)
    result = run(tmp_path, "--source", "jetstream")
    assert result.exit_code == code
    assert str(error) in result.stderr


def test_the_example_holds_brands_with_names_in_both_languages() -> None:
    brands = Watchlist.load(command.EXAMPLE).brands
    assert {"apple", "sncf"} <= set(brands)


@pytest.mark.parametrize("terminal", [False, True])
def test_the_screen_shows_news_and_all_brands_and_the_ingester(tmp_path: Path, *, terminal: bool) -> None:
    drawn = StringIO()
    console = Console(file=drawn, force_terminal=terminal, width=160, highlight=False)
    presents = presents_of(write(tmp_path / "run"))
    intake = Intake(posts=1_200, stored=1_100, connections=1, gaps={"stalled": (2, 61.5)}, passed_over={"unmatched": 9})
    with LiveScreen(console, {"acme": "Acme \x1b[31m"}, now=False) as screen:
        screen.say("a gap was recorded\x1b[2J")
        for record in RECORDS:
            screen.crisis(record)
        screen.present(presents, intake)
    screen.show_last()
    text = drawn.getvalue()
    assert "a gap was recorded\N{REPLACEMENT CHARACTER}[2J" in text
    assert "OPENED" in text
    assert "UPDATED" not in text
    assert "3 crisis" in text
    assert intake_line(intake) in text
    assert "\x1b[31m" not in text.replace("\x1b[1;31m", "")


def test_the_ingesters_line_says_what_there_is() -> None:
    assert intake_line(Intake(posts=5, stored=5)) == "Ingester: 5 posts in, 5 stored, 0 dropped, 0 gaps"
    full = Intake(posts=1_200, stored=1_100, connections=1, gaps={"stalled": (2, 61.5)}, passed_over={"unmatched": 9})
    assert intake_line(full) == (
        "Ingester: 1,200 posts in, 1,100 stored, 0 dropped, 9 about none of the brands, "
        "2 gaps (62 s are missing), 1 connection"
    )
