"""No pattern takes longer than in proportion to what it is matched against, whatever that is."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from itertools import product
from pkgutil import walk_packages
from random import Random
from typing import Any

import pytest
import regex

import agents
import pipeline
import schemas
from tests.trust.conftest import Tell
from tests.trust.hostile import TEXTS
from tests.trust.hostilecost import growth

SMALL, LARGE = 1_500, 12_000
MOST = 3 * LARGE / SMALL
ONLY_AT_THE_BEGINNING = {"agents.faultpoints._PLAN", "pipeline.evaluation.events._FIRST_WORDS"}
"""Of settings and of lists of events; both are asked for at the beginning of a text only."""
NOTHING_S = 0.004
"""What takes no longer than this at the large size is not measured: a quadratic pattern takes 0.1 s and more."""

PIECES = (
    *("a", "A", "0", " ", "\n", "_", "-", "'", ".", ":", "[", "\\", '"', "é", "3", "&a", "&#", "&#x", "#a", "@a", "$A"),
    *(
        "ha",
        "hah",
        "he",
        "aa",
        "aA",
        "a0",
        "T1",
        "xD",
        "a.",
        "a ",
        "a'",
        "a-",
        "-'",
        "-_",
        "0,",
        "0.",
        "1 ",
        "{a",
        "{a}",
    ),
    *(", ", "[]", "\\u", "\\ud83d", "+00", "Z ", "http://", "www.", "t.co/", "dès ", "à partir de ", "from $"),
    *("\U0001f621", "\u200d\U0001f621", "\U0001f1eb", "1\ufe0f", "\u0301"),
)
"""A run of each, and one with something behind it on which a pattern may fail in the end."""
ENDS = ("", "!\x00", "x")


def patterns() -> dict[str, Any]:
    """Return every compiled pattern of every module of ours, by its name."""
    found: dict[str, Any] = {}
    for package in (pipeline, agents, schemas):
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            if module.name.startswith("pipeline.text.ner"):
                continue
            for name, value in vars(import_module(module.name)).items():
                if isinstance(value, (re.Pattern, regex.Pattern)):
                    found[f"{module.name}.{name}"] = value
    return found


PATTERNS = patterns()


def texts() -> Iterator[tuple[str, Callable[[int], str]]]:
    for piece, end in product(PIECES, ENDS):
        yield f"{piece!r} n times, then {end!r}", partial(_run, piece, end)
    for name, text in TEXTS.items():
        yield name, partial(text, Random(1))


def _run(piece: str, end: str, size: int) -> str:
    return piece * (size // len(piece)) + end


def taken_s(name: str, text: str) -> float:
    """Return the CPU of all ways in which a pattern may be used."""
    pattern = PATTERNS[name]
    subject: Any = text.encode("utf-8", "replace") if isinstance(pattern.pattern, bytes) else text
    began = time.thread_time()
    pattern.match(subject)
    pattern.fullmatch(subject)
    if name not in ONLY_AT_THE_BEGINNING:
        pattern.search(subject)
        deque(pattern.finditer(subject), maxlen=0)
    return time.thread_time() - began


def test_there_are_the_patterns_that_there_should_be() -> None:
    """What reads a stranger's text is among those that are looked at."""
    read = ("tokens._TOKEN", "tokens._EMOJI", "tone._LAUGH", "normal._TOWER", "entities._URL", "repeats._UNSAID")
    assert {f"pipeline.text.{name}" for name in read} | {"pipeline.formats.fields._ENTITY"} <= PATTERNS.keys()


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_is_linear_in_whatever_it_is_matched_against(name: str) -> None:
    for said, text in texts():
        if taken_s(name, text(LARGE)) > NOTHING_S:
            times = growth(lambda size: taken_s(name, text(size)), SMALL, LARGE, at_most=MOST)  # noqa: B023
            assert times <= MOST, f"{said}: {times:.0f} times as long for {LARGE / SMALL:.0f} times as much"


def test_all_patterns_are_told_of(tell: Tell) -> None:
    tell("hostile input", f"{len(PATTERNS)} patterns against {len(list(texts()))} texts each: all linear")
