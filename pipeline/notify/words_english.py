"""The words of a notification that an explanation does not have, in English."""

from __future__ import annotations

__all__ = ["WORDS"]

WORDS: dict[str, str] = {
    "told_opened": "{brand} is no longer calm: {level}",
    "told_escalated": "{brand}: escalated from {previous} to {level}",
    "told_updated": "{brand}: still {level}",
    "told_deescalated": "{brand}: eased from {previous} to {level}",
    "told_resolved": "{brand} is calm again",
    "counted": "{volume} mentions {window}, by about {authors}; about {expected} were expected.",
    "counted_one": "One mention {window}; about {expected} were expected.",
    "talk": "What people talk about: {concerns}.",
    "since": "Since {opened}. Highest level: {peak}.",
    "over": "Opened on {opened}. Highest level: {peak}.",
    "tweets": "Tweets to read: {tweets}",
}
"""Texts by key; `{name}` is filled in."""
