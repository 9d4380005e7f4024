"""What the page makes of situations, in English and in French."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from pipeline.report import build_report
from schemas.crisis import Exemplar
from schemas.feedback import DismissReason, FeedbackHeld, FeedbackVerdict
from schemas.situation import CrisisRecord, Questions, Voice
from schemas.window import Level
from tests.pipeline.report import made
from tests.pipeline.report.reading import Page

OVER: list[CrisisRecord] = [
    *made.crisis("123210"),
    *(made.situation(n, minute=915 + 30 * n) for n in range(3)),
    made.overdue(),
]
OPEN: list[CrisisRecord] = [*made.crisis("1233"), made.situation(1)]


def page(records: Sequence[CrisisRecord], **more: Any) -> Page:
    return Page(build_report((), records, **({"title": "Report", "generated_from": "a test"} | more)))


def test_what_is_late_is_said_first_with_who_does_it_and_by_when() -> None:
    words = page(OPEN).words
    todo = words[words.index("What to do now") : words.index("At a glance")]
    assert "Late: Post an update (Head of communications; was due Mon 10 Feb 16:51 UTC)" in todo
    assert todo.index("Late: Keep calm") < todo.index("Answer 30 questions; the oldest has waited for 2 h 30 min.")
    assert todo.index("Answer 30 questions") < todo.index("By Mon 10 Feb 17:20 UTC: Answer questions")
    assert "Post an update: one was due" not in todo  # the playbook has said so already


def test_an_overdue_update_is_said_where_the_playbook_has_no_duty_for_it() -> None:
    words = page([*made.crisis("1233"), made.situation(0, duties=())]).words
    assert "Post an update: one was due on Mon 10 Feb 16:51 UTC (9 min late)." in words


def test_nothing_is_to_be_done_when_all_crises_are_over_and_a_crisis_without_situations_is_to_be_looked_at() -> None:
    assert "No crisis is open: nothing has to be done now." in page(OVER).words
    assert "Somebody should look now: see Crisis 1." in page(made.crisis("123")).words


def test_a_crisis_that_is_over_is_summed_up() -> None:
    words = page(OVER).words
    for told in (
        "Opened on Mon 10 Feb 2025 15:00 UTC, raised to alert Mon 10 Feb 15:10, worst at Mon 10 Feb 15:20 (crisis)",
        "Detection delay: not known, as no ordinary minute before the alert was read.",
        "The brand gave 1 update and 4 answers.",
        "An update was overdue 1 time.",
        "Nobody has confirmed or dismissed it.",
        "Peak: 400 mentions in 1 hour, 78% negative",
    ):
        assert told in words


def test_the_detection_delay_is_estimated_from_the_windows() -> None:
    windows = [made.window(n) for n in range(850, 906)]
    html = build_report(windows, OVER, title="Report", generated_from="a test")
    assert "Estimated detection delay: 5 min, from the last minute that looked ordinary (Mon 10 Feb 15:05 UTC)" in html


def test_feedback_is_told_with_its_reason() -> None:
    held = FeedbackHeld(
        id="f",
        verdict=FeedbackVerdict.DISMISS,
        reason=DismissReason.PLANNED,
        by="duty <b>desk</b>",
        held_from=made.at(920),
    )
    events = made.crisis("120")
    records: list[CrisisRecord] = [*events[:2], replace(events[2], feedback=held)]
    told = "Dismissed by duty <b>desk</b>: it was caused by something known beforehand."
    assert told in page(records).words
    assert "Écartée par duty <b>desk</b> : la cause était connue d’avance." in page(records, lang="fr").words


def test_every_section_is_told_from_the_last_situation() -> None:
    words = page(OPEN).words
    for told in (
        "Mentions, 1 hour 400 60 (30 to 105) 300",
        "Reach (followers), 1 hour 1,234,567 not known not known",
        "Languages of the last hour: English 75%, French 25%.",
        "the level rose from alert to crisis; mentions went from 300 to 400; new concerns: “refund”.",
        "no signal also: network down 150 14% 1% ↗ rising",
        "#boycottacme: 40 recent mentions, 10% of them (usually 0%). Proposal: add it to the watchlist.",
        "40 asked, 10 answered (25%), 30 waiting. Median time to answer: 18 min.",
        "“no signal”: 22 wait, oldest 2 h 30 min, reach 100,000",
        "Nothing was said about: “refund”. 1 post does not sound calm and professional.",
        "Answer, off tone: it blames others, it shouts",
        "late Post an update Head of communications, by Mon 10 Feb 16:51 UTC",
        "If every minute from now on is calm, it ends at Mon 10 Feb 19:00 UTC.",
    ):
        assert told in words


def test_every_section_is_told_in_french() -> None:
    read = page(OPEN, lang="fr")
    assert read.tags("html") == [{"lang": "fr"}]
    for told in (
        "Une crise a été détectée. Elle concerne acme, a commencé le lun. 10 févr. à 15:00 UTC et a atteint",
        "En retard : Publier un point (Direction de la communication ; échéance le lun. 10 févr. à 16:51 UTC)",
        "Posées : 40 ; répondues : 10 (25 %) ; en attente : 30.",
        "Portée (abonnés), 1 heure 1 234 567 inconnu inconnu",
        "Proposition : l’ajouter à la liste de veille.",
        "ton inadapté : il rejette la faute sur d’autres, il crie",
        "Si toutes les minutes à venir sont calmes, elle prend fin le lun. 10 févr. à 19:00 UTC.",
    ):
        assert told in read.words


def test_when_it_is_over_what_was_talked_about_is_that_of_its_height() -> None:
    loud = made.situation(0, minute=915)
    quiet = replace(loud.voice, speaks_to=(), silent_on=("small talk",))
    quiet = replace(quiet, posts=tuple(replace(post, speaks_to=()) for post in loud.voice.posts))
    end = replace(
        made.situation(1, minute=960), id="end", final=True, level=Level.CALM, voice=quiet, hashtags=(), concerns=()
    )
    words = page([*made.crisis("123210"), loud, end]).words
    assert "Updates speak to: “no signal”. Nothing was said about: “refund”." in words
    assert "small talk" not in words
    assert "#boycottacme: 40 recent mentions" in words
    assert "Update, about “no signal”" in words


def test_what_is_not_known_is_said_plainly() -> None:
    nothing = Questions(asked=0, answered=0, waiting=0)
    silent = Voice(updates=0, answers=0, off_tone=0)
    told = made.situation(0, questions=nothing, voice=silent, duties=(), concerns=(), hashtags=(), languages={})
    words = page([*made.crisis("1233"), told]).words
    for said in (
        "No question to the brand is known.",
        "No post by an account of the brand is known since the crisis was opened. Last update: not known.",
        "No update by the brand since the opening is known.",
        "The playbook asks for nothing at this level.",
    ):
        assert said in words
    assert "No situation was written for this crisis" in page(made.crisis("123")).words


def drawn(read: Page, line: int) -> tuple[str, str]:
    """Return the path of a concern, and its dots."""
    paths = [p for p in read.tags("path") if str(p.get("class")).startswith(f"line-{line}") and p["d"] != "M2,5L34,5"]
    assert [p["class"] for p in paths] == [f"line-{line}", f"line-{line} dots"]
    return str(paths[0]["d"]), str(paths[1]["d"])


def test_concerns_over_time_are_drawn_and_told_in_numbers() -> None:
    read = page(OVER)
    path, dots = drawn(read, 0)
    assert (path.count("M"), path.count("L"), dots.count("M")) == (1, 2, 3)
    assert "“no signal” was highest Mon 10 Feb 16:15 with 18%." in read.words
    assert "Mon 10 Feb 15:15 10% 15%" in read.words


def test_a_concern_that_is_gone_for_a_while_has_a_broken_line() -> None:
    told = [made.situation(n, minute=915 + 30 * n) for n in range(5)]
    told[2] = replace(told[2], concerns=told[2].concerns[1:])
    path, dots = drawn(page([*made.crisis("1230"), *told]), 0)
    assert (path.count("M"), dots.count("M")) == (2, 4)


def test_a_concern_whose_label_changes_is_one_line() -> None:
    told = [made.situation(n, minute=915 + 30 * n) for n in range(3)]
    first = replace(told[1].concerns[0], phrase="network down", phrases=("network down", "no signal"))
    told[1] = replace(told[1], concerns=(first, *told[1].concerns[1:]))
    read = page([*made.crisis("1230"), *told])
    assert drawn(read, 0)[1].count("M") == 3
    assert not [p for p in read.tags("path") if str(p.get("class")).startswith("line-2")]


def test_texts_are_shown_only_when_they_are_given() -> None:
    texts = {"1888910204517801984": "still <b>nothing</b> \u202e works" + "!" * 999}
    assert "nothing</b>" not in page(OPEN).words
    words = page(OPEN, texts=texts).words
    assert words.count("still <b>nothing</b> works!!!") == 2  # beside the concern, and among the posts to read
    assert "!" * 400 not in words


@pytest.mark.parametrize("tweet_id", ["javascript:alert(1)", "1/../../evil", "٣", "9" * 21, "", "\ud800"])
def test_what_is_no_id_is_no_link(tweet_id: str) -> None:
    records: list[CrisisRecord] = [
        *made.crisis("1233"),
        made.situation(0, exemplars=(Exemplar(tweet_id=tweet_id, engagement=1),)),
    ]
    outward = {str(a["href"]) for a in page(records).tags("a") if not str(a["href"]).startswith("#")}
    assert all(link.removeprefix("https://x.com/i/web/status/").isdigit() for link in outward)
    assert not any(tweet_id and tweet_id in link for link in outward)


def test_a_post_of_bluesky_is_linked_to_where_it_is_and_shown_by_its_whole_id() -> None:
    uri = "at://did:plc:eygmaihciaxprqvxpfvl6flk/app.bsky.feed.post/3l3qo2vuowo2b"
    shown = page([*made.crisis("1233"), made.situation(0, exemplars=(Exemplar(tweet_id=uri, engagement=1),))])
    assert "https://bsky.app/profile/did:plc:eygmaihciaxprqvxpfvl6flk/post/3l3qo2vuowo2b" in {
        str(a["href"]) for a in shown.tags("a")
    }
    assert uri in shown.words, "so that whoever looks for a deleted post finds it"


def test_one_crisis_can_be_asked_for() -> None:
    other = made.crisis("1230", brand="other", minute=100)
    windows = [made.window(n, brand=brand) for brand in ("acme", "other") for n in range(1, 1440, 5)]
    html = build_report(windows, [*OVER, *other], title="Report", generated_from="a test", crisis_id=other[0].crisis_id)
    read = Page(html)
    assert [a["id"] for a in read.tags("article")] == ["crisis-1"]
    assert "It concerned other" in read.words
    assert not re.search(r"\bacme\b", read.words)
    assert all("open" in attrs for attrs in read.tags("details") if "part" in str(attrs.get("class")))
    # From the day before it to some hours after it.
    assert "Mon 10 Feb 2025 00:01 to Mon 10 Feb 2025 05:06 UTC" in read.words
    assert "There is no crisis of that name" in page(OVER, crisis_id="none").words


def test_a_language_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="no report in 'xx'"):
        page([], lang="xx")


def test_a_long_crisis_makes_no_larger_page() -> None:
    def size(situations: int) -> int:
        told = [made.situation(n, minute=910 + n) for n in range(situations)]
        moments = [made.overdue(n, minute=910 + n) for n in range(1, situations)]
        return len(build_report((), [*made.crisis("1230"), *told, *moments], title="R", generated_from="t"))

    assert size(900) < 1.2 * size(240)
    assert size(900) < 100_000


def test_the_order_of_records_makes_no_difference() -> None:
    records = [*OVER, *made.crisis("1233", brand="other"), made.situation(0, brand="other")]
    one, other = (
        build_report((), each, title="R", generated_from="t") for each in (records, [*records[::-1], *records])
    )
    assert one == other
