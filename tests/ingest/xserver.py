"""A local X: behaves as docs.x.com says of the filtered stream, its rules, and the compliance streams.

A process of its own, so that it takes no time of the ingester's loop, and goes on publishing whether or not anybody is
connected. Every post has its time by this server's own clock, reaches whoever is connected a moment later, and is kept:
what was ever published is what the ingester has to account for. So is when who was connected. Faults come on a second
port; `tests.ingest.x` asks for them.

ADR: rules are kept and checked, and evaluated by nobody: which posts a rule lets through is X's business, and the tests
of the rules have an evaluator of their own.
"""

from __future__ import annotations

import asyncio
import heapq
import json
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from itertools import takewhile
from random import Random
from typing import Any

from aiohttp import web

from tests.ingest.shapes import MALFORMED, SHAPES, created_ms, line_of, malformed_line
from tests.ingest.xconnection import Connection
from tests.ingest.xrulebook import RuleBook

__all__ = ["Plan", "Server"]

_TICK_S = 0.02
_HOST = "127.0.0.1"
_TOO_MANY = {
    "title": "ConnectionException",
    "detail": "This stream is currently at the maximum allowed connection limit.",
    "connection_issue": "TooManyConnections",
    "type": "https://api.x.com/2/problems/streaming-connection",
}
_NO_RULES = {
    "title": "ConnectionException",
    "detail": "No valid rules have been configured for this stream.",
    "connection_issue": "RuleConfigurationIssue",
    "type": "https://api.x.com/2/problems/streaming-connection",
}
_TITLES = {401: "Unauthorized", 403: "Forbidden", 429: "Too Many Requests", 503: "Service Unavailable"}
_POSTS = "posts"
"""The filtered stream; the others are ``tweets/1`` to ``users/4``."""


@dataclass(kw_only=True)
class Plan:
    """How a server is to be; the command line holds it as JSON. What is marked so may change while it runs."""

    port: int
    control: int
    rate: float = 25.0
    """Posts a second. May change."""
    notices: float = 0.0
    """Compliance messages a second, over all partitions. May change."""
    shapes: list[str] = field(default_factory=lambda: list(SHAPES))
    """Taken in turn. May change."""
    tokens: list[str] = field(default_factory=lambda: ["token-1"])
    """Those that are let in. May change."""
    keep_alive_s: float = 0.5
    """X: 20."""
    delay_ms: int = 300
    """The longest from a post's time to its delivery; X: 99 of 100 within 7 seconds."""
    connections: int = 1
    """How many at once, of each stream."""
    backfill: bool = False
    """Whether the plan has `backfill_minutes`."""
    skew_ms: int = 0
    """By how much this server's clock is ahead of the machine's."""
    rules: list[dict[str, str]] = field(default_factory=list)
    """Somebody else's, there before."""
    most_rules: int = 1_000
    longest_rule: int = 1_024
    cut_backfill: list[int] = field(default_factory=list)
    """After how many posts that are sent again the next connections are broken off. May change."""
    shuffled: bool = False
    """Whether posts that are sent again come in no order: older ones come first only "generally"."""
    pieces: bool = True
    """Cut what is sent anywhere."""
    seed: int = 1


