from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.archive import read as read_archive
from pipeline.formats import parse
from pipeline.text import StandardAnalyzer
from pipeline.text.questioneval import read_labels, score_questions
from pipeline.text.questions import QuestionReader
from pipeline.text.tokens import clean
from pipeline.text.vocabulary import Vocabulary
from tests.pipeline.text.tweets import ANY_TEXT, read

LABELS = Path(__file__).with_name("questions.tsv")
ARCHIVE = Path(__file__).parents[4] / "shared" / "data" / "airline" / "Tweets.csv"


@pytest.mark.parametrize(
    "text",
    [
        "where is my bag?",
        "@united hello ? anyone",
        "why is my flight delayed",
        "@united how do I change my seat",
        "Hey, can you help me please",
        "Still here. When will we board",
        "anyone know what happened to the wifi",
        "is there any way to get a refund",
        "I am wondering if you fly tomorrow",
        "any update on flight 12",
        "@acme is the website down?",
        "@acme will you fly there again?!",
        "@acme Other suggestions? Thanks",
        "my train leaves at 12:40, right?",
        "stuck in Lyon, can I take the next one",
        "@acme help?!",
        "a refund for the 2.5 hours that I have been waiting here for your bus at the station, when is it coming?",
        "Est-ce que le train part à l'heure",
        "pourquoi mon train est annulé",
        "bonjour, pouvez-vous m'aider",
        "y a-t-il un remboursement",
        "quelqu'un sait quand ça repart",
        "Combien de temps encore",
        "Le train de 8 h part\u00a0?",
        "C'est normal\u202f?",
        "le site est en panne, non ?",
        "bonjour, on peut choisir son siège pour le vol de demain matin entre Paris et Ajaccio ?",
        "l'offre est toujours valable ? j'hésite pour ma mère",
        "acme or stay where I am? my sister says stay",
        "no signal on the whole line since yesterday morning, just on my phone?",
        "¿Van a responder o no??",
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
        "@acme is the worst there is",
        "late again, which is why I fly with others",
        "any help appreciated",
        "Le train part à l'heure",
        "rendez-vous à Lyon",
        "je sais pourquoi vous partez",
        "quand je pars, je pleure",
        "Dites-nous tout",
        "c'est quand même bizarre",
    ],
)
def test_a_statement_an_exclamation_or_a_link_is_no_question(text: str) -> None:
    assert not read(text).question


@pytest.mark.parametrize(
    "text",
    [
        "really?!",
        "Another delayed flight? #nothappy",
        "@acme you call this customer service??",
        "are you kidding me?",
        "is this a joke?",
        "no response? I am done with you",
        "do you even care?",
        "three hours on hold?!",
        "cancelled because of two snow flakes?",
        "Monday? That is too late",
        "#whysolate?",
        "Vraiment ?",
        "vous vous moquez de nous ?",
        "2 heures de retard ?!",
        "Le saviez-vous ?",
    ],
)
def test_what_is_asked_for_show_is_no_question(text: str) -> None:
    assert not read(text).question


ORDINARY = [
    "😡",
    "@acme",
    "@acme ✈️?",
    "why?",
    "really?",
    "¿no?",
    "so late. 2.5 hours?",
    "@acme on Monday? No way",
    "ok",
]
ROWS = st.tuples(st.sampled_from(ORDINARY) | ANY_TEXT, st.sampled_from(["en", "fr", "es", "und"]))
VOCABULARY = Vocabulary()
READER = QuestionReader(VOCABULARY)


def asked(rows: list[tuple[str, str]]) -> list[bool]:
    batch = VOCABULARY.read([clean(text) for text, _ in rows])
    return [bool(one) for one in READER.read(batch, [lang for _, lang in rows])]


@example([("@acme on Monday? No way", "en"), ("😡", "en")])
@settings(max_examples=40)
@given(st.lists(ROWS, min_size=2, max_size=8))
def test_what_stands_around_a_text_in_its_batch_does_not_matter(rows: list[tuple[str, str]]) -> None:
    assert asked(rows) == [asked([row])[0] for row in rows]


@pytest.mark.skipif(not ARCHIVE.exists(), reason="the airline archive is not beside the project")
def test_questions_are_found_as_people_find_them() -> None:
    with LABELS.open("rb") as file:
        labels = read_labels(file)
    wanted = {label.tweet_id for label in labels}
    records = (parse(record.value, max_bytes=1_000_000) for record in read_archive(ARCHIVE))
    tweets = {found.id: found for parsed in records for found in parsed.tweets if found.id in wanted}
    analyses = StandardAnalyzer().analyze(list(tweets.values()))
    said = {key: analysis.question for key, analysis in zip(tweets, analyses, strict=True)}
    scores = score_questions(labels, said)
    assert (scores["n"], scores["missing"]) == (1_200, 0)
    for part in (scores, *scores["by_part"].values()):
        assert part["precision"] >= 0.85
        assert part["recall"] >= 0.85
