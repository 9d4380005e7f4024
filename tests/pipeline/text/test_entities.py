from __future__ import annotations

import pytest
from hypothesis import given

from pipeline.text.entities import without_urls
from pipeline.text.tokens import emoji_of
from tests.pipeline.text.tweets import ANY_TEXT, entities


def test_entities_are_read_from_the_text_when_the_payload_has_none() -> None:
    found = entities(
        "RT @Joe: #Été #été #1 #2nd $dal $5 see https://t.co/Ab. (http://a.b/c) pic.twitter.com/Xy me@x.org"
    )
    assert found.handles == ("joe",)
    assert found.hashtags == ("été", "2nd")
    assert found.cashtags == ("DAL",)
    assert found.urls == ("https://t.co/Ab", "http://a.b/c", "pic.twitter.com/Xy")


def test_the_payloads_entities_come_first() -> None:
    found = entities(
        "@a #b $c http://t.co/x", hashtags=("Long",), mentions=("Joe", "JOE"), cashtags=("dal",), urls=("http://a.b/c",)
    )
    assert (found.hashtags, found.handles, found.cashtags) == (("long",), ("joe",), ("DAL",))
    assert found.urls == ("http://a.b/c",)


@pytest.mark.parametrize("text", ["@sixteen_letters_", "a@b.co", "x@joe", "@", "@@joe", "##", "&#39;", "#12"])
def test_what_only_looks_like_a_handle_or_hashtag_is_none(text: str) -> None:
    assert (entities(text).handles, entities(text).hashtags) == ((), ())


def test_emoji_keep_their_order_repeats_and_joined_forms() -> None:
    assert entities("😡😡 👩‍👩‍👧 🇫🇷 👍🏽 1️⃣ ❤️ ✈").emoji == ("😡", "😡", "👩‍👩‍👧", "🇫🇷", "👍🏽", "1️⃣", "❤️", "✈")


@pytest.mark.parametrize("text", ["© ™ ® 1 # *", "abc", "→ “quoted” …"])
def test_signs_and_digits_are_no_emoji(text: str) -> None:
    assert emoji_of(text, 20) == []


def test_lists_are_bounded() -> None:
    text = " ".join(f"#tag{i} @h{i} $C{chr(65 + i % 26)}{chr(65 + i // 26)} http://a.b/{i} 😡" for i in range(30))
    found = entities(text)
    lengths = [len(x) for x in (found.hashtags, found.handles, found.cashtags, found.urls, found.emoji)]
    assert lengths == [20, 20, 20, 10, 20]
    assert entities("x", urls=("http://a.b/" + "x" * 3_000, "ok"), hashtags=("y" * 200, "ok")).urls == ("ok",)


def test_a_lone_surrogate_in_the_payload_becomes_a_question_mark() -> None:
    assert entities("x", mentions=("a\ud800",)).handles == ("a?",)


@given(text=ANY_TEXT)
def test_removing_urls_leaves_none(text: str) -> None:
    assert "http://x" not in without_urls(text.replace("http://", "http://x"))


def test_handles_and_links_are_found_where_there_is_no_other_entity() -> None:
    assert entities("so late @Joe_1, again") == ((), ("joe_1",), (), (), ())
    assert entities("so late (www.a.b/c), again") == ((), (), (), ("www.a.b/c",), ())
    assert entities("so late again") == ((), (), (), (), ())


@pytest.mark.parametrize("tag", ["<b>", "a b", "a\u202eb", "a\x1b[0m", "", "#a", "a/b", "{{x}}"])
def test_a_payload_s_hashtag_that_is_none_is_left_out(tag: str) -> None:
    assert entities("x", hashtags=(tag, "ok")).hashtags == ("ok",)


@pytest.mark.parametrize("tag", ["été_2025", "ハッシュ・タグ", "नमस्ते", "می\u200cشد", "l·l", "1er"])
def test_hashtags_of_all_scripts_are_kept(tag: str) -> None:
    assert entities("x", hashtags=(tag,)).hashtags == (tag,)
