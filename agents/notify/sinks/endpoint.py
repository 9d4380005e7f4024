"""One bounded attempt over HTTP, and what its failure means. All sinks speak to their receivers through this.

An address or a header may be a secret (Slack's address is one), and so may be whatever the receiver answers, which may
quote them. So errors are in our own words: the channel, the host and the status, and nothing that was sent or read.
Nor are they chained to the client's errors, which name the address.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import aiohttp
from yarl import URL

from agents.notify.sinks.contract import NotNow, SinkConfigError, Undeliverable

__all__ = ["MALFORMED", "TIMEOUT_S", "TOO_LARGE", "Answer", "Endpoint"]

TIMEOUT_S = 10.0
"""For a whole attempt, from looking up the host to the end of the answer."""
MALFORMED = "it takes the notification for malformed"
TOO_LARGE = "it finds the notification too large"
_LONGEST_RETRY_AFTER_S = 3600.0
"""A receiver that asks for more may have a wrong clock, and a crisis does not wait for a day."""
_MOVED = "it has moved for good; redirects are not followed, so put the new address into the channel"
_FINAL_FOR_ALL = {301: _MOVED, 308: _MOVED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a receiver answered."""

    status: int
    """HTTP status."""
    text: str
    """The beginning of the body, as much as was asked for."""
    retry_after: str | None
    """The header of that name."""


class Endpoint:
    """Where a channel's notifications go.

    Parameters
    ----------
    channel
        Name of the channel.
    url
        The address.
    found_in
        What to call the place of the address in an error: an address that is a secret is in a file.

    Raises
    ------
    SinkConfigError
        The address is none.
    """

    def __init__(self, channel: str, url: str, *, found_in: str = "its url") -> None:
        try:
            self.url = URL(url)
            usable = self.url.scheme in ("http", "https") and bool(self.url.host)
        except ValueError:
            usable = False
        if not usable:
            raise SinkConfigError(
                f"channel {channel}: {found_in} must be an address that begins with https:// or http://"
            )
        self._channel = channel

    def about(self, what: str) -> str:
        """Say something about this endpoint, without its address."""
        return f"channel {self._channel}, host {self.url.host}: {what}"

    async def post(
        self,
        session: aiohttp.ClientSession,
        body: bytes,
        headers: Mapping[str, str] | None = None,
        *,
        read_up_to: int = 0,
    ) -> Answer:
        """Send JSON and return the answer, whatever its status.

        Parameters
        ----------
        session, body, headers
            What to send, and over which connections.
        read_up_to
            How many bytes of the answer's body matter. The others are never read, so they can neither fail an attempt
            nor hold it up; the connection is closed with them.

        Raises
        ------
        NotNow
            There was no answer: no connection, no trust, not in time, or nothing that is HTTP.
        """
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return await self._ask(session, body, headers or {}, read_up_to)
        except TimeoutError:
            why = f"no answer within {TIMEOUT_S:g} s"
        except aiohttp.ClientSSLError:
            why = "TLS failed: the certificate is not trusted or there is no common protocol"
        except aiohttp.ClientConnectorError:
            why = "cannot be reached"
        except (aiohttp.ClientError, OSError, ValueError):
            why = "the connection broke, or the answer is not HTTP"
        raise NotNow(self.about(why))

    async def _ask(
        self, session: aiohttp.ClientSession, body: bytes, headers: Mapping[str, str], read_up_to: int
    ) -> Answer:
        sent = {"Content-Type": "application/json", "User-Agent": "vigie", **headers}
        async with session.post(self.url, data=body, headers=sent, allow_redirects=False) as response:
            read = bytearray()
            while len(read) < read_up_to and (part := await response.content.read(read_up_to - len(read))):
                read += part
            return Answer(
                status=response.status,
                text=read.decode(errors="replace"),
                retry_after=response.headers.get("Retry-After"),
            )

    def refusal(self, answer: Answer, final: Mapping[int, str], *, now: datetime) -> NotNow | Undeliverable:
        """Return what to raise after an answer that is not acceptance.

        Parameters
        ----------
        answer
            What came.
        final
            The statuses after which this receiver will never take the notification, and what each means.
        now
            The wall clock, which a date in `Retry-After` is counted from.
        """
        said = f"answers {answer.status}{_phrase(answer.status)}"
        if meaning := {**_FINAL_FOR_ALL, **final}.get(answer.status):
            return Undeliverable(self.about(f"{said}: {meaning}"))
        return NotNow(self.about(said), _retry_after_s(answer.retry_after, now))


def _phrase(status: int) -> str:
    try:
        return f" ({HTTPStatus(status).phrase})"
    except ValueError:
        return ""


def _retry_after_s(value: str | None, now: datetime) -> float | None:
    """Read the header, which holds seconds or a date (RFC 9110, section 10.2.3)."""
    if value is None:
        return None
    if value.isascii() and value.isdigit():
        # Of a number too long to be one only that it is too large matters.
        seconds = float(value[:10])
    else:
        try:
            at = parsedate_to_datetime(value)
        except (ValueError, OverflowError):
            return None
        seconds = (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp() - now.timestamp()
    return min(max(seconds, 0.0), _LONGEST_RETRY_AFTER_S)
