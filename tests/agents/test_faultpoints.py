from __future__ import annotations

import pytest

from agents.faultpoints import FaultPoint, FaultPoints, InjectedFault
from agents.settings import Settings


async def test_a_point_fails_at_the_passage_that_was_asked_for_and_at_no_other() -> None:
    faults = FaultPoints("track.computed:raise@3")
    await faults.reach(FaultPoint.TRACK_COMPUTED)
    await faults.reach(FaultPoint.TRACK_COMPUTED)
    await faults.reach(FaultPoint.TRACK_WINDOWS)
    with pytest.raises(InjectedFault, match=r"track\.computed"):
        await faults.reach(FaultPoint.TRACK_COMPUTED)
    await faults.reach(FaultPoint.TRACK_COMPUTED)


@pytest.mark.parametrize(
    "plan", ["track.computed", "nowhere:raise@1", "track.computed:explode@1", "track.taken:kill@0"]
)
def test_a_plan_that_means_nothing_is_refused(plan: str) -> None:
    with pytest.raises(ValueError, match=r"expected|not a valid FaultPoint"):
        FaultPoints(plan)


async def test_nothing_fails_unless_asked_for() -> None:
    assert Settings().fault_points == ""
    faults = FaultPoints()
    for point in FaultPoint:
        await faults.reach(point)
