"""The rules of the filtered stream as X keeps them: listed, added, taken away, or only tried.

https://docs.x.com/x-api/stream/get-stream-rules and ``/update-stream-rules`` (2026). Of several rules X takes those
that are right and names the others (201 with ``errors``); when it takes none, the same comes as an error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

import aiohttp
import orjson

from agents.ingest.sources.x.clock import XClock
from agents.ingest.sources.x.connection import refused
from agents.ingest.sources.x.follow import USER_AGENT
from agents.ingest.sources.x.token import TOKEN_SETTING, TokenFile
from agents.ingest.telling import network_trouble
from pipeline.ingest.backoff import Failure
from pipeline.ingest.xlines import problem
from pipeline.ingest.xrules import Rule, StandingRule

__all__ = ["PATH", "SEE_PLAN", "NotDone", "RuleRefused", "RulesApi", "advice"]

PATH = "/2/tweets/search/stream/rules"
SEE_PLAN = "`vigie ingest x --plan` shows the rules and what X says of them."
_TIMEOUT = aiohttp.ClientTimeout(total=60.0, sock_connect=10.0)
_MOST_BYTES = 16 * 1024 * 1024
"""Of an answer: a page of a thousand rules has two million characters."""
_PAGE = "1000"
_MOST_PAGES = 200
_MOST_WORDS = 300


class RuleRefused(NamedTuple):
    """A rule that X did not take, or that it has not found."""

    value: str
    """What it asks for; empty when X did not say which it was."""
    words: str
    """What X has against it."""
    twin: str
    """The ID of the rule that is there and asks for the same; empty when that is not the reason."""


class NotDone(Exception):
    """X did not do what was asked. The message says why, in plain words and X's own."""

    def __init__(
        self, message: str, failure: Failure, *, reset_s: float | None = None, status: int | None = None
    ) -> None:
        super().__init__(message)
        self.failure = failure
        """By which one waits before the next try."""
        self.reset_s = reset_s
        """In how many seconds X takes requests again, if it said so."""
        self.status = status
        """Of the answer, if there was one."""

    @property
    def is_refusal(self) -> bool:
        """Whether it is for us to change something: asked again, X would say the same."""
        return self.status is not None and self.status < HTTPStatus.INTERNAL_SERVER_ERROR and not self._is_passing

    @property
    def _is_passing(self) -> bool:
        return self.failure is Failure.RATE_LIMIT or self.status in (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT)


