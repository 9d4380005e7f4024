"""What strangers write is shown as text, wherever it is shown: it runs, links, pings and moves nothing."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import aiohttp
import msgspec
import pytest
from aiokafka import ConsumerRecord
from click.testing import CliRunner

from agents import logs
from agents.cli.aftermath import aftermath
from agents.cli.console import print_json
from agents.cli.explanation import as_json, print_explanation
from agents.cli.letters import letter_json, letter_lines, list_lines
from agents.cli.lines import crisis_text, deadletter_line, mention_line, window_line
from agents.cli.main import main
from agents.cli.tail import _raw_line
from agents.deadletters import dead_letter
from agents.letters.letter import Choice, Letter, read_letter
from agents.letters.survey import Survey
from agents.notify.sinks import make_sink
from agents.terminal import escaped_json
from pipeline.explain import LANGUAGES, Log, tell
from pipeline.notify.words import in_words
from pipeline.report import build_report
from schemas import CommunicationOverdue, CrisisEvent, CrisisEventType
from schemas.codec import decode, encode
from schemas.deadletter import DeadLetterReason
from schemas.situation import CrisisRecord
from schemas.window import WindowClosed
from tests.agents.notify.receivers import Call, Http, http
from tests.agents.notify.sinks import CASES, NOW, Case, notification
from tests.pipeline.explain.logs import worst
from tests.pipeline.present.scene import RECORDS, WINDOWS, write
from tests.pipeline.report.reading import Page
from tests.schemas.events import CRISIS, MENTION, WINDOW
from tests.trust.escaping import INJECTIONS, acts, poisoned

HARMLESS = "late bags"
every_injection = pytest.mark.parametrize("text", INJECTIONS.values(), ids=list(INJECTIONS))
STEPS = [record for record in RECORDS if isinstance(record, CrisisEvent)]
EXPLAINED = [event for event, _ in worst()]
TELLABLE: list[CrisisEvent | CommunicationOverdue] = [
    record for record in RECORDS if isinstance(record, (CrisisEvent, CommunicationOverdue))
]


def all_poisoned(text: str) -> list[CrisisRecord]:
    return [poisoned(record, text) for record in RECORDS]


def record_of(value: bytes | None, headers: tuple[tuple[str, bytes], ...] = (), key: bytes = b"acme") -> Any:
    return cast("Any", ConsumerRecord)("topic", 0, 3, 1_000, 0, key, value, None, -1, -1, headers)


def test_every_field_that_strangers_have_a_hand_in_is_tried() -> None:
    """A field that is added later is tried as well, unless it is said to be ours."""
    shown = encode(all_poisoned("STRANGER")).decode()
    for field in ("phrase", "hashtag", "about", "tweet_id"):
        assert re.search(f'"{field}":"STRANGER"', shown), field
    for field in ("exemplars", "phrases", "hashtags", "silent_on", "speaks_to", "concerns_new", "concerns_gone"):
        assert re.search(f'"{field}":\\["STRANGER"', shown), field
    assert '"languages":{"STRANGER":' in shown


# Reports


@pytest.mark.parametrize("lang", ["en", "fr"])
@every_injection
def test_a_report_is_the_same_page_whatever_the_words_are(text: str, lang: str) -> None:
    def page(words: str) -> tuple[str, list[tuple[str, list[str]]], Page]:
        ids = {words, *(each.tweet_id for each in CRISIS.evidence.exemplars)}
        windows = [poisoned(window, words) for window in WINDOWS]
        html = build_report(
            windows, all_poisoned(words), title=words, generated_from=words, lang=lang, texts=dict.fromkeys(ids, words)
        )
        read = Page(html)
        return html, [(tag, sorted(attributes)) for tag, attributes in read.elements], read

    html, elements, read = page(text)
    assert elements == page(HARMLESS)[1]
    assert acts(html) == []
    assert all(str(a["href"]).startswith(("#", "https://x.com/i/web/status/")) for a in read.tags("a"))
    assert not any(name.startswith("on") for _, attributes in read.elements for name in attributes)


# Terminals

Shown = Callable[[str, Path], str]


def _tail(text: str, folder: Path) -> str:
    windows = [window_line(record_of(encode(poisoned(WINDOW, text))))]
    mentions = [mention_line(record_of(encode(poisoned(MENTION, text))))]
    return "\n".join([*windows, *map(str, mentions), *(crisis_text(record) for record in all_poisoned(text))])


def _tail_json(text: str, folder: Path) -> str:
    values = [encode(poisoned(MENTION, text)), *map(encode, all_poisoned(text)), text.encode()]
    return "\n".join(str(_raw_line(record_of(value))) for value in values)


def _demo(text: str, folder: Path) -> str:
    return "\n".join(aftermath(all_poisoned(text), {"acme": "Acme"}))


def _command(*arguments: str) -> Shown:
    def shown(text: str, folder: Path) -> str:
        write(folder / "run", records=all_poisoned(text))
        result = CliRunner().invoke(
            main,
            [*arguments, "--from", str(folder / "run")],
            env={"VIGIE_WATCHLIST": "no-such-file.toml", "COLUMNS": "200"},
        )
        assert result.exit_code == 0, result.output
        return result.output

    return shown


def _explain(text: str, folder: Path) -> str:
    events = [poisoned(event, text) for event in EXPLAINED]
    told = [tell(event, LANGUAGES["en"]) for event in events]
    return _printed(lambda: print_explanation(events, told, "Acme", Log(), None, LANGUAGES["en"]))


def _explain_json(text: str, folder: Path) -> str:
    events = [poisoned(event, text) for event in EXPLAINED]
    told = [tell(event, LANGUAGES["en"]) for event in events]
    return _printed(lambda: print_json(as_json(events, told, Log(), None, LANGUAGES["en"])))


def _letters(text: str, folder: Path) -> str:
    failed = record_of(text.encode(), (("trace", text.encode()), (text, b"x")), text.encode())
    out = dead_letter(failed, stage="enrich", reason=DeadLetterReason.NOT_JSON, exception=text[:40], message=text)
    record = record_of(out.value, tuple(out.headers))
    letter = read_letter(record)
    assert isinstance(letter, Letter)
    survey = Survey(Choice(), 5)
    survey.take(letter)
    listed = list(list_lines(survey, "vigie.deadletters"))
    as_json_ = _printed(lambda: print_json(letter_json(letter)))
    return "\n".join([str(deadletter_line(record)), *letter_lines(letter), *listed, as_json_])


def _read(text: str, folder: Path) -> str:
    arguments = ["--", f"x{text}".replace("\0", "")]
    return (
        CliRunner().invoke(main, ["read", *arguments]).output
        + CliRunner().invoke(main, ["read", "--json", *arguments]).output
    )


def _printed(work: Callable[[], None]) -> str:
    import click  # noqa: PLC0415 - only to have it run where its output is kept

    return CliRunner().invoke(click.command()(work)).output


TERMINALS: dict[str, Shown] = {
    "tail": _tail,
    "tail --json": _tail_json,
    "demo": _demo,
    "situation": _command("situation", "acme"),
    "situation in French": _command("situation", "acme", "--lang", "fr"),
    "situation --json": _command("situation", "acme", "--json"),
    "watch": _command("watch"),
    "explain": _explain,
    "explain --json": _explain_json,
    "dlq": _letters,
    "read": _read,
}


@pytest.mark.parametrize("place", TERMINALS)
@every_injection
def test_nothing_that_a_terminal_acts_on_reaches_it(text: str, place: str, tmp_path: Path) -> None:
    assert acts(TERMINALS[place](text, tmp_path)) == []


@pytest.mark.parametrize(
    "place", [place for place in TERMINALS if place not in ("dlq", "read") and "json" not in place]
)
def test_words_of_strangers_begin_no_line_of_their_own(place: str, tmp_path: Path) -> None:
    shown = TERMINALS[place](INJECTIONS["another line"], tmp_path)
    assert not any(line.startswith("[2026-01-01") for line in shown.splitlines())


@pytest.mark.parametrize("place", ["situation", "watch", "explain"])
def test_mark_up_of_the_terminal_is_shown_as_it_is_written(place: str, tmp_path: Path) -> None:
    assert "[bold" in " ".join(TERMINALS[place](INJECTIONS["rich"], tmp_path).split())


@every_injection
def test_json_that_is_made_safe_says_the_same(text: str) -> None:
    value = {"a": text, text: [1]}
    assert decode(escaped_json(encode(value).decode())) == value


# Logs


@pytest.fixture
def logged() -> Iterator[Callable[[str, str], str]]:
    """Return what a log says of a text: in the words, as an argument, in a field, and in an error."""
    before, level = logging.root.handlers[:], logging.root.level

    def say(form: str, text: str) -> str:
        logs.configure("INFO", cast("Any", form), "track")
        (handler,) = logging.root.handlers
        stream = io.StringIO()
        cast("logging.StreamHandler[Any]", handler).setStream(stream)
        logger = logging.getLogger("vigie")
        logger.warning("crisis of %s", text, extra={"brand": text, "crisis_id": text, "channel": text})
        logger.error("failed", exc_info=ValueError(text), extra={"topic": text})
        return stream.getvalue()

    yield say
    logging.root.handlers[:] = before
    logging.root.setLevel(level)


@every_injection
def test_a_log_for_people_has_no_line_that_a_stranger_wrote(logged: Callable[[str, str], str], text: str) -> None:
    said = logged("text", text)
    assert acts(said) == []
    begun = [line for line in said.splitlines() if line.startswith("[")]
    assert [re.findall(r"\[([A-Z]+)\]", line)[0] for line in begun] == ["WARNING", "ERROR"]


@every_injection
def test_a_log_for_programs_has_an_object_a_line(logged: Callable[[str, str], str], text: str) -> None:
    said = logged("json", text)
    assert acts(said) == []
    first, second = map(decode, said.splitlines())
    assert (first["level"], second["level"]) == ("WARNING", "ERROR")
    assert first["brand"] == text


# Other people's systems


@pytest.fixture
async def receiver() -> AsyncIterator[Http]:
    async with http() as served:
        yield served


async def told_to(case: Case, text: str, folder: Path, served: Http) -> list[Call]:
    """Return what a receiver got of every step and reminder."""
    served.status = case.accepted
    async with aiohttp.ClientSession() as session:
        sink = make_sink(case.channel(folder, served.url))
        for event in TELLABLE:
            await sink.deliver(session, notification(poisoned(event, text)), now=NOW)
    assert served.calls
    return served.calls


def texts_of(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, each in value.items():
            yield name
            yield from texts_of(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts_of(each)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)
@every_injection
async def test_a_receiver_gets_json_with_the_same_fields_whatever_the_words_are(
    case: Case, text: str, tmp_path: Path, receiver: Http
) -> None:
    calls = await told_to(case, text, tmp_path, receiver)
    shapes = [_shape(decode(call.body)) for call in calls]
    receiver.calls.clear()
    assert shapes == [_shape(decode(call.body)) for call in await told_to(case, HARMLESS, tmp_path, receiver)]
    for call in calls:
        assert all(value.isascii() and value.isprintable() for value in call.headers.values())


def _shape(value: Any) -> Any:
    """Return the names of all fields, and of what type each is."""
    if isinstance(value, dict):
        return {name: "counts" if name == "languages" else _shape(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_shape(each) for each in value]
    return type(value).__name__


@pytest.mark.parametrize("case", [case for case in CASES if case.kind != "webhook"], ids=lambda case: case.kind)
@every_injection
async def test_no_word_of_a_stranger_turns_or_hides_the_text_around_it(
    case: Case, text: str, tmp_path: Path, receiver: Http
) -> None:
    for call in await told_to(case, text, tmp_path, receiver):
        for said in texts_of(decode(call.body)):
            assert acts(said) == []
            assert len(said) < 3_000


_OUR_LINK = re.compile(r"<https://x\.com/i/web/status/[0-9]+\|[0-9]+>")


@every_injection
async def test_nothing_in_slack_is_a_link_or_a_mention(text: str, tmp_path: Path, receiver: Http) -> None:
    (case,) = [case for case in CASES if case.kind == "slack"]
    for call in await told_to(case, text, tmp_path, receiver):
        message = decode(call.body)
        assert (message["unfurl_links"], message["unfurl_media"]) == (False, False)
        assert message.get("link_names") is None
        for said in texts_of(message):
            rest = _OUR_LINK.sub("", said)
            assert "<" not in rest
            assert ">" not in rest
            assert all(part.startswith(("amp;", "lt;", "gt;")) for part in rest.split("&")[1:])


@every_injection
async def test_no_alert_has_a_label_from_a_stranger_nor_mark_up_that_others_would_act_on(
    text: str, tmp_path: Path, receiver: Http
) -> None:
    """Alertmanager passes annotations on to Slack, Teams and the like, and escapes nothing there."""
    (case,) = [case for case in CASES if case.kind == "alertmanager"]
    for call in await told_to(case, text, tmp_path, receiver):
        for alert in decode(call.body):
            assert alert["labels"] == {
                "alertname": "VigieCrisis",
                "source": "vigie",
                "brand": "acme",
                "crisis_id": CRISIS.crisis_id,
            }
            assert not re.search("[<>]", "".join(alert["annotations"].values()))


@every_injection
async def test_an_incident_links_to_the_platform_only(text: str, tmp_path: Path, receiver: Http) -> None:
    (case,) = [case for case in CASES if case.kind == "pagerduty"]
    for call in await told_to(case, text, tmp_path, receiver):
        links = decode(call.body).get("links", [])
        assert all(re.fullmatch(r"https://x\.com/i/web/status/[0-9]+", link["href"]) for link in links)


@every_injection
async def test_a_webhook_gets_the_event_as_it_was_published(text: str, tmp_path: Path, receiver: Http) -> None:
    (case,) = [case for case in CASES if case.kind == "webhook"]
    calls = await told_to(case, text, tmp_path, receiver)
    assert [call.body for call in calls] == [encode(poisoned(event, text)) for event in TELLABLE]


@every_injection
def test_words_for_people_are_single_lines_of_bounded_length(text: str) -> None:
    for event in TELLABLE:
        for language in ("en", "fr"):
            words = in_words(poisoned(event, text), cast("Any", language))
            for said in (words.title, *words.lines):
                assert acts(said) == []
                assert "\n" not in said
                assert len(said) < 1_000


def test_what_is_planted_in_records_is_as_long_as_records_may_be() -> None:
    """The scene is one that can be published: its poisoned records are read back equal."""
    for event in TELLABLE:
        assert isinstance(poisoned(event, HARMLESS), type(event))
    assert isinstance(poisoned(WINDOW, HARMLESS), WindowClosed)
    assert isinstance(poisoned(MENTION, HARMLESS), msgspec.Struct)
    opened = replace(STEPS[0], type=CrisisEventType.OPENED)
    assert poisoned(opened, HARMLESS).id == opened.id
