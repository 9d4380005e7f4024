"""Invented payloads in the real forms, as small as they come."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.formats import Parsed, Reject, parse
from schemas.codec import encode
from schemas.deadletter import DeadLetterReason
from schemas.tweet import Tweet

Payload = dict[str, Any]

SHARED = Path(__file__).parents[4] / "shared" / "data"
MAX_BYTES = 1_048_576

POST_ID = "1534359106945003520"
POST_MS = 1_654_654_692_000
"""2022-06-08T02:18:12Z, as `created_at` of the payloads here says."""
ORIGINAL_ID = "1534359000000000000"


def read(payload: object, *, max_bytes: int = MAX_BYTES) -> Parsed:
    return parse(encode(payload), max_bytes=max_bytes)


def only_tweet(payload: object) -> Tweet:
    parsed = read(payload)
    assert parsed.rejects == ()
    (tweet,) = parsed.tweets
    return tweet


def only_reject(payload: object) -> Reject:
    parsed = read(payload)
    assert parsed.tweets == ()
    (reject,) = parsed.rejects
    return reject


def reason_of(payload: object) -> DeadLetterReason:
    return only_reject(payload).reason


def v2_data(**changes: Any) -> Payload:
    return {
        "id": POST_ID,
        "text": "Two hours at the gate, @acme_air &amp; no word. #delayed",
        "author_id": "77",
        "created_at": "2022-06-08T02:18:12.000Z",
        "lang": "en",
        "conversation_id": POST_ID,
        "public_metrics": {"retweet_count": 3, "reply_count": 2, "like_count": 10, "quote_count": 1},
        "entities": {
            "hashtags": [{"start": 46, "end": 54, "tag": "delayed"}],
            "mentions": [{"start": 23, "end": 32, "username": "acme_air", "id": "88"}],
            "cashtags": [{"tag": "ACME"}],
            "urls": [{"url": "https://t.co/a", "expanded_url": "https://acme.example/status"}],
        },
        **changes,
    }


def v2_user(user_id: str = "77", name: str = "traveller", followers: int = 120) -> Payload:
    return {"id": user_id, "username": name, "public_metrics": {"followers_count": followers}}


def v2_line(**changes: Any) -> Payload:
    return {
        "data": v2_data(**changes),
        "includes": {"users": [v2_user()]},
        "matching_rules": [{"id": "1", "tag": "acme"}],
    }


def v1_status(**changes: Any) -> Payload:
    return {
        "created_at": "Wed Jun 08 02:18:12 +0000 2022",
        "id": int(POST_ID),
        "id_str": POST_ID,
        "text": "Two hours at the gate, @acme_air &amp; no word. #delayed",
        "truncated": False,
        "user": {"id": 77, "id_str": "77", "screen_name": "traveller", "followers_count": 120},
        "entities": {
            "hashtags": [{"text": "delayed"}],
            "symbols": [{"text": "ACME"}],
            "user_mentions": [{"screen_name": "acme_air", "id_str": "88"}],
            "urls": [{"url": "https://t.co/a", "expanded_url": "https://acme.example/status"}],
        },
        "in_reply_to_status_id_str": None,
        "in_reply_to_screen_name": None,
        "retweet_count": 3,
        "favorite_count": 10,
        "lang": "en",
        **changes,
    }


CANONICAL: Payload = {
    "id": POST_ID,
    "created_at_ms": POST_MS,
    "text": "Two hours at the gate &amp; no word",
    "platform": "mastodon",
    "kind": "reply",
    "hashtags": ["delayed"],
    "source_form": "v1_status",
}
