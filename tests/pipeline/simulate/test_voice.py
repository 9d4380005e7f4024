"""How the brands of the demo handle their crises, and that nobody else says a word differently for it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import takewhile
from typing import Any

import pytest

from pipeline.simulate import Shape, SimulatedTweet, default_scenario, simulate
from schemas.codec import decode

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
OWN = "9000"
"""The account of the only brand there is."""


def author(tweet: SimulatedTweet) -> str:
    payload: dict[str, Any] = decode(tweet.value)
    return str(payload["data"]["author_id"] if "data" in payload else payload["user"]["id_str"])


@cache
def crisis(key: str, *, handled: bool = True) -> tuple[int, list[SimulatedTweet]]:
    """When the crisis of one brand of the demo begins, and what is said in it by everybody."""
    whole = default_scenario()
    brand = next(brand for brand in whole.brands if brand.key == key)
    (event,) = brand.events
    planted = event if handled else replace(event, handling=None)
    scenario = replace(
        whole,
        start_ms=event.start_ms // HOUR_MS * HOUR_MS,
        days=1,
        brands=(replace(brand, events=(planted,)),),
    )
    last_ms = event.start_ms + (4 if event.shape is Shape.SUDDEN else 15) * HOUR_MS
    said = takewhile(lambda tweet: tweet.time_ms < last_ms, simulate(scenario))
    return event.start_ms, [tweet for tweet in said if tweet.brand is not None]


def official(key: str, after_min: int, before_min: int) -> list[dict[str, Any]]:
    start_ms, said = crisis(key)
    begin, end = start_ms + after_min * MINUTE_MS, start_ms + before_min * MINUTE_MS
    return [decode(tweet.value) for tweet in said if begin <= tweet.time_ms < end and author(tweet) == OWN]


def is_reply(payload: dict[str, Any]) -> bool:
    data = payload.get("data", payload)
    return bool(data.get("in_reply_to_user_id") or data.get("in_reply_to_user_id_str"))


@pytest.mark.parametrize("key", ["nimbus-mobile", "corail-air"])
def test_people_say_the_same_to_the_byte_however_the_brand_handles_it(key: str) -> None:
    handled, left = (
        [tweet.value for tweet in crisis(key, handled=handled)[1] if author(tweet) != OWN] for handled in (True, False)
    )
    assert len(handled) > 1_000
    assert handled == left


def test_the_outage_is_handled_with_an_update_every_quarter_of_an_hour() -> None:
    updates = [p for p in official("nimbus-mobile", 0, 150) if not is_reply(p)]
    assert len(updates) == 12
    assert not [p for p in official("nimbus-mobile", 0, 12) if not is_reply(p)]


def test_most_questions_of_the_outage_are_answered_in_their_thread() -> None:
    replies = [p["data"] for p in official("nimbus-mobile", 12, 150) if is_reply(p) and "data" in p]
    assert len(replies) > 60
    by_id = {tweet.key.decode(): tweet for tweet in crisis("nimbus-mobile")[1]}
    for reply in replies:
        (reference,) = reply["referenced_tweets"]
        asked = by_id[reference["id"]]
        assert asked.time_ms < int(reply["id"]) // (1 << 22) + 1_288_834_974_657
        assert reply["conversation_id"] == reference["id"]


def test_lost_bags_are_met_with_silence_and_one_wrong_word() -> None:
    posts = [p for p in official("corail-air", 8 * 60, 14 * 60) if not is_reply(p)]
    assert len(posts) == 1
    data = posts[0].get("data", posts[0])
    assert "LEURS PROPRIÉTAIRES" in data.get("text", data.get("full_text", ""))
