from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.evaluation import EvaluationError
from pipeline.text.questioneval import QuestionLabel, read_labels, score_questions, wilson


def label(tweet_id: str, asks: int, part: str = "") -> QuestionLabel:
    return QuestionLabel(tweet_id=tweet_id, asks=bool(asks), part=part)


def test_labels_are_read_with_their_parts_and_without_their_comments() -> None:
    lines = [b"# the rule\n", b"\n", b"1\t1\ta\r\n", b"2\t0\n"]
    assert read_labels(lines) == [label("1", 1, "a"), label("2", 0)]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([b"1\t2\n"], "line 1: expected an ID"),
        ([b"1\t1\n", b"2 0\n"], "line 2: expected an ID"),
        ([b"\t1\n"], "line 1: expected an ID"),
        ([b"1\t1\ta\tb\n"], "line 1: expected an ID"),
        ([b"\xff\xff\n"], "line 1: expected an ID"),
        ([b"1\t1\n", b"1\t0\n"], "line 2: the ID of an earlier line"),
        ([b"# nothing\n"], "no labels"),
    ],
)
def test_a_line_that_is_no_label_is_named(lines: list[bytes], message: str) -> None:
    with pytest.raises(EvaluationError, match=message):
        read_labels(lines)


def test_precision_and_recall_are_those_of_the_books_in_all_and_by_part() -> None:
    labels = [label("1", 1, "a"), label("2", 1, "a"), label("3", 0, "a"), label("4", 1, "b"), label("5", 0)]
    scores = score_questions(labels, {"1": True, "2": False, "3": True, "4": True})
    assert {name: scores[name] for name in ("n", "asked", "said", "missing")} == {
        "n": 4,
        "asked": 3,
        "said": 3,
        "missing": 1,
    }
    assert (scores["precision"], scores["recall"], scores["f1"]) == (0.6667, 0.6667, 0.6667)
    assert scores["precision_95"] == wilson(2, 3)
    assert (scores["said_but_not_asked"], scores["asked_but_not_said"]) == (["3"], ["2"])
    assert scores["by_part"]["a"]["precision"] == 0.5
    assert scores["by_part"]["b"]["f1"] == 1.0


def test_without_a_question_there_is_no_precision_and_no_recall() -> None:
    scores = score_questions([label("1", 0)], {"1": False})
    assert (scores["precision"], scores["recall"], scores["f1"], scores["recall_95"]) == (None, None, None, None)
    assert "by_part" not in scores


@given(st.integers(1, 5_000).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole))))
def test_an_interval_holds_the_share_and_stays_between_0_and_1(numbers: tuple[int, int]) -> None:
    part, whole = numbers
    interval = wilson(part, whole)
    assert interval is not None
    low, high = interval
    assert 0 <= low <= round(part / whole, 4) <= high <= 1
    assert low < high
