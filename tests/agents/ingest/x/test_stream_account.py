"""Whatever connections do, a post that was not put lies in a recorded gap, or after what is settled."""

import asyncio
from dataclasses import dataclass, field
from email.utils import formatdate

from hypothesis import given, settings
from hypothesis import strategies as st

from agents.ingest.sources.x.account import LATENCY_MS, MINUTE_MS, Account
from agents.ingest.sources.x.clock import XClock
from agents.ingest.sources.x.hearing import Hearing
from pipeline.ingest.coverage import GapReason
from pipeline.ingest.recorded import Recorded
from pipeline.ingest.xlines import posts
from tests.agents.ingest.x.scene import NOW_MS, News, Outlet, line

STEP_MS = 500


@dataclass(frozen=True)
class Posted:
    at_ms: int
    due_ms: int
    value: bytes


@dataclass
class Open:
    hearing: Hearing
    to_send: list[Posted]
    last_ms: int


@dataclass
class X:
    """Posts without end, delivered within `LATENCY_MS` to whoever is connected; what is sent again comes slowly."""

    outlet: Outlet
    backfill: int
    now_ms: int = NOW_MS
    posted: list[Posted] = field(default_factory=list)
    open: list[Open] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        self.open.clear()
        self.clock = XClock(lambda: self.now_ms / 1000, lambda: self.now_ms / 1000)
        resumed_ms = self.outlet.marks[-1] if self.outlet.marks else None
        self.account = Account(
            self.outlet, self.clock, of="posts", recorded=Recorded(), told=Recorded(), resumed_ms=resumed_ms
        )

    async def step(self) -> None:
        """Let half a second pass."""
        self.now_ms += STEP_MS
        number = len(self.posted)
        delay_ms = (number * 7919) % LATENCY_MS
        value = line(self.now_ms, number % 4000).rstrip()
        self.posted.append(Posted(self.now_ms, self.now_ms + delay_ms, value))
        due = [post for post in self.posted[-20:] if self.now_ms - STEP_MS < post.due_ms <= self.now_ms]
        for one in self.open:
            one.to_send += due
            sent, one.to_send = one.to_send[:6], one.to_send[6:]
            if sent or self.now_ms - one.last_ms >= 20_000:
                one.last_ms = self.now_ms
                await one.hearing.said([post.value for post in sent], 0 if sent else 1)
        if number % 10 == 0 and not self.open:
            await self.account.lapse(self.backfill * MINUTE_MS)
        if number % 2 == 0:
            self.outlet.mark(self.account.settled_ms)

    async def connect(self, minutes: int) -> None:
        minutes = min(minutes, self.backfill)
        self.clock.answered(formatdate(self.now_ms / 1000, usegmt=True))
        hearing = Hearing(
            self.account,
            self.outlet,
            self.clock,
            posts,
            minutes=minutes,
            on_open=lambda: self.outlet.mark(self.account.settled_ms),
            on_first=lambda: None,
        )
        await hearing.connected()
        since_ms = self.now_ms - minutes * MINUTE_MS
        again = [post for post in self.posted if post.at_ms >= since_ms and post.due_ms <= self.now_ms]
        self.open.append(Open(hearing, again if minutes else [], self.now_ms))

    async def end(self, which: int) -> None:
        if which < len(self.open):
            held = self.open.pop(which).hearing.held
            assert held is not None
            await self.account.closed(held, GapReason.DISCONNECTED)

    def judge(self, first_ms: int) -> None:
        there = set(self.outlet.values)
        settled_ms = self.account.settled_ms or 0
        for post in self.posted:
            if post.value not in there and first_ms <= post.at_ms < settled_ms:
                assert any(start <= post.at_ms < end for start, end, _ in self.outlet.gaps), post


moves = st.one_of(
    st.tuples(st.just("pass"), st.integers(1, 60)),
    st.tuples(st.just("pass"), st.integers(1, 700)),
    st.tuples(st.just("connect"), st.integers(0, 5)),
    st.tuples(st.just("end"), st.integers(0, 1)),
    st.tuples(st.just("kill"), st.integers(0, 0)),
)


@settings(max_examples=60, deadline=None)
@given(plan=st.lists(moves, max_size=25), backfill=st.sampled_from([0, 5]))
def test_no_post_is_missing_without_a_gap(plan: list[tuple[str, int]], backfill: int) -> None:
    async def trial() -> None:
        x = X(Outlet(News()), backfill)
        first_ms = None
        for move, number in [*plan, ("pass", 60), ("connect", 1), ("pass", 120)]:
            match move:
                case "pass":
                    for _ in range(number):
                        await x.step()
                case "connect":
                    if len(x.open) < 2:
                        first_ms = first_ms or x.now_ms + 1000
                        await x.connect(number)
                case "end":
                    await x.end(number)
                case _:
                    x.start()
            x.judge(first_ms or x.now_ms)

    asyncio.run(trial())