class RulesApi:
    """The endpoints of rules.

    Parameters
    ----------
    api : str
        Address of X's API.
    token : TokenFile
        Who we are; read for every request.
    session : aiohttp.ClientSession
        Over which connections.
    clock : XClock
        X's time; it is told by every answer.
    """

    def __init__(self, api: str, token: TokenFile, session: aiohttp.ClientSession, clock: XClock) -> None:
        self._url = api.rstrip("/") + PATH
        self._token = token
        self._session = session
        self._clock = clock

    async def standing(self) -> list[StandingRule]:
        """Return all rules that there are, ours and those of others.

        Raises
        ------
        NotDone
            X does not say.
        """
        found: list[StandingRule] = []
        query = {"max_results": _PAGE}
        for _ in range(_MOST_PAGES):
            status, body = await self._ask("GET", query)
            if status != HTTPStatus.OK:
                raise NotDone(f"X answers {status} to a question for its rules", Failure.HTTP)
            found += [
                StandingRule(rule["id"], rule["value"], rule.get("tag") or "")
                for rule in _dicts(body.get("data"))
                if type(rule.get("id")) is str and type(rule.get("value")) is str
            ]
            following = _dict(body.get("meta")).get("next_token")
            if type(following) is not str or not following:
                return found
            query = {"max_results": _PAGE, "pagination_token": following}
        raise NotDone(f"X has more than {_MOST_PAGES} pages of rules", Failure.HTTP)

    async def add(self, rules: Sequence[Rule], *, dry_run: bool = False) -> list[RuleRefused]:
        """Add rules, or have X say what it would do. Returns those that it does not take.

        Raises
        ------
        NotDone
            X did nothing.
        """
        wanted = [{"value": rule.value, "tag": rule.tag} for rule in rules]
        return await self._change({"add": wanted}, dry_run=dry_run)

    async def delete(self, rules: Sequence[StandingRule], *, dry_run: bool = False) -> list[RuleRefused]:
        """Take rules away, or have X say what it would do. Returns what it has against it.

        Raises
        ------
        NotDone
            X did nothing.
        """
        return await self._change({"delete": {"ids": [rule.id for rule in rules]}}, dry_run=dry_run)

    async def _change(self, wanted: Mapping[str, Any], *, dry_run: bool) -> list[RuleRefused]:
        _, body = await self._ask("POST", {"dry_run": "true"} if dry_run else {}, wanted)
        return _refusals(body)

    async def _ask(
        self, method: str, query: Mapping[str, str], wanted: Mapping[str, Any] | None = None
    ) -> tuple[int, dict[str, Any]]:
        try:
            headers = {"Authorization": f"Bearer {self._token.read()}", "User-Agent": USER_AGENT}
        except ValueError as exc:
            raise NotDone(str(exc), Failure.HTTP, status=HTTPStatus.UNAUTHORIZED) from exc
        try:
            async with self._session.request(
                method,
                self._url,
                params=query,
                headers=headers,
                json=wanted,
                timeout=_TIMEOUT,
                allow_redirects=False,
            ) as response:
                is_error = response.status >= HTTPStatus.BAD_REQUEST
                self._clock.answered(response.headers.get("Date"), is_error=is_error)
                return response.status, self._taken(response, await _body(response))
        except TimeoutError:
            words = f"no answer within {_TIMEOUT.total:g} s"
        except (aiohttp.ClientError, OSError) as exc:
            words = network_trouble(exc)
        raise NotDone(f"{self._url}: {words}", Failure.NETWORK)

    def _taken(self, response: aiohttp.ClientResponse, body: dict[str, Any]) -> dict[str, Any]:
        """Return the body of an answer that X has given to what was asked, if only to refuse each rule."""
        if response.status in (HTTPStatus.OK, HTTPStatus.CREATED) and body:
            return body
        if response.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY) and any(
            each.value for each in _refusals(body)
        ):
            return body
        if response.status < HTTPStatus.BAD_REQUEST:
            raise NotDone(f"X answers {response.status} with something that is no answer of its API", Failure.HTTP)
        ended = refused(response, problem(body), self._clock)
        raise NotDone(ended.words, ended.failure, reset_s=ended.reset_s, status=ended.status)


def advice(refusal: NotDone, api: str, token: TokenFile) -> str:
    """Say which setting to look at after a refusal."""
    match refusal.status:
        case HTTPStatus.UNAUTHORIZED:
            return f"{TOKEN_SETTING}: put the Bearer token of your app into {token.path}"
        case HTTPStatus.FORBIDDEN:
            return "Look in X's developer console whether the app's access has the filtered stream (VIGIE_X_ACCESS)"
        case HTTPStatus.NOT_FOUND:
            return f"x_api (VIGIE_X_API): is {api} the address of X's API?"
        case _:
            return f"Look at x_access (VIGIE_X_ACCESS). {SEE_PLAN}"


async def _body(response: aiohttp.ClientResponse) -> dict[str, Any]:
    """Return an answer's object; an empty one of what is none."""
    read = bytearray()
    async for part in response.content.iter_any():
        read += part
        if len(read) > _MOST_BYTES:
            return {}
    try:
        return _dict(orjson.loads(read))
    except ValueError:
        return {}


def _refusals(body: Mapping[str, Any]) -> list[RuleRefused]:
    return [
        RuleRefused(
            error["value"] if type(error.get("value")) is str else "",
            _words(error),
            str(error.get("id") or "") if _is_duplicate(error) else "",
        )
        for error in _dicts(body.get("errors"))
    ]


def _is_duplicate(error: Mapping[str, Any]) -> bool:
    return error.get("title") == "DuplicateRule" or str(error.get("type")).endswith("/duplicate-rules")


def _words(error: Mapping[str, Any]) -> str:
    """Return what X has against a rule, as one line of bounded length."""
    details = error.get("details")
    said = [error.get("title"), error.get("detail"), *(details if type(details) is list else ())]
    words = ": ".join(dict.fromkeys(each for each in said if type(each) is str and each)) or "no reason given"
    return "".join(char if char.isprintable() else " " for char in words[:_MOST_WORDS])


def _dict(value: object) -> dict[str, Any]:
    return value if type(value) is dict else {}


def _dicts(value: object) -> list[dict[str, Any]]:
    return [each for each in value if type(each) is dict] if type(value) is list else []
