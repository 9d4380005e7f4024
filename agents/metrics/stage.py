"""What every stage tells of its batches."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from agents.metrics.appendtime import oldest_appended_ms
from schemas.deadletter import DeadLetterReason

if TYPE_CHECKING:
    from agents.metrics.names import Metrics
    from agents.transport import RecordBatch

__all__ = ["StageMeter"]


class StageMeter:
    """Counts and times the batches of one stage.

    Looking a metric up by its labels costs several times as much as counting, so it is done once. It also makes
    every series begin at 0: Prometheus sees no increase in one whose first value is 1.

    Parameters
    ----------
    metrics : Metrics
        The worker's metrics.
    stage : str
        Name of the stage.
    parts : iterable of str
        What it spends CPU time on.
    reasons : iterable of DeadLetterReason
        Why it may give up a record.
    """

    def __init__(
        self, metrics: Metrics, stage: str, *, parts: Iterable[str], reasons: Iterable[DeadLetterReason]
    ) -> None:
        self._records = metrics.records.labels(stage)
        self._duration = metrics.batches.labels(stage)
        self._delay = metrics.stage_delay.labels(stage)
        self._cpu = {part: metrics.step_cpu.labels(stage, part) for part in parts}
        self._deadletters = {reason: metrics.deadletters.labels(stage, reason.value) for reason in reasons}

    def spent(self, part: str, since: float) -> float:
        """Note the CPU time of a part since a reading of `time.thread_time`, and return the reading now."""
        now = time.thread_time()
        self._cpu[part].inc(now - since)
        return now

    def rejected(self, reason: DeadLetterReason) -> None:
        """Note a dead letter."""
        self._deadletters[reason].inc()

    def acked(self, batch: RecordBatch, started: float) -> None:
        """Note a complete batch that was taken at ``started`` (`time.perf_counter`)."""
        self._records.inc(len(batch))
        self._duration.observe(time.perf_counter() - started)
        if (appended_ms := oldest_appended_ms(batch.records)) is not None:
            self._delay.observe(max(0.0, time.time() - appended_ms / 1000))
