"""The words of a notification that an explanation does not have, in English."""

from __future__ import annotations

__all__ = ["WORDS"]

WORDS: dict[str, str] = {
    "told_opened": "{brand} is no longer calm: {level}",
    "told_escalated": "{brand}: escalated from {previous} to {level}",
    "told_updated": "{brand}: still {level}",
    "told_deescalated": "{brand}: eased from {previous} to {level}",
    "told_resolved": "{brand} is calm again",
    "told_confirm": "{brand}: confirmed as a crisis ({level})",
    "told_snooze": "{brand}: put off until {until} ({level})",
    "told_dismiss": "{brand}: dismissed, no crisis",
    "said_by": "Said by {by}.",
    "said_why": "Said by {by}: {reason}.",
    "counted": "{volume} mentions {window}, by about {authors}; about {expected} were expected.",
    "counted_one": "One mention {window}; about {expected} were expected.",
    "talk": "What people talk about: {concerns}.",
    "since": "Since {opened}. Highest level: {peak}.",
    "over": "Opened on {opened}. Highest level: {peak}.",
    "told_overdue": "{brand}: an update is overdue ({level})",
    "last_update": "The brand’s last update is of {last}.",
    "no_update": "No update of the brand’s has been seen.",
    "every": "The playbook asks for one every {minutes} minutes at this level; it was due on {due}.",
    "missed": "Updates missed in a row: {updates}.",
    "silent_on": "No update speaks to: {concerns}.",
    "unseen": "Input is missing for {minutes} minutes of the last 24 hours: an update posted then was not seen.",
    "waiting": "Questions that wait for an answer: {questions}.",
    "tweets": "Tweets to read: {tweets}",
}
"""Texts by key; `{name}` is filled in."""
