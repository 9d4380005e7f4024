from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.sentiment import GROUPS, PolarityModel, load_model
from pipeline.text.sentiment.model import Tables, thousandths
from pipeline.text.tokens import clean, tokenize
from tests.pipeline.text.sentiment.reading import label, probabilities, scores
from tests.pipeline.text.tweets import ANY_TEXT

TEXTS = st.lists(ANY_TEXT, min_size=1, max_size=5)
SCORES = st.lists(st.tuples(*[st.integers(-100_000, 100_000)] * 3), min_size=1, max_size=20)


@pytest.fixture(scope="module")
def model() -> PolarityModel:
    return load_model()


@pytest.mark.parametrize(
    ("text", "lang", "expected"),
    [
        ("thank you so much, amazing service", "en", "positive"),
        ("my flight was cancelled and nobody answers the phone", "en", "negative"),
        ("worst company ever, never again", "en", "negative"),
        ("the crew was great", "en", "positive"),
        ("what a day 😍", "en", "positive"),
        ("une honte, service client injoignable", "fr", "negative"),
        ("merci beaucoup pour votre aide", "fr", "positive"),
        ("je déteste cette application, elle plante tout le temps", "fr", "negative"),
        ("The new store opens in Paris on Monday http://t.co/x", "en", "neutral"),
    ],
)
def test_a_plain_tweet_has_the_label_a_reader_would_give_it(
    model: PolarityModel, text: str, lang: str, expected: str
) -> None:
    assert label(model, text, lang) == expected


@given(texts=TEXTS)
def test_any_text_is_read_and_its_thousandths_add_up(texts: list[str]) -> None:
    for shares in probabilities(load_model(), texts):
        assert sum(shares) == 1000
        assert min(shares) >= 0


@given(texts=TEXTS)
def test_a_tweet_scores_the_same_alone_and_in_any_batch(texts: list[str]) -> None:
    model = load_model()
    assert scores(model, texts) == [scores(model, [text])[0] for text in texts]


@given(text=ANY_TEXT, group=st.sampled_from(range(len(GROUPS))))
def test_the_terms_of_an_explanation_add_up_to_the_score(text: str, group: int) -> None:
    model = load_model()
    terms = model.explain(tokenize(clean(text)), group)
    total = np.sum([term.scores for term in terms], axis=0)
    assert total.tolist() == (np.array(scores(model, [text])[0]) + model.tables.lean[group]).tolist()


@given(text=ANY_TEXT)
def test_entries_are_integers_by_token_alone(text: str) -> None:
    model = load_model()
    tokens = tokenize(clean(text))
    entries = model.entries_of(tokens)
    assert entries.dtype == np.dtype(np.int32)
    assert list(entries.shape) == [len(tokens), 7]
    assert all(model.entries_of([token]).tolist() == [row] for token, row in zip(tokens, entries.tolist(), strict=True))


@given(given_scores=SCORES)
def test_thousandths_keep_the_order_of_scores(given_scores: list[tuple[int, int, int]]) -> None:
    for row, shares in zip(given_scores, thousandths(np.array(given_scores)).tolist(), strict=True):
        assert sum(shares) == 1000
        assert shares[row.index(max(row))] == max(shares)
        assert all(shares[i] >= shares[j] for i in range(3) for j in range(3) if row[i] > row[j])


def test_a_data_file_gives_back_what_was_written(model: PolarityModel, tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    path.write_bytes(model.tables.to_bytes())
    again = PolarityModel(Tables.from_bytes(path.read_bytes()))
    assert again.tables.to_bytes() == model.tables.to_bytes()
    assert scores(again, ["not bad at all"]) == scores(model, ["not bad at all"])
