"""``vigie watch``: all brands at a glance, live."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Literal

import click
from rich.cells import cell_len
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from agents import exits
from agents.cli.console import fail, read_settings
from agents.cli.paragraphs import safe
from agents.cli.situation import brand_names
from agents.present import presents_of, watch_topics
from agents.settings import Settings
from agents.topics import BrokerRefused, BrokerUnreachable, TopicProblem
from pipeline.archive import ArchiveError
from pipeline.present import SPEECHES, BrandPresent, Freshness, Presents, Row, Speech, row
from schemas.reading import SchemaError
from schemas.window import Level

__all__ = ["board", "watch"]

_clock = time.monotonic
_REDRAW_S = 1.0
_AGAIN_S = 2.0
_COLOURS = {
    Level.CALM: "green",
    Level.WATCH: "yellow",
    Level.ALERT: "bold yellow",
    Level.CRISIS: "bold red",
    Level.SEVERE: "bold white on red",
}
_BLIND = "bold magenta"
_COLUMNS = ("brand", "level", "trend", "mentions", "negative", "concern", "waiting", "update", "age")
_LEFT_OUT = ("trend", "concern", "waiting", "negative", "update", "age")
"""What a narrow terminal goes without, first to last."""
_NUMBERS = frozenset({"mentions", "negative", "waiting"})
_GAP = 2
_WIDEST = 28


@click.command()
@click.option("--lang", type=click.Choice(sorted(SPEECHES)), default="en", show_default=True, help="Of the words.")
@click.option("--once", is_flag=True, help="Print the table once and end; so it is where there is no terminal.")
@click.option("--from", "folder", type=click.Path(path_type=Path), help="Folder of a replay: where it ended.")
@click.option("--watchlist", type=click.Path(path_type=Path), help="Names of brands. [default: VIGIE_WATCHLIST]")
def watch(lang: str, folder: Path | None, watchlist: Path | None, *, once: bool) -> None:
    """Show how all brands stand, worst first, until Ctrl-C.

    Level, the last hour's mentions in steps of five minutes, mentions and negative share beside what
    is usual, the top concern, questions that wait, the brand's own last update, and how old that is.
    """
    settings = read_settings(watchlist=watchlist)
    names, speech, console = brand_names(settings), SPEECHES[lang], Console(highlight=False)
    try:
        if folder is not None:
            console.print(_table(_with_names(presents_of(folder), names), names, speech, Freshness(), console.width))
        elif once or not console.is_terminal:
            asyncio.run(_once(settings, names, speech, console))
        else:
            with contextlib.suppress(KeyboardInterrupt):
                asyncio.run(_live(settings, names, speech, console))
    except ArchiveError as exc:
        fail(str(exc), exits.NO_INPUT)
    except SchemaError as exc:
        fail(str(exc), exits.BAD_INPUT)
    except BrokerUnreachable as exc:
        fail(str(exc), exc.exit_code)
    except TopicProblem as exc:
        fail(str(exc), exits.CONFIG)


async def _once(settings: Settings, names: Mapping[str, str], speech: Speech, console: Console) -> None:
    async with aclosing(watch_topics(settings, follow=False)) as news:
        presents = await anext(news)
        console.print(_table(_with_names(presents, names), names, speech, _now(), console.width))


async def _live(settings: Settings, names: Mapping[str, str], speech: Speech, console: Console) -> None:
    """Draw at most once a second. When the broker goes away, say so, keep what is known, and try again."""
    brands: list[BrandPresent] = []
    with Live(console=console, auto_refresh=False, transient=False) as live:

        def draw(note: str = "") -> None:
            table = _table(brands, names, speech, _now(), console.width, note)
            live.update(table, refresh=True)

        while True:
            try:
                async with aclosing(watch_topics(settings, follow=True)) as news:
                    drawn = -_REDRAW_S
                    async for presents in news:
                        brands = _with_names(presents, names)
                        now_s = _clock()
                        if now_s - drawn >= _REDRAW_S:
                            draw()
                            drawn = now_s
            except BrokerRefused:
                raise
            except BrokerUnreachable:
                if not brands:
                    raise
                draw(speech.say("watch_away"))
                await asyncio.sleep(_AGAIN_S)


def board(presents: Presents, names: Mapping[str, str], fresh: Freshness, width: int, note: str = "") -> Group:
    """Return the table of all brands in English, for who shows it beside other things."""
    return _table(_with_names(presents, names), names, SPEECHES["en"], fresh, width, note)


def _now() -> Freshness:
    return Freshness(now_ms=int(time.time() * 1000))


def _with_names(presents: Presents, names: Mapping[str, str]) -> list[BrandPresent]:
    """Return all brands, those included that the watchlist knows and nobody has written of yet."""
    return [presents.brands.get(brand) or BrandPresent(brand=brand) for brand in {**presents.brands, **names}]


def _table(
    brands: list[BrandPresent],
    names: Mapping[str, str],
    speech: Speech,
    fresh: Freshness,
    width: int,
    note: str = "",
) -> Group:
    rows = sorted(row(present, names.get(present.brand, present.brand), speech, fresh) for present in brands)
    is_open = sum(present.current is not None for present in brands)
    title = speech.say("watch_title", brands=speech.language.number(len(brands)), open=speech.language.number(is_open))
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="dim")
    columns = _fitting(rows, speech, width)
    for name in columns:
        justify: Literal["left", "right"] = "right" if name in _NUMBERS else "left"
        table.add_column(speech.say(f"col_{name}"), no_wrap=True, max_width=_WIDEST, justify=justify)
    for each in rows:
        table.add_row(*(_cell(each, name) for name in columns))
    parts: list[Table | Text] = [Text(title, style="bold")]
    parts.append(table if rows else Text(speech.say("watch_empty")))
    parts.append(Text(speech.say("watch_legend"), style="dim"))
    if any(present.missing_minutes("1h") for present in brands):
        parts.append(Text(speech.say("watch_missing"), style="dim"))
    if note:
        parts.append(Text(note, style="bold red"))
    return Group(*parts)


def _fitting(rows: list[Row], speech: Speech, width: int) -> list[str]:
    """Return the columns that fit into a terminal."""
    wide = {
        name: min(_WIDEST, max(cell_len(text) for text in (speech.say(f"col_{name}"), *(_text(r, name) for r in rows))))
        for name in _COLUMNS
    }
    columns = list(_COLUMNS)
    empty = [name for name in _LEFT_OUT if not any(_text(each, name) for each in rows)]
    for name in dict.fromkeys((*empty, *_LEFT_OUT)):
        if sum(wide[column] + _GAP for column in columns) <= width + _GAP:
            break
        columns.remove(name)
    return columns


def _text(each: Row, name: str) -> str:
    return safe(each.level_word if name == "level" else getattr(each, name))


def _cell(each: Row, name: str) -> Text:
    match name:
        case "level":
            colour = _BLIND if each.blind and each.level is Level.CALM else _COLOURS[each.level]
            return Text(_text(each, name), style=colour)
        case "update":
            return Text(_text(each, name), style="bold red" if each.overdue else "")
        case "age":
            return Text(_text(each, name), style="bold red" if each.stale or each.blind else "dim")
        case _:
            return Text(_text(each, name))
