"""Raw payloads as the API sends them: v2 filtered-stream lines, v1.1 statuses, and broken records."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from pipeline.simulate.chance import Chance
from pipeline.simulate.draft import Draft
from pipeline.simulate.people import Person
from schemas.codec import encode
from schemas.tweet import TweetKind

__all__ = ["SNOWFLAKE_EPOCH_MS", "malformed", "snowflake", "v1_status", "v2_line"]

SNOWFLAKE_EPOCH_MS = 1_288_834_974_657
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ENTITY = re.compile(r"https://t\.co/\w+|(?<!\w)@\w{1,15}|(?<!\w)#\w+")
_REFERENCE = {TweetKind.RETWEET: "retweeted", TweetKind.QUOTE: "quoted", TweetKind.REPLY: "replied_to"}


def snowflake(time_ms: int, worker: int, sequence: int) -> int:
    """Return a post's ID: 41 bits of time, 10 of worker, 12 of sequence.

    >>> (snowflake(1_424_570_400_250, 3, 9) >> 22) + SNOWFLAKE_EPOCH_MS
    1424570400250
    """
    return (time_ms - SNOWFLAKE_EPOCH_MS) << 22 | (worker & 0x3FF) << 12 | sequence & 0xFFF


def v2_line(draft: Draft, chance: Chance) -> bytes:
    """Return one line of the API v2 filtered stream, with users and referenced posts in ``includes``."""
    users = {draft.author.id: draft.author}
    data = _v2_post(draft)
    includes: dict[str, Any] = {}
    if draft.about is not None:
        includes["tweets"] = [_v2_post(draft.about)]
        users[draft.about.author.id] = draft.about.author
    if draft.answers is not None:
        users[draft.answers.id] = draft.answers
    if chance.happens(0.03):
        data["lang"] = "und"
    includes["users"] = [_v2_user(user) for user in users.values()]
    rule = {"id": f"18{len(draft.brand):04d}{ord(draft.brand[0]):04d}", "tag": f"brand:{draft.brand}"}
    return encode({"data": data, "includes": includes, "matching_rules": [rule]})


def _v2_post(draft: Draft) -> dict[str, Any]:
    of = draft.about
    text = _escaped(draft.text)
    if draft.kind is TweetKind.RETWEET and of is not None:
        text = f"RT @{of.author.handle}: {text}"
        text = text if len(text) <= 140 else text[:139] + "…"
    counted = of if draft.kind is TweetKind.RETWEET and of is not None else draft
    post: dict[str, Any] = {
        "id": str(draft.tweet_id),
        "text": text,
        "created_at": f"{_moment(draft.time_ms).isoformat()[:19]}.000Z",
        "author_id": draft.author.id,
        "lang": draft.language,
        "conversation_id": str(of.tweet_id if of is not None and draft.kind is TweetKind.REPLY else draft.tweet_id),
        "edit_history_tweet_ids": [str(draft.tweet_id)],
        "public_metrics": {
            "retweet_count": counted.retweeted,
            "reply_count": 0,
            "like_count": 0 if draft.kind is TweetKind.RETWEET else 2 * draft.retweeted,
            "quote_count": 0,
            "impression_count": 0,
        },
    }
    entities = _v2_entities(text)
    if entities:
        post["entities"] = entities
    if draft.answers is not None:
        post["in_reply_to_user_id"] = draft.answers.id
    if of is not None:
        post["referenced_tweets"] = [{"type": _REFERENCE[draft.kind], "id": str(of.tweet_id)}]
    return post


def _v2_entities(text: str) -> dict[str, Any]:
    entities: dict[str, list[dict[str, Any]]] = {}
    for found in _ENTITY.finditer(text):
        word, place = found.group(), {"start": found.start(), "end": found.end()}
        if word[0] == "#":
            entities.setdefault("hashtags", []).append(place | {"tag": word[1:]})
        elif word[0] == "@":
            entities.setdefault("mentions", []).append(place | {"username": word[1:]})
        else:
            expanded = f"https://example.com/{word[-6:].lower()}"
            url = {"url": word, "expanded_url": expanded, "display_url": expanded[8:]}
            entities.setdefault("urls", []).append(place | url)
    return entities


def _v2_user(user: Person) -> dict[str, Any]:
    metrics = {
        "followers_count": user.followers,
        "following_count": 150,
        "tweet_count": 900,
        "listed_count": 1,
    }
    return {"id": user.id, "name": user.name, "username": user.handle, "public_metrics": metrics}


def v1_status(draft: Draft) -> bytes:
    """Return a v1.1 status in extended form (``full_text``), retweets and quotes with the original inside."""
    return encode(_v1_post(draft))


def _v1_post(draft: Draft) -> dict[str, Any]:
    of = draft.about
    text = _escaped(draft.text)
    if draft.kind is TweetKind.RETWEET and of is not None:
        text = f"RT @{of.author.handle}: {text}"
    reply_to = of if draft.kind is TweetKind.REPLY else None
    answers = draft.answers
    post: dict[str, Any] = {
        "created_at": _v1_time(draft.time_ms),
        "id": draft.tweet_id,
        "id_str": str(draft.tweet_id),
        "full_text": text,
        "truncated": False,
        "display_text_range": [0, len(text)],
        "entities": _v1_entities(text),
        "in_reply_to_status_id": reply_to.tweet_id if reply_to else None,
        "in_reply_to_status_id_str": str(reply_to.tweet_id) if reply_to else None,
        "in_reply_to_user_id": int(answers.id) if answers else None,
        "in_reply_to_user_id_str": answers.id if answers else None,
        "in_reply_to_screen_name": answers.handle if answers else None,
        "user": _v1_user(draft.author),
        "is_quote_status": draft.kind is TweetKind.QUOTE,
        "retweet_count": of.retweeted if draft.kind is TweetKind.RETWEET and of is not None else draft.retweeted,
        "favorite_count": 0,
        "lang": draft.language,
    }
    if of is not None and draft.kind is TweetKind.RETWEET:
        post["retweeted_status"] = _v1_post(of)
    if of is not None and draft.kind is TweetKind.QUOTE:
        post["quoted_status_id_str"] = str(of.tweet_id)
        post["quoted_status"] = _v1_post(of)
    return post


def _v1_entities(text: str) -> dict[str, Any]:
    entities: dict[str, list[dict[str, Any]]] = {
        "hashtags": [],
        "symbols": [],
        "user_mentions": [],
        "urls": [],
    }
    for found in _ENTITY.finditer(text):
        word, indices = found.group(), list(found.span())
        if word[0] == "#":
            entities["hashtags"].append({"text": word[1:], "indices": indices})
        elif word[0] == "@":
            entities["user_mentions"].append({"screen_name": word[1:], "indices": indices})
        else:
            expanded = f"https://example.com/{word[-6:].lower()}"
            entities["urls"].append({"url": word, "expanded_url": expanded, "indices": indices})
    return entities


def _v1_user(user: Person) -> dict[str, Any]:
    return {
        "id": int(user.id),
        "id_str": user.id,
        "name": user.name,
        "screen_name": user.handle,
        "followers_count": user.followers,
    }


def malformed(line: bytes, chance: Chance) -> bytes:
    """Break a good record the way feeds break: cut off, wrong encoding, an error object, a part missing."""
    return chance.pick(
        (
            line[: len(line) // 2],
            line[:40] + b"\xe9\xff" + line[40:],
            b'{"errors":[{"title":"operational-disconnect","detail":"This stream has been disconnected."}]}',
            b'{"data":{"id":"not a number","text":"' + b"x" * 20 + b'"}}',
            b'{"status":"ok","checked":true}',
        )
    )


def _escaped(text: str) -> str:
    """Escape as the API does."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _moment(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms // 1000, UTC)


def _v1_time(time_ms: int) -> str:
    """Format as v1.1 does, whatever the locale."""
    at = _moment(time_ms)
    return f"{_WEEKDAYS[at.weekday()]} {_MONTHS[at.month - 1]} {at:%d %H:%M:%S} +0000 {at.year}"
