"""What the brand has said, beside what people talk about."""

from dataclasses import replace

import pytest

from pipeline.situation.speaking import silent_on, spoken_to
from schemas.situation import Voice
from schemas.tone import ToneIssue
from schemas.window import Level
from tests.pipeline.situation.brand import Brand, answer, concern, update

CONCERNS = (concern("cancelled flight", "cancelled"), concern("hold times", "hold"), concern("annulé"), concern("crew"))


@pytest.mark.parametrize(
    ("words", "about"),
    [
        ("flight cancellations today", ("cancelled flight",)),
        ("our flight teams", ()),
        ("on hold", ("hold times",)),
        ("annulation", ("annulé",)),
        ("holdings", ()),
        ("", ()),
    ],
)
def test_words_speak_to_a_concern_when_they_have_one_of_its_phrases_in_any_form(
    words: str, about: tuple[str, ...]
) -> None:
    assert spoken_to(words.split(), CONCERNS) == about


def test_concerns_beyond_the_top_five_are_not_asked_for() -> None:
    many = tuple(concern(f"matter{n}") for n in range(7))
    assert silent_on(("matter0",), many) == ("matter1", "matter2", "matter3", "matter4")


def voice_after(*posts: object) -> Voice:
    brand = Brand()
    brand.brief = replace(brand.brief, concerns=CONCERNS)
    brand.close(Level.WATCH, [update(1, 3, phrases=("before",))])
    brand.close(Level.WATCH, posts)  # type: ignore[arg-type] # whatever was posted
    brand.close(Level.ALERT)
    return brand.situations()[0].voice


def test_updates_speak_for_the_brand_and_answers_do_not() -> None:
    voice = voice_after(
        update(2, 61, phrases=("cancelled flight", "cancelled", "flight")), answer(3, 62, to="9", phrases=("crew",))
    )
    assert (voice.speaks_to, voice.silent_on) == (("cancelled flight",), ("hold times", "annulé", "crew"))
    assert (voice.updates, voice.answers, voice.off_tone) == (2, 1, 0)
    assert [(post.tweet_id, post.speaks_to) for post in voice.posts] == [("2", ("cancelled flight",)), ("1", ())]


def test_answers_are_shown_only_when_they_are_off_tone() -> None:
    voice = voice_after(answer(3, 62, to="9", tone=(ToneIssue.BLAME, ToneIssue.BLAME)), answer(4, 63, to="9"))
    assert [(post.tweet_id, post.reply, post.tone) for post in voice.posts] == [
        ("3", True, (ToneIssue.BLAME,)),
        ("1", False, ()),
    ]
    assert voice.off_tone == 1


def test_at_most_ten_posts_are_shown_the_newest_updates_and_some_that_are_off_tone() -> None:
    brand = Brand()
    brand.close(Level.WATCH)
    for n in range(30):
        brand.close(Level.WATCH, [update(100 + n, 60 * n), answer(200 + n, 60 * n, to="9", tone=(ToneIssue.INSULT,))])
    brand.close(Level.ALERT)
    posts = brand.situations()[0].voice.posts

    assert [post.tweet_id for post in posts if not post.reply] == ["129", "128", "127", "126", "125"]
    assert [post.tweet_id for post in posts if post.reply] == ["229", "228", "227", "226", "225"]
    assert len(brand.keeper.state()) < 3 * 1024


@pytest.mark.parametrize("ids", [(2, 3, 4, 5), (5, 4, 3, 2), (3, 5, 2, 4)])
def test_the_parts_of_a_thread_that_is_posted_at_once_are_updates_whatever_their_ids(ids: tuple[int, ...]) -> None:
    first, *rest = ids
    parts = [answer(part, 61, to=str(before), thread=str(first)) for before, part in zip(ids, rest, strict=False)]
    voice = voice_after(update(first, 61), *parts)
    assert (voice.updates, voice.answers) == (1 + 4, 0), "one of them of before"
