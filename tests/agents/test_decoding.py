"""What track makes of a batch of which some records are no mentions: all the others, and a letter for each."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from agents.metrics import Metrics
from agents.settings import Settings
from agents.track import TrackStage
from agents.transport import RecordBatch
from schemas.deadletter import HEADER_PREFIX, DeadLetterReason
from tests.schemas.events import ENCODED, EVENTS

BAD = {"one": b"{}", "two": ENCODED["mention"].replace(b'"brand":"acme"', b'"brand":"No Brand"'), "three": None}


def batch_of(*values: bytes | None) -> RecordBatch:
    records: list[Any] = [
        SimpleNamespace(topic="vigie.mentions", partition=0, offset=offset, key=b"acme", value=value, headers=())
        for offset, value in enumerate(values)
    ]
    return RecordBatch("vigie.mentions", 0, records, len(records))


@pytest.mark.parametrize("bad", [(), ("one",), ("two", "three"), tuple(BAD)])
def test_a_batch_gives_what_can_be_read_of_it_in_order_and_a_letter_for_every_other_record(
    bad: tuple[str, ...],
) -> None:
    unused = cast("Any", SimpleNamespace())
    stage = TrackStage(Settings(), unused, unused, unused, Metrics())
    good = ("mention", "watermark", "gap")
    values = [value for name in good for value in (ENCODED[name], *(BAD[each] for each in bad))]
    records, letters, problem = stage._decode(batch_of(*values))
    assert records == [EVENTS[name] for name in good]
    assert [letter.value for letter in letters] == [BAD[each] for each in bad] * len(good)
    assert {dict(letter.headers)[HEADER_PREFIX + "reason"] for letter in letters} <= {
        DeadLetterReason.BAD_FIELD.value.encode()
    }
    assert bool(problem) == bool(bad)
