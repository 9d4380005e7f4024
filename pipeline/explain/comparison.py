"""Whether what was recomputed is what was published, and if not, where they part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pipeline.erasure import named_ids, redacted
from pipeline.explain.rebuild import Log
from schemas.codec import decode, encode
from schemas.crisis import CrisisEvent
from schemas.times import from_rfc3339

__all__ = ["Comparison", "Difference", "Reason", "compare"]

_MOST = 12
_LEARN_MS = 24 * 3_600_000
"""A baseline that was learnt has seen a day at least."""


class Difference(NamedTuple):
    """A field that is not the same."""

    path: str
    """Such as `evidence.signals.0.surprise`."""
    published: Any
    recomputed: Any


class Reason(NamedTuple):
    """Why something may not have been reproduced: a key of the words, and what goes into it."""

    key: str
    values: dict[str, Any]


class Comparison(NamedTuple):
    """Outcome of comparing a crisis's published events with the recomputed ones."""

    events: int
    """Published events that were compared."""
    step: int | None
    """Sequence of the first one that differs; none when all are equal, byte for byte but for what was withdrawn."""
    missing: bool
    """That one was not recomputed at all."""
    differences: tuple[Difference, ...]
    """Its first fields that differ."""
    reasons: tuple[Reason, ...]
    withdrawn: int
    """Posts that events before that one named, and that were withdrawn since: so they are named no more."""

    @property
    def identical(self) -> bool:
        """Whether every published event was recomputed to the byte, but for posts that were withdrawn since."""
        return self.step is None


def compare(
    published: Sequence[tuple[CrisisEvent, bytes]],
    payloads: Mapping[str, bytes],
    recomputed: Sequence[CrisisEvent],
    log: Log,
) -> Comparison:
    """Compare what was published of one crisis with what the log gives.

    Parameters
    ----------
    published : sequence of (CrisisEvent, bytes)
        Its events, in order, and the bytes they came as.
    payloads : mapping
        Bytes recomputed, by event ID.
    recomputed : sequence of CrisisEvent
        Events of the same crisis recomputed; may be empty.
    log : Log
        What they were recomputed from.
    """
    by_id = {event.id: event for event in recomputed}
    withdrawn: set[str] = set()
    for event, payload in published:
        again = payloads.get(event.id)
        if again == payload:
            continue
        gone = named_ids(by_id[event.id]) - named_ids(event) if event.id in by_id else frozenset()
        if gone and encode(redacted(by_id[event.id], gone, ())) == payload:
            withdrawn |= gone
            continue
        differing = () if again is None else tuple(_differences(decode(payload), decode(again)))[:_MOST]
        return Comparison(
            events=len(published),
            step=event.sequence,
            missing=again is None,
            differences=differing,
            reasons=tuple(_reasons(event, recomputed, log)),
            withdrawn=len(withdrawn),
        )
    return Comparison(
        events=len(published), step=None, missing=False, differences=(), reasons=(), withdrawn=len(withdrawn)
    )


def _differences(published: Any, recomputed: Any, path: str = "") -> Iterator[Difference]:
    if isinstance(published, dict) and isinstance(recomputed, dict):
        for key in [*published, *(key for key in recomputed if key not in published)]:
            yield from _differences(published.get(key), recomputed.get(key), f"{path}.{key}" if path else key)
    elif isinstance(published, list) and isinstance(recomputed, list) and len(published) == len(recomputed):
        for i, (one, other) in enumerate(zip(published, recomputed, strict=True)):
            yield from _differences(one, other, f"{path}.{i}")
    elif published != recomputed:
        yield Difference(path, published, recomputed)


def _reasons(event: CrisisEvent, recomputed: Sequence[CrisisEvent], log: Log) -> Iterator[Reason]:
    for partition, records in sorted(log.removed.items()):
        yield Reason("why_removed", {"records": records, "partition": partition})
    if log.begins_ms is None:
        yield Reason("why_empty", {})
    elif log.begins_ms > from_rfc3339(event.opened_at) - _LEARN_MS * event.evidence.learning:
        yield Reason("why_begins", {"begins": log.begins, "opened": event.opened_at})
    if recomputed:
        ours, theirs = recomputed[0].evidence, event.evidence
        if ours.config_hash != theirs.config_hash:
            yield Reason("why_settings", {"published": theirs.config_hash, "recomputed": ours.config_hash})
        if ours.model != theirs.model:
            yield Reason("why_model", {"published": theirs.model, "recomputed": ours.model})
    if log.notices:
        yield Reason("why_withdrawn", {"notices": log.notices})
    yield Reason("why_other", {})
