"""A team's own models: found, guarded, put to work."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.enrich import Enricher
from pipeline.records import Record
from pipeline.settings import EngineSettings
from pipeline.text import StandardAnalyzer
from pipeline.text.models import ModelKind, ModelNotUsable, installed, load_model
from pipeline.text.plugged import ModelMisbehaves, PluggedLanguage, PluggedSentiment, sentiments
from pipeline.watchlist import Watchlist
from schemas.codec import encode
from schemas.deadletter import DeadLetterReason
from schemas.mention import SentimentLabel
from tests.pipeline.text.plugins import Moods, Tongues, install
from tests.pipeline.text.tweets import tweet


@pytest.fixture(autouse=True)
def _acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch)


class Returns:
    """Returns what it was made with, whatever it is asked."""

    name = "returns-1"

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def probabilities(self, texts: Sequence[str], langs: Sequence[str]) -> Any:
        return self.answer

    def languages(self, texts: Sequence[str], hints: Sequence[str | None]) -> Any:
        return self.answer


class Raises:
    name = "raises-1"

    def probabilities(self, texts: Sequence[str], langs: Sequence[str]) -> Any:
        raise RuntimeError(f"cannot read {texts[0]!r}")

    def languages(self, texts: Sequence[str], hints: Sequence[str | None]) -> Any:
        raise RuntimeError(f"cannot read {texts[0]!r}")


def test_an_installed_model_is_found_by_its_name() -> None:
    assert "acme" in installed(ModelKind.SENTIMENT)
    assert load_model(ModelKind.SENTIMENT, "acme").probabilities(["late"], ["en"]) == [[0.7, 0.2, 0.1]]
    assert load_model(ModelKind.LANGUAGE, "acme").name == "tongues-1"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("acne", r"no sentiment model 'acne' .*vigie\.sentiment.* Installed: acme, answer, broken"),
        ("gone", r"acme_gone:Moods of acme 1\.2 cannot be imported: ModuleNotFoundError: No module named 'acme_gone'"),
        ("broken", r"acme_models:broken of acme 1\.2 cannot be made: FileNotFoundError: weights\.bin"),
        ("answer", r"acme_models:answer of acme 1\.2 is a int; it must be a callable that returns the model"),
        ("silent", r"makes a Silent without a method 'probabilities'"),
        ("nameless", r"makes a Nameless without a `name`"),
    ],
)
def test_a_model_that_cannot_be_used_is_refused_in_plain_words(name: str, message: str) -> None:
    with pytest.raises(ModelNotUsable, match=message):
        load_model(ModelKind.SENTIMENT, name)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ([[0.2, 0.3, 0.5]], "expected 3 probabilities for each of 2 texts"),
        ([[0.5, 0.5], [0.5, 0.5]], "expected 3 probabilities"),
        ([[0.2, 0.3, 0.5], [1.0]], "raised ValueError"),
        ([[0.2, 0.3, 0.5], [math.nan, 0.5, 0.5]], "not a number"),
        ([[0.2, 0.3, 0.5], [1.2, -0.2, 0.0]], "below 0 or above 1"),
        ([[0.2, 0.3, 0.5], [0.5, 0.5, 0.5]], "do not sum to 1"),
        ([[0.2, 0.3, 0.5], ["much", "some", "none"]], "raised ValueError"),
        (None, "got an array of shape"),
    ],
)
def test_what_is_no_answer_is_named(answer: Any, message: str) -> None:
    with pytest.raises(ModelMisbehaves, match=message):
        PluggedSentiment(Returns(answer)).read(["a", "b"], ["en", "en"])


@pytest.mark.parametrize("answer", [None, ["en"], ["en", "EN"], ["en", "english"], ["en", None], ["en", "pt-BR"], 7])
def test_what_is_no_language_is_named(answer: Any) -> None:
    with pytest.raises(ModelMisbehaves, match=r"language model returns-1|raised TypeError"):
        PluggedLanguage(Returns(answer)).read(["a", "b"], [None, None])


def test_the_error_of_a_model_does_not_tell_the_text() -> None:
    with pytest.raises(ModelMisbehaves) as caught:
        PluggedSentiment(Raises()).read(["my secret"], ["en"])
    assert "RuntimeError" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_model_is_not_asked_about_nothing() -> None:
    assert PluggedSentiment(Raises()).read([], []) == []
    assert PluggedLanguage(Raises()).read([], []) == []


@given(st.lists(st.lists(st.floats(0, 1), min_size=3, max_size=3).filter(any), min_size=1, max_size=20))
def test_probabilities_become_thousandths_that_sum_to_1000_and_stray_by_less_than_one(rows: list[list[float]]) -> None:
    shares = np.array(rows) / np.array(rows).sum(axis=1, keepdims=True)
    for share, mood in zip(shares.tolist(), sentiments(shares), strict=True):
        counts = (mood.negative, mood.neutral, mood.positive)
        assert sum(counts) == 1000
        assert all(abs(count - 1000 * part) < 1 for count, part in zip(counts, share, strict=True))
        assert tuple(SentimentLabel).index(mood.label) == counts.index(max(counts))


def test_of_equal_probabilities_the_label_is_negative_before_neutral_before_positive() -> None:
    labels = [mood.label for mood in sentiments(np.array([[1, 1, 1], [0, 1, 1], [1, 0, 1]]) / [[3], [2], [2]])]
    assert labels == ["negative", "neutral", "negative"]


def test_an_analyzer_with_models_reads_all_else_as_before() -> None:
    tweets = [tweet("merci, so late @united #fail"), tweet("hello")]
    plain = StandardAnalyzer().analyze(tweets)
    analyzer = StandardAnalyzer(sentiment=Moods(), language=Tongues())
    found = analyzer.analyze(tweets)
    assert analyzer.name == f"{StandardAnalyzer().name}+tongues-1+moods-1"
    assert [(one.lang, one.sentiment.negative) for one in found] == [("fr", 700), ("und", 100)]
    assert [(one.entities, one.question, one.repeat_key) for one in found] == [
        (one.entities, one.question, one.repeat_key) for one in plain
    ]


class FailsOnLate(Moods):
    def probabilities(self, texts: Sequence[str], langs: Sequence[str]) -> Sequence[Sequence[float]]:
        if any("late" in text for text in texts):
            raise RuntimeError("late")
        return super().probabilities(texts, langs)


def test_a_tweet_that_a_model_fails_on_is_a_dead_letter_and_the_others_are_mentions(tmp_path: Path) -> None:
    (tmp_path / "watchlist.toml").write_text('version = 1\n[brands.united]\nname = "United"\naliases = ["united"]\n')
    watchlist = Watchlist.load(tmp_path / "watchlist.toml")
    analyzer = StandardAnalyzer(sentiment=FailsOnLate())
    enricher = Enricher(EngineSettings(), watchlist, analyzer)
    texts = ["united is on time", "united is late", "united again"]
    records = [
        Record(
            number,
            None,
            None,
            encode({"data": {"id": str(100 + number), "text": text, "created_at": "2026-01-01T00:00:00.000Z"}}),
        )
        for number, text in enumerate(texts)
    ]
    enriched = enricher.enrich(enricher.new_clock(0), records)
    assert [mention.tweet_id for mention in enriched.mentions] == ["100", "102"]
    (rejected,) = enriched.rejected
    assert (rejected.record.offset, rejected.reason) == (1, DeadLetterReason.INTERNAL)
    assert rejected.exception == "ModelMisbehaves"
