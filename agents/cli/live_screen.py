"""What `vigie demo-live` shows: news above, the table of all brands and the ingester's numbers below."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from agents.cli.demo import worth_showing
from agents.cli.lines import crisis_text, printable
from agents.cli.watch import board
from agents.demo.intake import Intake
from pipeline.present import Freshness, Presents
from schemas.situation import CrisisRecord

__all__ = ["LiveScreen", "intake_line"]

_REDRAW_S = 0.5
_PRINT_S = 15.0
"""How often the table is printed where there is no terminal to draw on."""


class LiveScreen:
    """A screen for `agents.demo.live`.

    Parameters
    ----------
    console : Console
        Where to.
    names : mapping of str to str
        How brands are called, by key.
    now : bool
        What is shown is of now, so that its age says something.
    """

    def __init__(self, console: Console, names: Mapping[str, str], *, now: bool) -> None:
        self._console = console
        self._names = names
        self._now = now
        self._live = Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None
        self._began = time.monotonic()
        self._drawn = self._began
        self._last: tuple[Presents, Intake] | None = None

    def __enter__(self) -> Self:
        """Begin to draw."""
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Draw no more."""
        if self._live is not None:
            self._live.stop()

    def say(self, line: str) -> None:
        """Print a line with the time since the beginning."""
        self._console.print(Text(f"[{time.monotonic() - self._began:5.1f} s] {printable(line)}"), soft_wrap=True)

    def crisis(self, record: CrisisRecord) -> None:
        """Print what is news to somebody who looks on."""
        if worth_showing(record):
            self.say(crisis_text(record))

    def present(self, presents: Presents, intake: Intake) -> None:
        """Draw, or now and then print, the table."""
        self._last = (presents, intake)
        every_s = _PRINT_S if self._live is None else _REDRAW_S
        if (now := time.monotonic()) - self._drawn < every_s:
            return
        self._drawn = now
        if self._live is not None:
            self._live.update(self._picture(presents, intake), refresh=True)
        elif presents.brands:
            self._console.print(self._picture(presents, intake))

    def show_last(self) -> None:
        """Print the table as it was at the end."""
        if self._last is not None:
            self._console.print()
            self._console.print(self._picture(*self._last))

    def _picture(self, presents: Presents, intake: Intake) -> Group:
        fresh = Freshness(now_ms=int(time.time() * 1000)) if self._now else Freshness()
        table = board(presents, self._names, fresh, self._console.width)
        return Group(table, Text(intake_line(intake), style="dim"))


def intake_line(intake: Intake) -> str:
    """Return an ingester's numbers in one line."""
    parts = [f"{intake.posts:,} posts in", f"{intake.stored:,} stored", f"{intake.dropped:,} dropped"]
    if unmatched := intake.passed_over.get("unmatched"):
        parts.append(f"{unmatched:,} about none of the brands")
    count, seconds = sum(each for each, _ in intake.gaps.values()), sum(each for _, each in intake.gaps.values())
    parts.append(f"{count:,} gaps" + (f" ({seconds:,.0f} s are missing)" if count else ""))
    if intake.connections is not None:
        parts.append(f"{intake.connections} connections" if intake.connections != 1 else "1 connection")
    return "Ingester: " + ", ".join(parts)
