from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from agents import exits
from agents.cli import watch
from agents.cli.main import main
from agents.present import presents_of
from agents.settings import Settings, load_settings
from agents.topics import BrokerUnreachable
from pipeline.present import SPEECHES, Presents
from pipeline.replay import CRISES_FILE, WINDOWS_FILE
from schemas.codec import encode_line
from schemas.window import Level
from tests.pipeline.present.scene import window, write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "run")


def run(*arguments: str, columns: int = 200) -> Result:
    env = {"VIGIE_WATCHLIST": "no-such-file.toml", "COLUMNS": str(columns)}
    return CliRunner().invoke(main, ["watch", *arguments], env=env)


def test_the_worst_brand_stands_first_with_its_level_in_words(folder: Path) -> None:
    result = run("--from", str(folder))
    assert result.exit_code == exits.OK, result.output
    title, header, first, second, _ = result.stdout.splitlines()
    assert title.strip() == "Vigie: 2 brands, 1 with an open crisis"
    assert header.split()[:2] == ["Brand", "Level"]
    assert first.startswith("acme   3 crisis")
    assert "OVERDUE" in first
    assert second.startswith("quiet  0 calm")


def test_it_speaks_french(folder: Path) -> None:
    result = run("--from", str(folder), "--lang", "fr")
    assert "3 crise" in result.stdout
    assert "EN RETARD" in result.stdout


@pytest.mark.parametrize(("lang", "said"), [("en", "NO INPUT since"), ("fr", "RIEN depuis")])
def test_brands_of_which_nothing_comes_are_shown_so_and_not_as_calm(tmp_path: Path, lang: str, said: str) -> None:
    lost = [replace(window(60 + i, level=Level.CALM), observed=False, unobserved={"1h": i + 1}) for i in range(9)]
    (tmp_path / WINDOWS_FILE).write_bytes(b"".join(map(encode_line, [window(59, level=Level.CALM), *lost])))
    (tmp_path / CRISES_FILE).write_bytes(b"")
    result = run("--from", str(tmp_path), "--lang", lang)
    assert said in result.stdout
    assert "(51 min)" in result.stdout
    assert "0 calm" not in result.stdout


@pytest.mark.parametrize("columns", [46, 70, 100, 140])
def test_a_narrow_terminal_loses_columns_and_no_level(folder: Path, columns: int) -> None:
    result = run("--from", str(folder), columns=columns)
    assert "3 crisis" in result.stdout
    assert "…" not in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= columns


def test_brands_of_the_watchlist_that_nobody_wrote_of_are_there_too(folder: Path, tmp_path: Path) -> None:
    watchlist = tmp_path / "watchlist.toml"
    watchlist.write_text('version = 1\n[brands.new]\nname = "Brand New"\naliases = ["Brand New"]\n', encoding="utf-8")
    assert "Brand New" in run("--from", str(folder), "--watchlist", str(watchlist)).stdout


class Enough(Exception):
    """The end of a script."""


def live(script: Iterator[Presents | Exception], monkeypatch: pytest.MonkeyPatch) -> str:
    """Play what the topics say, from one connection to the next; return what was drawn."""

    async def topics(settings: Settings, *, follow: bool) -> AsyncGenerator[Presents, None]:
        assert follow
        for news in script:
            if isinstance(news, Exception):
                raise news
            yield news
        raise Enough

    monkeypatch.setattr(watch, "watch_topics", topics)
    monkeypatch.setattr(watch, "_AGAIN_S", 0.0)
    drawn = StringIO()
    console = Console(file=drawn, force_terminal=True, width=160)
    with pytest.raises((Enough, BrokerUnreachable)):
        asyncio.run(watch._live(load_settings(), {}, SPEECHES["en"], console))
    return drawn.getvalue()


def test_it_keeps_what_it_knows_while_the_broker_is_away_and_goes_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = presents_of(folder)
    drawn = live(iter([known, BrokerUnreachable("gone"), known]), monkeypatch)
    before, _, after = drawn.partition("The broker does not answer; trying again.")
    assert "3 crisis" in before
    assert "3 crisis" in after


def test_a_broker_that_was_never_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "trying again" not in live(iter([BrokerUnreachable("gone")]), monkeypatch)


def test_it_is_drawn_once_a_second_at_most(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([0.0, 0.4, 0.9, 1.0, 1.5, 2.1] + [3.0] * 20)
    monkeypatch.setattr(watch, "_clock", lambda: next(moments))
    drawn = live(iter([presents_of(folder)] * 6), monkeypatch)
    assert drawn.count("Vigie: 2 brands") == 3 + 1  # and once more when it ends
