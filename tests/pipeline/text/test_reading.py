"""Language, phrases, repeats, and the analyzer as a whole."""

from __future__ import annotations

import subprocess
import sys
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.text import StandardAnalyzer
from pipeline.text.language import platform_language
from pipeline.text.lexicon import stop_words
from pipeline.text.tokens import MAX_CHARS, clean
from schemas.codec import encode
from tests.pipeline.text.tweets import ANY_TEXT, read, tweet


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("the plane has been sitting at the gate for three hours", "en"),
        ("mon train est encore annulé ce matin", "fr"),
        ("el vuelo sigue retrasado desde ayer", "es"),
        ("der Zug hat schon wieder eine Stunde Verspätung", "de"),
        ("il treno è ancora in ritardo questa mattina", "it"),
        ("o voo foi cancelado de novo e ninguém explica", "pt"),
        ("😀😀", "und"),
        ("ok", "und"),
        ("", "und"),
        ("@united #fail https://t.co/lesamisdelaterre", "und"),
        ("ありがとうございます、また来ます", "und"),
    ],
)
def test_the_language_is_read_from_the_words(text: str, lang: str) -> None:
    assert read(text).lang == lang


@pytest.mark.parametrize(
    ("text", "named", "lang"),
    [
        ("ok merci", "fr", "fr"),
        ("super", "de-AT", "de"),
        ("😀", "es", "es"),
        ("de trein heeft weer een uur vertraging vandaag", "nl", "nl"),
        ("ありがとう", "ja", "ja"),
        ("mon train est encore annulé ce matin, merci bien", "en", "fr"),
        ("ok", "qme", "und"),
        ("ok", "\ud800", "und"),
    ],
)
def test_the_platforms_guess_counts_for_short_texts_and_other_languages(text: str, named: str, lang: str) -> None:
    assert read(text, lang=named).lang == lang


@pytest.mark.parametrize("lang", [None, "", "und", "zxx", "qam", "x", "123", "EN_us"])
def test_a_platforms_tag_is_a_code_or_nothing(lang: str | None) -> None:
    assert platform_language(lang) in (None, "en")


def test_phrases_are_words_and_neighbouring_pairs_in_order_without_stop_words() -> None:
    found = read("@x The lost luggage desk: lost luggage, and 24 hours at gate B22 https://t.co/a #fail")
    assert found.phrases == ("lost", "lost luggage", "luggage", "luggage desk", "desk", "gate", "gate b22", "b22")


def test_phrases_keep_accents_and_drop_elisions_and_possessives() -> None:
    assert read("L’avion de l'équipe est annulé").phrases == ("avion", "équipe", "annulé")
    assert read("the pilot's brother").phrases == ("pilot", "pilot brother", "brother")


def test_a_word_makes_no_pair_with_itself_and_none_with_the_text_before() -> None:
    analyzer = StandardAnalyzer()
    found = analyzer.analyze([tweet("lost luggage"), tweet("Late LATE delay"), tweet("delay"), tweet("")])
    assert [one.phrases for one in found] == [
        ("lost", "lost luggage", "luggage"),
        ("late", "late delay", "delay"),
        ("delay",),
        (),
    ]


def test_phrases_are_at_most_24_and_distinct() -> None:
    phrases = read(" ".join(f"word{chr(97 + i)}" for i in range(26)) * 2).phrases
    assert len(phrases) == len(set(phrases)) == 24


def test_stop_words_depend_on_the_language() -> None:
    assert "car" in stop_words("fr") - stop_words("en")
    assert read("the car was stolen from the airport").phrases[0] == "car"


@pytest.mark.parametrize(
    "copy",
    [
        "Your flight is LATE!",
        "RT @joe: your flight is late",
        "@united @aa your flight, is late… https://t.co/zz",
        "your  flight\nis late",
        "your flight is late 😡",
        "\u2066your\u2069 flight is\u200b late",
    ],
)
def test_a_repeat_differs_in_handles_links_case_and_punctuation_only(copy: str) -> None:
    assert read(copy).repeat_key == read("your flight is late").repeat_key


