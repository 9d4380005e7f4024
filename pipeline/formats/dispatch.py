"""Which form is it? Decided by an object's keys, once.

The order of the checks matters where forms share keys; each check says what makes it sure.
"""

from __future__ import annotations

import re
from typing import Any, Final

from pipeline.formats import canonical, columns, compliance, enterprise, gap, jetstream, rows, v1, v2, wire
from pipeline.formats.outcome import ComplianceNotice, FormError, GapNotice, Parsed, Reject
from schemas.deadletter import DeadLetterReason
from schemas.tweet import SourceForm, Tweet

__all__ = ["parse"]

_Object = dict[str, Any]

_ENVELOPES: Final = ("payload", "response", "tweet", "status", "message")
"""Keys under which connectors and test recordings wrap what they pass on."""
_LISTS: Final = ("statuses", "results")
"""Keys of the lists of v1.1 and enterprise search responses."""
_MAX_LEVEL: Final = 3
"""Lists and envelopes around a post: connectors wrap a response, a response wraps a post."""
_MAX_COLUMNS: Final = 200
"""An object with more keys is not looked at as the row of an archive."""
_MAX_REJECTS: Final = 20
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.\-]{0,31}", re.ASCII)

_LINE: Final = (b'{"data":{', b'{"data": {')
"""How a line of the filtered stream begins, as X writes it and as Python's `json` does."""
_V2_STREAM: Final = SourceForm.V2_STREAM
_EVENT: Final = b'{"did":"did:'
"""How an event of Jetstream begins."""

EMPTY_RESPONSE: Final = "empty_response"


def parse(value: bytes | None, *, max_bytes: int) -> Parsed:
    """Parse one raw record. Never raises, and never gives nothing.

    Parameters
    ----------
    value : bytes or None
        The record's value; none is a tombstone.
    max_bytes : int
        A larger value is rejected unread.
    """
    if value is not None and len(value) <= max_bytes and value.startswith(_LINE) and wire.is_sound(value):
        post = v2.line(value)
        if post is not None:
            return Parsed(tweets=(post,))
    found = _Found()
    try:
        if value is not None and len(value) <= max_bytes and value.startswith(_EVENT) and wire.is_sound(value):
            event = jetstream.line(value)
            if event is not None and event.kind is not None:
                found.jetstream(event)
                return found.parsed()
        found.record(wire.load(value, max_bytes))
    except FormError as error:
        found.reject(error)
    except Exception as error:  # noqa: BLE001 - a bug of ours becomes a dead letter, never a stopped pipeline
        found.bug(error)
    return found.parsed()


