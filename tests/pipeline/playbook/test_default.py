from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.playbook import Check, Playbook, default_text
from pipeline.playbook.words import CHECKS, PRACTICES, WORDS
from schemas.situation import Practice
from schemas.window import Level

LEVELS = (Level.ALERT, Level.CRISIS, Level.SEVERE)


def test_the_file_that_is_printed_is_the_playbook_in_force(tmp_path: Path) -> None:
    path = tmp_path / "playbook.toml"
    path.write_text(default_text(), encoding="utf-8")
    assert Playbook.load(path) == Playbook.default()


def test_every_practice_and_every_check_has_an_action() -> None:
    actions = Playbook.default().actions
    assert {action.practice for action in actions} == set(Practice)
    assert {action.check for action in actions} == set(Check)


def test_every_action_is_said_in_both_languages_and_not_twice_alike() -> None:
    for action in Playbook.default().actions:
        for texts in (action.what, action.who):
            assert list(texts) == ["en", "fr"]
            assert texts["en"] != texts["fr"]


def test_every_level_asks_for_more_and_for_it_sooner() -> None:
    book = Playbook.default()
    asked = [len(book.actions_at(level)) for level in LEVELS]
    updates = [book.rhythms[level].update_every_minutes or 0 for level in LEVELS]
    assert asked == sorted(set(asked))
    assert updates == sorted(set(updates), reverse=True)


def test_what_is_checked_is_asked_for_from_alert_on() -> None:
    asked = {action.check for action in Playbook.default().actions_at(Level.ALERT)}
    assert asked == set(Check)


def test_french_is_typeset_as_french_is() -> None:
    for action in Playbook.default().actions:
        for text in (action.what["fr"], action.who["fr"]):
            assert "'" not in text
            assert all(text[at - 1] == "\N{NO-BREAK SPACE}" for at, mark in enumerate(text) if mark in ":;?!»")


@pytest.mark.parametrize("language", sorted(WORDS))
def test_every_word_is_there_in_every_language(language: str) -> None:
    assert set(PRACTICES[language]) == set(Practice)
    assert set(CHECKS[language]) == set(Check)
    assert set(WORDS[language]) == set(WORDS["en"])
