from __future__ import annotations

from agents.diagnosis import _input
from pipeline.settings import EngineSettings
from pipeline.tracker import Tracker
from schemas.mention import Gap
from tests.pipeline.logs import MINUTE_MS, START_MS, mention, watermark


def test_input_that_is_missing_of_minutes_that_are_still_open_is_a_finding_until_they_are_closed() -> None:
    tracker = Tracker(EngineSettings(), 0)
    gap = Gap(source_partition=0, offset=1, start_ms=START_MS, end_ms=START_MS + 3 * MINUTE_MS)
    tracker.step([mention(), gap])

    found = _input(tracker.missing)
    assert not found.ok
    assert "missing from 2015-02-22T02:00:00Z to 2015-02-22T02:03:00Z" in found.detail

    tracker.step([watermark(START_MS + 3 * MINUTE_MS)])
    assert _input(tracker.missing).ok
