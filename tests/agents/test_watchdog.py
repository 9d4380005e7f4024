from __future__ import annotations

import asyncio
import threading

import pytest

from agents import watchdog
from agents.watchdog import Look, Stall, Watchdog, dump_stacks

STUCK = Look(progress=1, has_work=True, excused=False)


def stalled_after(looks: list[tuple[float, Look]]) -> float:
    stall = Stall()
    return [stall.seconds(look, now_s) for now_s, look in looks][-1]


def test_work_that_does_not_move_adds_up() -> None:
    assert stalled_after([(float(at), STUCK) for at in range(61)]) == 60.0


@pytest.mark.parametrize(
    "look",
    [STUCK._replace(progress=2), STUCK._replace(has_work=False), STUCK._replace(excused=True)],
    ids=["progress", "no work", "excused"],
)
def test_one_good_look_forgives_everything(look: Look) -> None:
    assert stalled_after([*((float(at), STUCK) for at in range(61)), (61.0, look)]) == 0.0


def test_time_in_which_the_process_was_frozen_does_not_count() -> None:
    assert stalled_after([(0.0, STUCK), (1.0, STUCK), (9_000.0, STUCK), (9_001.0, STUCK)]) == 2.0


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "_LOOK_S", 0.02)


@pytest.mark.usefixtures("_quick")
async def test_a_stuck_worker_is_bitten_from_within_the_loop() -> None:
    bitten: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def look() -> Look:
        return STUCK

    def bite(reason: str) -> None:
        if not bitten.done():
            bitten.set_result(reason)

    dog = Watchdog(0.1, look, bite)
    patrol = asyncio.create_task(dog.patrol())
    assert "nothing has moved" in await asyncio.wait_for(bitten, 20)
    dog.stop()
    await patrol


@pytest.mark.usefixtures("_quick")
async def test_a_blocked_loop_is_bitten_from_the_thread() -> None:
    reasons: list[str] = []
    bitten = threading.Event()

    async def look() -> Look:
        return STUCK._replace(excused=True)

    def bite(reason: str) -> None:
        reasons.append(reason)
        bitten.set()

    dog = Watchdog(0.1, look, bite)
    dog.start()
    patrol = asyncio.create_task(dog.patrol())
    await asyncio.sleep(0)
    assert bitten.wait(20), "the thread bites while the loop is blocked, here by this very wait"
    dog.stop()
    await patrol
    assert "event loop has been blocked" in reasons[0]


async def test_a_task_that_waits_shows_all_the_way_to_where_it_waits(capfd: pytest.CaptureFixture[str]) -> None:
    async def innermost() -> None:
        await asyncio.Event().wait()

    async def middle() -> None:
        await innermost()

    waiting = asyncio.create_task(middle(), name="the stuck one")
    await asyncio.sleep(0)
    dump_stacks(asyncio.get_running_loop())
    waiting.cancel()
    said = capfd.readouterr().err
    shown = said[said.index("the stuck one waits in:") :].splitlines()[1:4]
    assert [line.rsplit(".", 1)[-1] for line in shown] == ["middle", "innermost", "wait"]
