"""Events as they are now: one that names posts which were withdrawn is published again without them."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.situation import CrisisRecord

__all__ = ["last_versions"]


def last_versions(records: Iterable[CrisisRecord]) -> list[CrisisRecord]:
    """Return each event once: in the place of its first version, as its last one says it.

    Parameters
    ----------
    records : iterable of CrisisRecord
        The versions of an event in their order; what is there twice is a version, too.
    """
    return list({record.id: record for record in records}.values())
