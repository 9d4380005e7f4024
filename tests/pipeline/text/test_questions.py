from __future__ import annotations

import pytest

from tests.pipeline.text.tweets import read


@pytest.mark.parametrize(
    "text",
    [
        "where is my bag?",
        "@united hello ? anyone",
        "really?!",
        "why is my flight delayed",
        "@united how do I change my seat",
        "Hey, can you help me please",
        "Still here. When will we board",
        "anyone know what happened to the wifi",
        "is there any way to get a refund",
        "I am wondering if you fly tomorrow",
        "any update on flight 12",
        "Est-ce que le train part à l'heure",
        "pourquoi mon train est annulé",
        "bonjour, pouvez-vous m'aider",
        "y a-t-il un remboursement",
        "quelqu'un sait quand ça repart",
        "Combien de temps encore",
        "どこですか？",
        "هل من جديد؟",
    ],
)
def test_a_question_is_seen_with_or_without_its_mark(text: str) -> None:
    assert read(text).question


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I know what you did",
        "What a great day",
        "have a great day",
        "Do the right thing",
        "see https://x.co/a?b=c",
        "www.x.co/?q",
        "When I arrived it was gone",
        "how much I love this",
        "Le train part à l'heure",
        "rendez-vous à Lyon",
        "je sais pourquoi vous partez",
        "quand je pars, je pleure",
        "Dites-nous tout",
    ],
)
def test_a_statement_an_exclamation_or_a_link_is_no_question(text: str) -> None:
    assert not read(text).question