class Server:
    """Everything X knows."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.book = RuleBook(plan.rules, plan.most_rules, plan.longest_rule)
        self.published: list[dict[str, Any]] = []
        """Every post, malformed line and notice, in order of publication."""
        self.open: dict[str, list[Connection]] = {}
        """By stream."""
        self.spans: list[list[Any]] = []
        """Stream, beginning and end of every connection, or of the time it was not stalled; none while it is open."""
        self.requests: list[dict[str, Any]] = []
        self.fault: dict[str, Any] = {}
        """What is answered instead of a stream (``of``: or to rules), for how many requests."""
        self._delivered: dict[str, list[tuple[int, bytes]]] = {}
        self._due: list[tuple[int, int, str, bytes]] = []
        self._chance = Random(plan.seed)
        self._number = 0
        self._skew_ms = plan.skew_ms
        self._site: web.TCPSite | None = None
        self._runner: web.AppRunner | None = None

    @property
    def now_ms(self) -> int:
        """The time by this server's clock."""
        return time.time_ns() // 1_000_000 + self._skew_ms

    # -- publication ---------------------------------------------------------------------------------

    async def publish(self) -> None:
        """Publish and deliver, for ever."""
        next_s = next_notice_s = time.monotonic()
        while True:
            now = time.monotonic()
            while self.plan.rate > 0 and next_s <= now:
                next_s += 1.0 / self.plan.rate
                self.post()
            while self.plan.notices > 0 and next_notice_s <= now:
                next_notice_s += 1.0 / self.plan.notices
                self.notice()
            next_s, next_notice_s = max(next_s, now), max(next_notice_s, now)
            self.deliver()
            await asyncio.sleep(_TICK_S)

    def post(self, shape: str | None = None, time_ms: int | None = None) -> dict[str, Any]:
        """Publish a post."""
        self._number += 1
        shape = shape or self.plan.shapes[self._number % len(self.plan.shapes)]
        time_ms = self.now_ms if time_ms is None else time_ms
        post_id, line = line_of(shape, time_ms, self._number)
        return self._publish(_POSTS, time_ms, {"id": post_id, "shape": shape}, line)

    def malformed(self, kind: str) -> dict[str, Any]:
        """Publish a line that is no post."""
        self._number += 1
        line = malformed_line(kind, self.now_ms, self._number)
        return self._publish(_POSTS, self.now_ms, {"id": None, "shape": kind}, line)

    def notice(self) -> dict[str, Any]:
        """Publish a compliance message."""
        self._number += 1
        number, partition = str(1_000_000 + self._number), self._number % 4 + 1
        at = {"event_at": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(self.now_ms / 1000))}
        if self._number % 3:
            kind, topic = ("delete", "drop")[self._number % 2], f"tweets/{partition}"
            data: dict[str, Any] = {kind: {"tweet": {"id": number, "author_id": "17"}, **at}}
        else:
            kind, topic = ("user_delete", "user_protect")[self._number % 2], f"users/{partition}"
            data = {kind: {"user": {"id": number}, **at}}
        line = json.dumps({"data": data}).encode()
        return self._publish(topic, self.now_ms, {"id": number, "shape": kind}, line)

    def _publish(self, topic: str, time_ms: int, known: dict[str, Any], line: bytes) -> dict[str, Any]:
        due_ms = time_ms + self._chance.randrange(self.plan.delay_ms + 1)
        heapq.heappush(self._due, (due_ms, self._number, topic, line))
        known |= {"topic": topic, "time_ms": created_ms(time_ms), "at_ms": time_ms}
        self.published.append({**known, "line": line.decode("latin-1")})
        return known

    def deliver(self) -> None:
        """Send what is due to all who are connected."""
        while self._due and self._due[0][0] <= self.now_ms:
            due_ms, _, topic, line = heapq.heappop(self._due)
            self._delivered.setdefault(topic, []).append((due_ms, line))
            for connection in self.open.get(topic, []):
                connection.put(line + b"\r\n")

    # -- streams -------------------------------------------------------------------------------------

    async def posts(self, request: web.Request) -> web.StreamResponse:
        """``GET /2/tweets/search/stream``."""
        return await self._stream(request, _POSTS)

    async def compliance(self, request: web.Request) -> web.StreamResponse:
        """``GET /2/tweets/compliance/stream`` and ``/2/users/compliance/stream``, one partition of four."""
        partition = request.query.get("partition", "")
        if partition not in {"1", "2", "3", "4"}:
            return self._json(request, 400, {"title": "Invalid Request", "detail": "The partition is not 1 to 4."})
        return await self._stream(request, f"{request.match_info['kind']}/{partition}")

    async def _stream(self, request: web.Request, topic: str) -> web.StreamResponse:
        open_now = self.open.setdefault(topic, [])
        minutes = request.query.get("backfill_minutes", "0")
        refused = self._refused(request, "streams")
        if refused is None and topic == _POSTS and not self.book.rules:
            refused = self._json(request, 409, _NO_RULES)
        if refused is None and len(open_now) >= self.plan.connections:
            refused = self._json(request, 429, _TOO_MANY)
        if refused is None and minutes not in ({"0", "1", "2", "3", "4", "5"} if self.plan.backfill else {"0"}):
            refused = self._json(request, 400, {"title": "Invalid Request", "detail": f"backfill_minutes: {minutes}"})
        if refused is not None:
            return refused
        gzip = "gzip" in request.headers.get("Accept-Encoding", "")
        response = web.StreamResponse(headers=self._headers(request, 200))
        response.content_type = "application/json"
        if gzip:
            response.headers["Content-Encoding"] = "gzip"
        response.enable_chunked_encoding()
        await response.prepare(request)
        connection = Connection(
            request, response, gzip=gzip, pieces=self.plan.pieces, seed=self.plan.seed + len(self.requests)
        )
        since_ms = self.now_ms - 60_000 * int(minutes)
        again = [line for due_ms, line in self._delivered.get(topic, []) if due_ms >= since_ms]
        if self.plan.shuffled:
            self._chance.shuffle(again)
        if minutes != "0" and self.plan.cut_backfill:
            again = again[: self.plan.cut_backfill.pop(0)]
            connection.then = "half", self._never_published()
        for line in again if minutes != "0" else []:
            connection.put(line + b"\r\n")
        span = [topic, self.now_ms, None]
        self.spans.append(span)
        connection.when_over = lambda: self._over(span)
        open_now.append(connection)
        try:
            await connection.serve(self.plan.keep_alive_s)
        except ConnectionError:
            pass  # the client has gone
        finally:
            open_now.remove(connection)
            connection.when_over()
        return response

    def _over(self, span: list[Any]) -> None:
        span[2] = span[2] or self.now_ms

    # -- answers -------------------------------------------------------------------------------------

    async def list_rules(self, request: web.Request) -> web.Response:
        """``GET /2/tweets/search/stream/rules``."""
        return self._refused(request, "rules") or self._json(request, *self.book.listed())

    async def change_rules(self, request: web.Request) -> web.Response:
        """``POST /2/tweets/search/stream/rules``."""
        text, dry = await request.read(), request.query.get("dry_run") == "true"
        return self._refused(request, "rules") or self._json(request, *self.book.changed(text, dry=dry))

    def _refused(self, request: web.Request, what: str) -> web.Response | None:
        """Answer whoever shows no token of today, and everybody while a fault lasts."""
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.plan.tokens:
            return self._json(request, 401, _problem(401))
        fault = self.fault
        if not fault or fault.get("of", "streams") != what or fault.get("count") == 0:
            return None
        if "count" in fault:
            fault["count"] -= 1
        return self._json(request, fault["status"], _problem(fault["status"]) | fault.get("body", {}))

    def _json(self, request: web.Request, status: int, body: Mapping[str, Any]) -> web.Response:
        return web.json_response(body, status=status, headers=self._headers(request, status))

    def _headers(self, request: web.Request, status: int) -> dict[str, str]:
        now_ms = self.now_ms
        seen = {"at_ms": now_ms, "method": request.method, "path": request.path, "status": status}
        self.requests.append({**seen, "query": dict(request.query), "agent": request.headers.get("User-Agent")})
        reset_s = self.fault.get("reset_s", 900) if status == 429 else 900
        return {
            "Date": formatdate(now_ms / 1000, usegmt=True),
            "x-rate-limit-limit": "50",
            "x-rate-limit-remaining": "0" if status == 429 else "49",
            "x-rate-limit-reset": str(-(-int(now_ms + 1000 * reset_s) // 1000)),
        }

    # -- faults --------------------------------------------------------------------------------------

    async def listen(self) -> None:
        """Take connections."""
        if self._site is None:
            assert self._runner is not None
            self._site = web.TCPSite(self._runner, _HOST, self.plan.port, reuse_address=True)
            await self._site.start()

    async def refuse(self) -> None:
        """Take no connection any more, and reset those that there are."""
        if self._site is not None:
            await self._site.stop()
            self._site = None
        self.drop("rst")

    def drop(self, how: str, count: int | None = None, of: str = "") -> int:
        """End so many connections, or all."""
        half = self._never_published()
        ended = [each for topic, many in self.open.items() if topic.startswith(of) for each in many][:count]
        for connection in ended:
            connection.end(how, half)
        return len(ended)

    def _never_published(self) -> bytes:
        return line_of("plain", self.now_ms, 1 << 21)[1]

    def stall(self, count: int | None = None) -> int:
        """Send nothing more on so many connections, or all, and leave them open."""
        stalled = [each for many in self.open.values() for each in many][:count]
        for connection in stalled:
            connection.stall()
        return len(stalled)

    def answer(self, **fault: Any) -> None:
        """Answer requests with an error; nothing given: no more. Streams that are open are reset."""
        self.fault = fault
        if fault and fault.get("of", "streams") == "streams":
            self.drop("rst")

    def jump(self, ms: int, posts: int) -> None:
        """Let time go by at once, with posts spread over it that nobody was connected for."""
        began_ms = self.now_ms
        for at in range(posts):
            self.post(time_ms=began_ms + at * ms // posts)
        self._skew_ms += ms
        self.deliver()

    def change(self, **wanted: Any) -> None:
        """Change the plan."""
        for name, value in wanted.items():
            setattr(self.plan, name, value)

    def ids(self, since_ms: int) -> list[tuple[str, int, str]]:
        """Return the ID, time and stream of each post since some time."""
        later = takewhile(lambda each: each["at_ms"] >= since_ms, reversed(self.published))
        return [(each["id"], each["at_ms"], each["topic"]) for each in later if each["id"]][::-1]

    async def command(self, request: web.Request) -> web.Response:
        """Do what a trial asks for, and tell how things are."""
        asked = await request.json()
        doing: Mapping[str, Callable[..., Any]] = {
            "drop": self.drop,
            "refuse": self.refuse,
            "listen": self.listen,
            "stall": self.stall,
            "answer": self.answer,
            "jump": self.jump,
            "change": self.change,
            "post": self.post,
            "malformed": lambda: [self.malformed(kind) for kind in MALFORMED],
            "published": lambda: self.published,
            "ids": self.ids,
            "state": lambda: None,
        }
        result = doing[asked.pop("do")](**asked)
        if isinstance(result, Awaitable):
            result = await result
        state = {
            "now_ms": self.now_ms,
            "open": {topic: len(many) for topic, many in self.open.items() if many},
            "published": len(self.published),
            "due": len(self._due),
            "rules": self.book.rules,
            "spans": self.spans,
            "requests": self.requests,
        }
        return web.json_response({**state, "result": result})

    async def run(self) -> None:
        """Serve until killed."""
        app, control = web.Application(), web.Application()
        app.add_routes(
            [
                web.get("/2/tweets/search/stream", self.posts),
                web.get("/2/tweets/search/stream/rules", self.list_rules),
                web.post("/2/tweets/search/stream/rules", self.change_rules),
                web.get("/2/{kind:tweets|users}/compliance/stream", self.compliance),
            ]
        )
        control.add_routes([web.post("/", self.command)])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        controller = web.AppRunner(control, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await controller.setup()
        await self.listen()
        await web.TCPSite(controller, _HOST, self.plan.control).start()
        await self.publish()


def _problem(status: int) -> dict[str, Any]:
    title = _TITLES.get(status, "Problem")
    return {"title": title, "detail": title, "type": "about:blank", "status": status}


if __name__ == "__main__":
    asyncio.run(Server(Plan(**json.loads(sys.argv[1]))).run())