def test_most_near_copies_have_one_cluster_and_strangers_have_none() -> None:
    random = Random(7)
    words = [f"{chr(97 + i % 26)}{chr(97 + i // 26)}word" for i in range(400)]
    originals = [" ".join(random.choices(words, k=18)) for _ in range(200)]
    copies = [random.choice((f"so true: {text}", f"{text} shame on them", text[:-12] + "…")) for text in originals]
    read_all = StandardAnalyzer().analyze([tweet(text) for text in (*originals, *copies)])
    pairs = list(zip(read_all[:200], read_all[200:], strict=True))
    assert sum(text.cluster_key == copy.cluster_key for text, copy in pairs) >= 150
    assert all(text.repeat_key != copy.repeat_key for text, copy in pairs)
    assert len({text.cluster_key for text, _ in pairs}) == len(originals)


def test_a_text_of_few_words_is_in_a_cluster_with_exact_copies_only() -> None:
    assert read("so late again").cluster_key == read("So late, again!").cluster_key == read("so late again").repeat_key
    assert read("so late again").cluster_key != read("so late again today").cluster_key


def test_different_words_make_different_keys_even_without_words() -> None:
    keys = [
        read(t).repeat_key
        for t in ("your flight is late", "your flight is on time", "😡", "http://a.b", "@x", "été", "ete")
    ]
    assert len(set(keys)) == len(keys)
    assert all(0 <= key < 2**53 for key in keys)


@settings(max_examples=150)
@given(text=ANY_TEXT, lang=st.none() | st.sampled_from(["en", "fr", "ja", "\ud800", ""]), tag=ANY_TEXT)
def test_any_text_is_read_into_bounded_json(text: str, lang: str | None, tag: str) -> None:
    found = read(text, lang=lang, hashtags=(tag,), urls=(tag,))
    encode({**found._asdict(), "entities": found.entities._asdict()})
    sentiment = found.sentiment
    assert sentiment.negative + sentiment.neutral + sentiment.positive == 1000
    assert len(found.phrases) <= 24
    assert len(found.entities.emoji) <= 20


@settings(max_examples=50)
@given(texts=st.lists(ANY_TEXT, max_size=8))
def test_a_batch_is_read_as_its_tweets_are_one_by_one_and_twice_alike(texts: list[str]) -> None:
    analyzer = StandardAnalyzer()
    tweets = [tweet(text) for text in texts]
    first = analyzer.analyze(tweets)
    assert first == [read(text) for text in texts]
    assert analyzer.analyze(tweets[::-1]) == first[::-1]


@pytest.mark.parametrize(
    "unit",
    ["a", "#1", "http://!", ":)", "n'", "-a", "é", "😀", "\u200d😀", "!", "a'", "@a", "$A", "=", "🇫", "^_", "- "],
)
def test_a_very_long_text_of_anything_is_read(unit: str) -> None:
    text = unit * (25_000 // len(unit))
    assert read(text).sentiment.label
    assert len(clean(text)) <= MAX_CHARS


def test_a_long_text_is_cut_between_words() -> None:
    assert clean("word " * 300).endswith("word")


SCRIPT = """
from pipeline.text import StandardAnalyzer
from schemas.tweet import Tweet
texts = ["Why is @united sooo late?! 😡 #fail", "Merci, mais le train n'est pas propre", "ok http://a.b"]
print(ascii(StandardAnalyzer().analyze([Tweet(id="1", created_at_ms=0, text=t) for t in texts])))
"""


def test_every_process_reads_alike() -> None:
    outputs = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_importing_loads_no_model() -> None:
    code = "import sys, pipeline.text, pipeline.watchlist; sys.exit('eldc' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": ":".join(sys.path)}, check=True)


def test_the_texts_that_are_remembered_can_be_dropped_and_nothing_depends_on_it() -> None:
    analyzer, post = StandardAnalyzer(), tweet("the ferry is late again, is nobody there?")
    first = analyzer.analyze([post])
    assert "the ferry is late again" in str(analyzer._cache)
    analyzer.forget()
    assert not analyzer._cache
    assert analyzer.analyze([post]) == first
