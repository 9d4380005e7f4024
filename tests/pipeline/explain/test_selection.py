from __future__ import annotations

import pytest

from pipeline.explain import CrisisNotFound, choose
from schemas.crisis import CrisisEvent
from tests.pipeline.explain.events import CRISIS

ONE, OTHER, THIRD = "4ba46ae0-edbc-51c3-a808", "4ba46ae0-ffff-51c3-a808", "8ab74331-ab21-555b-8009"
CRISES: dict[str, list[CrisisEvent]] = {ONE: CRISIS, OTHER: CRISIS, THIRD: CRISIS}


def test_the_beginning_of_an_id_is_enough_when_it_is_of_one_crisis() -> None:
    assert choose("8ab74331", CRISES) == THIRD
    assert choose("4BA46AE0-E", CRISES) == ONE
    assert choose(THIRD, CRISES) == THIRD


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("8ab7433", "too short: give at least 8 characters"),
        ("4ba46ae0", f"2 crises begin with '4ba46ae0': {ONE}, {OTHER}"),
        ("8ab74331-ab21-555b-8000", rf"the nearest, then the worst, of the 3 there are:\n  {THIRD}"),
        ("zzzzzzzzzzzz", "the worst of the 3 there are:"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_there_is(wanted: str, message: str) -> None:
    with pytest.raises(CrisisNotFound, match=message):
        choose(wanted, CRISES)


def test_a_log_without_a_crisis_says_so() -> None:
    with pytest.raises(CrisisNotFound, match="there is none at all in this log"):
        choose("8ab74331", {})
