"""Applications for unit tests: nothing is connected."""

from __future__ import annotations

from pathlib import Path
from tempfile import gettempdir

import faust

from agents.settings import Settings


def app_of(settings: Settings) -> faust.App:
    """An application that is never started."""
    return faust.App(
        settings.group("track"),
        broker="batch://127.0.0.1:1",
        store="memory://",
        datadir=str(Path(gettempdir()) / "vigie-unit"),
        topic_allow_declare=False,
    )
