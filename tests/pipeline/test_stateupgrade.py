"""`state_version_1.json` was written by the last Vigie of version 1: states in a crisis, and what it said next."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from pipeline.settings import EngineSettings
from pipeline.tracker import Tracker, clock_key
from schemas.codec import encode
from schemas.crisis import CrisisEvent
from tests.pipeline.incident import CALMS, STORED, incident
from tests.pipeline.logs import LogItem, taken_apart

GOLDEN: dict[str, Any] = json.loads(Path(__file__).with_name("state_version_1.json").read_text())
STATES: dict[str, bytes] = {key: value.encode() for key, value in GOLDEN["states"].items()}


def restored(states: dict[str, bytes]) -> Tracker:
    tracker = Tracker(EngineSettings(), 0)
    for key, value in states.items():
        tracker.restore(key, value)
    return tracker


def log() -> list[LogItem]:
    return [record for minute in incident(STORED, CALMS + 40 * 60) for record in minute]


def test_a_brand_in_a_crisis_goes_on_from_version_1_to_the_byte() -> None:
    tracker = restored(STATES)
    step = tracker.step(log())

    assert tracker.problems == {}
    assert step.dropped == {"duplicate": 2}, "what it had applied"
    assert len(step.events) == GOLDEN["published"]
    assert sha256(b"\n".join(map(encode, step.events))).hexdigest() == GOLDEN["sha256"]
    crises = [event for event in step.events if isinstance(event, CrisisEvent)]
    assert [[e.crisis_id, e.type.value, e.sequence, int(e.level)] for e in crises] == GOLDEN["crises"]


def test_what_was_upgraded_is_written_in_version_2_and_read_again() -> None:
    assert "acme" not in restored(STATES).step(log()[:1]).states, "a duplicate writes nothing"
    written = {"acme": restored(STATES).step(log()[:3]).states["acme"]}

    assert written["acme"][:2] == b"V\x02"
    again = restored({**STATES, **written})
    assert again.problems == {}
    assert sha256(b"\n".join(map(encode, again.step(log()).events))).hexdigest() == GOLDEN["sha256"]


def test_a_detector_of_an_unknown_version_within_version_1_begins_calm() -> None:
    state = json.loads(STATES["acme"])
    state["detector"] = {"version": 7}
    tracker = restored({**STATES, "acme": encode(state)})

    assert tracker.problems == {"unknown_detector": 1}
    assert taken_apart(tracker._brands["acme"].encode(0))[1]["alarm"][0][0] == 0


@pytest.mark.parametrize("key", ["acme", clock_key(0)])
def test_version_1_cut_or_changed_anywhere_never_raises(key: str) -> None:
    value = STATES[key]
    for at in range(0, len(value), 7):
        for damaged in (value[:at], value[:at] + b"9" + value[at + 1 :], value[:at] + b"]" + value[at + 1 :]):
            tracker = restored({key: damaged})
            assert tracker.problems.total() + len(tracker.brands()) + (tracker.time_ms is not None) <= 2
    for at in range(0, len(value), 97):
        restored({**STATES, key: value[:at] + b"7" + value[at + 1 :]}).step(log()[:120])
