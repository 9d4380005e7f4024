"""A crisis on the real Alertmanager, from opening to resolve."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings

from agents.notify.sinks import NotNow, make_sink
from pipeline.notify.channels import Alertmanager
from schemas import CrisisEvent, CrisisEventType, Level
from schemas.times import from_rfc3339
from tests.agents.notify.sinks import notification
from tests.ops.alertmanager import PROGRAM, running_alertmanager
from tests.ops.receiver import Call, Receiver, receiving
from tests.pipeline.notify.crises import crises, step
from tests.schemas.events import CRISIS, NOON

pytestmark = pytest.mark.skipif(
    shutil.which(PROGRAM) is None, reason=f"{PROGRAM} is not installed (Debian: apt-get install {PROGRAM})"
)

OPENED = step(CrisisEventType.OPENED)
ESCALATED = step(CrisisEventType.ESCALATED, level=Level.CRISIS, previous=Level.ALERT, sequence=1)
RESOLVED = step(
    CrisisEventType.RESOLVED, level=Level.CALM, previous=Level.ALERT, sequence=2, time="2026-03-02T18:00:00Z"
)
_WAIT_S = 30.0


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def url(receiver: Receiver, tmp_path: Path) -> Iterator[str]:
    with running_alertmanager(tmp_path / "alertmanager", receiver.url) as url:
        yield url


async def alerts(session: aiohttp.ClientSession, url: str) -> Any:
    async with session.get(f"{url}/api/v2/alerts") as response:
        return await response.json()


def statuses(calls: list[Call]) -> list[str]:
    return [call.json["status"] for call in calls]


async def test_a_crisis_is_one_alert_that_fires_is_updated_and_is_resolved(
    session: aiohttp.ClientSession, receiver: Receiver, url: str
) -> None:
    """The crisis was opened months ago by the wall clock, as when a log is read again: that must not matter."""
    sink = make_sink(Alertmanager(name="ops", url=url))
    assert sink.repeats
    now = datetime.now(UTC)
    await sink.deliver(session, notification(OPENED), now=now)
    [opened] = await alerts(session, url)
    assert opened["annotations"]["summary"] == "acme is no longer calm: alert"
    assert from_rfc3339(opened["startsAt"]) == from_rfc3339(NOON)
    [call] = await asyncio.to_thread(receiver.until, bool, what="Alertmanager tells that it fires", timeout_s=_WAIT_S)
    assert statuses([call]) == ["firing"]

    await sink.deliver(session, notification(ESCALATED), now=now)
    await sink.deliver(session, notification(ESCALATED), now=now + timedelta(minutes=1))
    [escalated] = await alerts(session, url)
    assert escalated["fingerprint"] == opened["fingerprint"]
    assert escalated["annotations"]["summary"] == "acme: escalated from alert to crisis"
    assert escalated["annotations"]["level"] == "3"
    in_an_hour = (now + timedelta(minutes=61)).timestamp() * 1000
    assert abs(from_rfc3339(escalated["endsAt"]) - in_an_hour) < 2

    await sink.deliver(session, notification(RESOLVED), now=datetime.now(UTC))
    calls = await asyncio.to_thread(
        receiver.until,
        lambda calls: "resolved" in statuses(calls),
        what="Alertmanager tells that it is resolved",
        timeout_s=_WAIT_S,
    )
    assert statuses(calls) == ["firing", "resolved"]
    [first], [last] = (call.json["alerts"] for call in calls)
    assert first["fingerprint"] == last["fingerprint"]
    assert last["labels"]["crisis_id"] == CRISIS.crisis_id
    assert from_rfc3339(last["endsAt"]) == from_rfc3339(RESOLVED.time)
    assert await alerts(session, url) == []


async def test_a_crisis_that_is_decided_and_resolved_within_a_minute_is_resolved_all_the_same(
    session: aiohttp.ClientSession, receiver: Receiver, url: str
) -> None:
    """The sender's clock may be ahead of Alertmanager's by less than a minute."""
    sink = make_sink(Alertmanager(name="ops", url=url))
    ahead = datetime.now(UTC) + timedelta(seconds=55)
    at = ahead.strftime("%Y-%m-%dT%H:%M:%SZ")
    await sink.deliver(session, notification(step(CrisisEventType.OPENED, time=at)), now=ahead)
    await asyncio.to_thread(receiver.until, bool, what="Alertmanager tells that it fires", timeout_s=_WAIT_S)
    resolved = step(CrisisEventType.RESOLVED, level=Level.CALM, previous=Level.ALERT, time=at)
    await sink.deliver(session, notification(resolved), now=ahead)
    assert await alerts(session, url) == []


async def test_a_wrong_prefix_is_told_by_its_status_and_tried_again(session: aiohttp.ClientSession, url: str) -> None:
    sink = make_sink(Alertmanager(name="ops", url=f"{url}/alertmanager"))
    with pytest.raises(NotNow, match=r"channel ops, host 127\.0\.0\.1: answers 404 \(Not Found\)"):
        await sink.deliver(session, notification(OPENED), now=datetime.now(UTC))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(crises())
def test_alertmanager_takes_whatever_happened(url: str, event: CrisisEvent) -> None:
    async def deliver() -> None:
        async with aiohttp.ClientSession() as session:
            await make_sink(Alertmanager(name="ops", url=url)).deliver(
                session, notification(event), now=datetime.now(UTC)
            )

    asyncio.run(deliver())
