"""Payloads that are as they should be, of every form, about any demo brand or none."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

from tests.pipeline.formats.payloads import POST_ID, POST_MS, v1_status, v2_data, v2_line, v2_user

__all__ = ["valid"]

_TEXTS = (
    "Two hours at the gate, @CorailAir, and no word. #CorailAir",
    "Volta Bank: my card is blocked again \U0001f621 https://t.co/a",
    "RT @NimbusHelp: we are sorry… #NimbusDown",
    "pourquoi Nimbus Mobile ne répond pas ? @NimbusMobile &amp; co",
    "@Brightcart Bright cart $ACME BRIGHTCART!!!",
    "nothing of interest",
)
_HANDLES = ("traveller", "NimbusHelp", "CorailAir", "VoltaBank")


def valid(rng: Random) -> Any:
    """Return a payload that is as it should be, of any form, about any demo brand or none."""
    post_id = str(int(POST_ID) + (rng.getrandbits(20) << 4))
    return rng.choice(_FORMS)(rng, post_id, rng.choice(_TEXTS))


def _v2_line(rng: Random, post_id: str, text: str) -> Any:
    line = v2_line(id=post_id, text=text)
    line["includes"]["users"] = [v2_user(name=rng.choice(_HANDLES))]
    return line


def _v2_response(rng: Random, post_id: str, text: str) -> Any:
    retweet = v2_data(
        id=str(int(post_id) + 1), text="RT @x: cut…", referenced_tweets=[{"type": "retweeted", "id": "5"}]
    )
    posts = [v2_data(id=post_id, text=text), retweet, v2_data(id=str(int(post_id) + 2), text=text)]
    return {"data": posts, "includes": {"users": [v2_user()], "tweets": [v2_data(id="5", text=text)]}, "meta": {}}


def _v1(rng: Random, post_id: str, text: str) -> Any:
    return v1_status(id=int(post_id), id_str=post_id, text=text)


def _v1_retweet(rng: Random, post_id: str, text: str) -> Any:
    original = v1_status(extended_tweet={"full_text": text, "entities": v1_status()["entities"]})
    return v1_status(id=int(post_id), id_str=post_id, text="RT @x: cut…", retweeted_status=original)


def _enterprise(rng: Random, post_id: str, text: str) -> Any:
    return v1_status(id_str=post_id, text=text, matching_rules=[{"tag": "a"}], quoted_status=v1_status())


def _canonical(rng: Random, post_id: str, text: str) -> Any:
    return {
        "id": post_id,
        "created_at_ms": POST_MS + rng.randrange(60_000),
        "text": text,
        "platform": rng.choice(("x", "mastodon")),
        "kind": "reply",
        "author_id": "7",
        "author_handle": rng.choice(_HANDLES),
        "author_followers": 5,
        "in_reply_to_handle": "CorailAir",
        "engagement": 3,
        "hashtags": ["delayed", "CorailAir"],
        "mentions": ["CorailAir"],
        "cashtags": ["acme"],
        "urls": ["https://corail.example/a"],
        "source_form": "v1_status",
    }


def _row(rng: Random, post_id: str, text: str) -> Any:
    return {
        "tweet_id": post_id,
        "text": text,
        "date": "2022-06-08 02:18:12",
        "user": rng.choice(_HANDLES),
        "likes": "5",
        "platform": "x",
        "in_reply_to_status_id": 1.5e18,
    }


def _gap(rng: Random, post_id: str, text: str) -> Any:
    return {"type": "gap", "start_ms": POST_MS, "end_ms": POST_MS + rng.randrange(1, 9) * 60_000, "reason": "reconnect"}


def _compliance(rng: Random, post_id: str, text: str) -> Any:
    deleted = {"tweet": {"id": post_id, "author_id": "7"}, "event_at": "2022-06-08T02:18:12Z"}
    edited = {"tweet": {"id": post_id}, "edit_tweet_ids": ["4", "5", post_id], "event_at": "2022-06-08T02:18:12Z"}
    v1 = {"status": {"id": int(post_id), "user_id": 7}, "timestamp_ms": str(POST_MS)}
    return rng.choice(({"data": {"delete": deleted}}, {"data": {"tweet_edit": edited}}, {"delete": v1}))


def _housekeeping(rng: Random, post_id: str, text: str) -> Any:
    empty = {"data": [], "meta": {"result_count": 0}}
    error = {"errors": [{"title": "Not Found Error", "detail": text}]}
    return rng.choice((empty, error, {"limit": {"track": 5}}, {"disconnect": {"code": 7}}, [], {}))


def _wrapped(rng: Random, post_id: str, text: str) -> Any:
    inner = rng.choice((_v2_line, _v1, _canonical, _row, _v2_response))(rng, post_id, text)
    match rng.randrange(4):
        case 0:
            return {"payload": json.dumps(inner), "schema": None}
        case 1:
            return [inner, _gap(rng, post_id, text), _compliance(rng, post_id, text), inner]
        case 2:
            return {"statuses": [inner, _v1(rng, str(int(post_id) + 3), text)]}
        case _:
            return {"message": {"tweet": inner}}


_FORMS: tuple[Callable[[Random, str, str], Any], ...] = (
    *(_v2_line, _v2_line, _v2_response, _v1, _v1_retweet, _enterprise, _canonical, _canonical, _row),
    *(_gap, _compliance, _housekeeping, _wrapped),
)