class _Found:
    """What a record has given so far."""

    __slots__ = ("compliance", "gaps", "ignored", "more_rejects", "rejects", "tweets")

    def __init__(self) -> None:
        self.tweets: list[Tweet] = []
        self.rejects: list[Reject] = []
        self.compliance: list[ComplianceNotice] = []
        self.gaps: list[GapNotice] = []
        self.ignored: str | None = None
        self.more_rejects = 0

    def parsed(self) -> Parsed:
        """Return it all. Posts by time: responses list the newest first."""
        if len(self.tweets) > 1:
            self.tweets.sort(key=lambda tweet: tweet.created_at_ms)
        if self.more_rejects:
            last = self.rejects[-1]
            message = f"and {self.more_rejects} more items of the record could not be used"
            self.rejects.append(Reject(reason=last.reason, message=message, exception=last.exception))
        return Parsed(
            tweets=tuple(self.tweets),
            rejects=tuple(self.rejects),
            compliance=tuple(self.compliance),
            gaps=tuple(self.gaps),
            ignored=self.ignored,
        )

    def reject(self, error: FormError, where: str = "") -> None:
        """Note that something could not be used."""
        if len(self.rejects) >= _MAX_REJECTS:
            self.more_rejects += 1
            return
        self.rejects.append(Reject(reason=error.reason, message=f"{where}{error}", exception=type(error).__name__))

    def bug(self, error: Exception) -> None:
        """Note an error of ours. Its text may hold text of the tweet, so only its class is told."""
        message = "a bug in the parser; please report it with the record"
        name = type(error).__name__
        self.rejects.append(Reject(reason=DeadLetterReason.INTERNAL, message=message, exception=name))

    def record(self, document: Any) -> None:
        """Read the JSON value of a record.

        Raises
        ------
        FormError
            It cannot be used as a whole.
        """
        if type(document) is dict and type(data := document.get("data")) is dict and "author_id" in data:
            self.tweets.append(v2.tweet(v2.post(data), v2.included(document.get("includes")), _V2_STREAM))
        else:
            self.any(document, 0)

    def any(self, value: Any, level: int) -> None:
        """Read a JSON value at some depth of lists and envelopes.

        Raises
        ------
        FormError
            It cannot be used as a whole. What is wrong with an item of a list is noted instead.
        """
        if level > _MAX_LEVEL:
            raise FormError(DeadLetterReason.UNKNOWN_FORM, "wrapped too deeply")
        if type(value) is dict:
            self._object(value, level)
        elif type(value) is list:
            self._list(value, level)
        elif type(value) is str and value[:1] in {"{", "["}:
            self.any(wire.load(value.encode(), len(value) * 4), level + 1)
        else:
            raise FormError(DeadLetterReason.UNKNOWN_FORM, f"a JSON {type(value).__name__}, not an object")

    def _list(self, items: list[Any], level: int) -> None:
        if not items:
            self.ignored = EMPTY_RESPONSE
        for number, item in enumerate(items):
            try:
                self.any(item, level + 1)
            except FormError as error:
                self.reject(error, f"item {number}: ")

    def _object(self, payload: _Object, level: int) -> None:
        if "data" in payload:
            self._v2(payload, level)
        elif "created_at_ms" in payload or "source_form" in payload:
            self.tweets.append(canonical.tweet(payload))
        elif "id" in payload and "text" in payload and v2.looks_bare(payload):
            self.tweets.append(v2.tweet(v2.post(payload), v2.NONE_KNOWN, SourceForm.V2_RESPONSE))
        elif v1.looks_like(payload):
            read = enterprise.activity if enterprise.looks_like(payload) else v1.status
            self.tweets.append(read(payload))
        elif jetstream.looks_like(payload):
            self.jetstream(jetstream.event_of(payload))
        elif not self._message(payload):
            self._wrapped(payload, level)

    def _v2(self, payload: _Object, level: int) -> None:
        data = payload["data"]
        if type(data) is list and data:
            known = v2.indexed(payload.get("includes"))
            if (what := v2.not_posts(data[0])) is not None:
                raise FormError(DeadLetterReason.UNKNOWN_FORM, f"a response of {len(data)} {what}, not posts")
            for number, item in enumerate(data):
                try:
                    self.tweets.append(_v2_post(item, known, SourceForm.V2_RESPONSE))
                except FormError as error:
                    self.reject(error, f"data[{number}]: ")
        elif type(data) is dict:
            if (what := v2.not_posts(data)) is not None:
                raise FormError(DeadLetterReason.UNKNOWN_FORM, f"a response of {what}, not posts")
            if "id_str" in data or type(data.get("user")) is dict or not ("id" in data or "text" in data):
                self.any(data, level + 1)
            else:
                self.tweets.append(_v2_post(data, v2.included(payload.get("includes")), _V2_STREAM))
        elif "errors" in payload:
            raise _api_error(payload)
        elif data is None or data == []:
            self.ignored = EMPTY_RESPONSE
        else:
            raise FormError(DeadLetterReason.BAD_FIELD, f"data is a {type(data).__name__}")

    def jetstream(self, event: jetstream.Event) -> None:
        """Read an event of Jetstream.

        Raises
        ------
        FormError
            It cannot be used.
        """
        found = jetstream.read(event)
        if found.tweet is not None:
            self.tweets.append(found.tweet)
        if found.notice is not None:
            self.compliance.append(found.notice)
        self.ignored = found.ignored

    def _message(self, payload: _Object) -> bool:
        """Read a message that is no post. Returns false when it is none either."""
        if gap.looks_like(payload):
            self.gaps.append(gap.notice(payload))
        elif (ignored := compliance.ignored_name(payload)) is not None:
            self.ignored = ignored
        elif (name := compliance.name_of(payload)) is not None:
            self.compliance.append(compliance.notice(payload, name))
        else:
            return False
        return True

    def _wrapped(self, payload: _Object, level: int) -> None:
        for key in (*_LISTS, *_ENVELOPES):
            if type(payload.get(key)) in (dict, list):
                self.any(payload[key], level + 1)
                return
        if enterprise.is_activity(payload):
            raise FormError(
                DeadLetterReason.UNKNOWN_FORM,
                "Activity Streams format; switch the stream to the original format",
            )
        if len(payload) <= _MAX_COLUMNS and (
            known := columns.known(tuple([name for name in payload if len(name) <= columns.LONGEST]))
        ):
            self.tweets.append(rows.tweet({field: payload[name] for field, name in known.items()}))
            return
        for key in _ENVELOPES:
            if type(text := payload.get(key)) is str and text[:1] in {"{", "["}:
                self.any(text, level)
                return
        if _is_empty_response(payload):
            self.ignored = EMPTY_RESPONSE
            return
        raise _unknown(payload)


def _v2_post(item: Any, known: v2.Known, form: SourceForm) -> Tweet:
    if type(item) is not dict:
        raise FormError(DeadLetterReason.BAD_FIELD, f"a {type(item).__name__}, not a post")
    return v2.tweet(v2.post(item), known, form)


def _is_empty_response(payload: _Object) -> bool:
    meta = payload.get("meta")
    return type(meta) is dict and meta.get("result_count") == 0 and "errors" not in payload


def _unknown(payload: _Object) -> FormError:
    """Say what an object is that we cannot use, by its keys as far as they look like names."""
    if payload.get("errors") or payload.get("error") or ("title" in payload and "detail" in payload):
        return _api_error(payload)
    names = [key for key in payload if _NAME.fullmatch(key)][:8]
    shown = ", ".join(names) if names else "no names"
    if len(names) < len(payload):
        shown += f" and {len(payload) - len(names)} more"
    if "text" in payload:
        return FormError(DeadLetterReason.MISSING_FIELD, f"a text with neither an ID nor a time (keys: {shown})")
    return FormError(DeadLetterReason.UNKNOWN_FORM, f"none of the known forms (keys: {shown})")


def _api_error(payload: _Object) -> FormError:
    """Name the API's error by its code or its problem type: its detail may quote a post."""
    errors = payload.get("errors") or payload.get("error") or payload
    first = errors[0] if type(errors) is list and errors else errors
    name: object = None
    if type(first) is dict:
        name = first.get("title") or first.get("code")
    shown = str(name) if type(name) is int else name if type(name) is str else "without a title"
    return FormError(DeadLetterReason.API_ERROR, f"an error of the API: {_printable(shown)}")


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text[:80])
