"""What the watchdog sees of a running application."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from faust.exceptions import ConsumerNotStarted
from faust.types import TP

from agents.transport import BatchConsumer
from agents.watchdog import Look

if TYPE_CHECKING:
    from agents.app import VigieApp

__all__ = ["Vitals"]

_ASK_EVERY_S = 5.0
"""How often the broker is asked whether there is more, while nothing moves."""


class Vitals:
    """Looks at an application for its :class:`agents.watchdog.Watchdog`."""

    def __init__(self, app: VigieApp) -> None:
        self._app = app
        self._progress = 0
        self._asked_s = 0.0
        self._behind = False

    async def look(self) -> Look:
        """Look at the application, and, when nothing moves, ask the broker whether there is more."""
        app = self._app
        consumer = cast("BatchConsumer", app.consumer)
        offsets: Mapping[TP, int | None] = app.tables.recovery.active_offsets  # type: ignore[attr-defined]
        recovered = sum(offset or 0 for offset in offsets.values())
        progress = consumer.progress + recovered + app.consumer_generation_id
        if progress != self._progress:
            self._progress, self._asked_s, self._behind = progress, time.monotonic(), False
        excused = app.publisher.holding or app.waits() or app.should_stop
        open_batches = consumer.ledger.any_open()
        if not (excused or open_batches) and time.monotonic() - self._asked_s >= _ASK_EVERY_S:
            self._asked_s, self._behind = time.monotonic(), await self._is_behind(consumer)
        return Look(progress=progress, has_work=open_batches or self._behind, excused=excused)

    async def _is_behind(self, consumer: BatchConsumer) -> bool:
        unsettled = self._app.rebalancing or self._app.in_recovery
        try:
            if not unsettled and not consumer.assignment():
                return False
            behind = await consumer.is_behind()
        except ConsumerNotStarted:
            return False
        return behind is not None and (behind or unsettled)
