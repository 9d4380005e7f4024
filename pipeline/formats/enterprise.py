"""Enterprise (Gnip) "original format": a v1.1 status with ``matching_rules``.

The older Activity Streams format of the same products (``objectType``, ``verb``, ``actor``) is recognised
and refused by name: a stream is switched to the original format on X's side.
https://developer.x.com/en/docs/x-api/enterprise/data-dictionary/native-enriched-objects/tweet
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.formats import v1
from schemas.tweet import SourceForm, Tweet

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["activity", "is_activity", "looks_like"]


def looks_like(payload: Mapping[str, Any]) -> bool:
    """Say whether a v1.1 status came from an enterprise product."""
    return "matching_rules" in payload


def is_activity(payload: Mapping[str, Any]) -> bool:
    """Say whether an object is in the Activity Streams format."""
    return "objectType" in payload and ("verb" in payload or "actor" in payload)


def activity(payload: dict[str, Any]) -> Tweet:
    """Read one post in the original format ("activity" is what these products call one).

    Raises
    ------
    FormError
        No usable ID, text or time.
    """
    return v1.status(payload, SourceForm.ENTERPRISE_ORIGINAL)
