from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.playbook import Check, Playbook, PlaybookError, Rhythm
from schemas.situation import Practice
from schemas.window import Level

ACTION = """
[[action]]
id = "acknowledge"
practice = "be_transparent"
level = "alert"
within = "30min"
check = "acknowledged"
what = { en = "Say that you know.", fr = "Dire que l’on sait." }
who = { en = "Communications" }
"""
RHYTHM = '[rhythm.alert]\nupdate_every = "2h"\n'


def written(rhythm: str = RHYTHM, action: str = ACTION, head: str = "version = 1") -> str:
    return f"{head}\n{rhythm}{action}"


def error_of(text: str) -> str:
    with pytest.raises(PlaybookError) as caught:
        Playbook.parse(text, "playbook.toml")
    return str(caught.value)


def test_an_action_says_what_who_by_when_and_how_it_is_seen() -> None:
    (action,) = Playbook.parse(written(), "playbook.toml").actions
    assert action.id == "acknowledge"
    assert action.practice is Practice.BE_TRANSPARENT
    assert action.level is Level.ALERT
    assert action.within_minutes == 30
    assert action.check is Check.ACKNOWLEDGED
    assert action.what == {"en": "Say that you know.", "fr": "Dire que l’on sait."}
    assert action.who == {"en": "Communications"}


def test_what_a_rhythm_does_not_say_is_as_at_the_level_below() -> None:
    rhythm = RHYTHM + '[rhythm.severe]\nreport_every = "15min"\n'
    assert Playbook.parse(written(rhythm), "playbook.toml").rhythms == {
        Level.ALERT: Rhythm(update_every_minutes=120, report_every_minutes=60),
        Level.CRISIS: Rhythm(update_every_minutes=120, report_every_minutes=60),
        Level.SEVERE: Rhythm(update_every_minutes=120, report_every_minutes=15),
    }


def test_without_a_rhythm_no_updates_are_asked_for_and_reports_come_hourly() -> None:
    rhythms = Playbook.parse(written(rhythm=""), "playbook.toml").rhythms
    assert set(rhythms.values()) == {Rhythm(update_every_minutes=None, report_every_minutes=60)}


def test_an_action_without_a_time_is_ticked_off_by_hand_and_has_none() -> None:
    text = written(action=ACTION.replace('within = "30min"\n', "").replace('check = "acknowledged"\n', ""))
    (action,) = Playbook.parse(text, "playbook.toml").actions
    assert action.within_minutes is None
    assert action.check is Check.BY_HAND


@pytest.mark.parametrize(
    ("field", "line", "expected"),
    [
        ("practice", 'practice = "be_transparant"', "did you mean be_transparent?"),
        ("practice", "practice = 1", "expected one of identify_early"),
        ("practice", "practice = []", "expected one of identify_early"),
        ("level", 'level = "watch"', "expected one of alert, crisis, severe"),
        ("level", "level = 2", "expected one of alert, crisis, severe, got 2"),
        ("level", "level = {}", "got an empty table"),
        ("within", 'within = "30"', 'expected a time like "1min", "2h" or "1d"'),
        ("within", 'within = "0min"', "expected a time"),
        ("within", 'within = "99999d"', "from 1 minutes to 720 hours"),
        ("within", 'within = "9999999999999999d"', "expected a time"),
        ("within", "within = 30", "got 30"),
        ("check", 'check = "acknowleged"', "did you mean acknowledged?"),
        ("what", 'what = "Say it"', "expected the text by language"),
        ("what", "what = {}", "got an empty table"),
        ("what", 'what = { English = "Say it" }', "expected a language code"),
        ("what.en", 'what = { en = "  " }', "expected a text of 1 to 400 printable characters"),
        ("what.en", 'what = { en = "a\\u202eb" }', "expected a text of 1 to 400 printable characters"),
        ("what.en", "what = { en = [] }", "expected a text"),
        ("who.en", f'who = {{ en = "{"x" * 121}" }}', "expected a text of 1 to 120 printable characters"),
        ("whom", 'whom = "me"', "did you mean who?"),
    ],
)
def test_an_error_names_the_file_the_action_and_the_field(field: str, line: str, expected: str) -> None:
    key = field.partition(".")[0]
    kept = [each for each in ACTION.splitlines() if not each.startswith(f"{key} =")]
    message = error_of(written(action="\n".join([*kept, line])))
    assert message.startswith(f"playbook.toml: action[0] acknowledge: {field}:")
    assert expected in message


@pytest.mark.parametrize("field", ["id", "practice", "level", "what", "who"])
def test_a_field_that_is_missing_is_named(field: str) -> None:
    kept = [line for line in ACTION.splitlines() if not line.startswith(f"{field} =")]
    message = error_of(written(action="\n".join(kept)))
    assert f"{field}: expected" in message
    assert "got nothing" in message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("version =", "playbook.toml: not valid TOML"),
        (written(head=""), "playbook.toml: version: expected 1, got nothing"),
        (written(head="version = true"), "playbook.toml: version: expected 1, got True"),
        (written(head="version = 1\nactions = 3"), "playbook.toml: actions: unknown field; did you mean action?"),
        ("version = 1", "playbook.toml: action: expected 1 to 30 tables [[action]], got 0"),
        ("version = 1\naction = 3", "playbook.toml: action: expected a list"),
        ("version = 1\naction = [3]", "playbook.toml: action[0]: expected a table, got 3"),
        (written(action=ACTION * 31), "playbook.toml: action: expected 1 to 30 tables [[action]], got 31"),
        (written(action=ACTION * 2), "playbook.toml: action[1]: id: acknowledge is another action's already"),
        (written(action=ACTION.replace("acknowledge", "A b")), "playbook.toml: action[0]: id: expected a name"),
        (written(rhythm="rhythm = 3\n"), "playbook.toml: rhythm: expected a table, got 3"),
        (written(rhythm="[rhythm.watch]\n"), "playbook.toml: rhythm: watch: unknown field; expected one of alert"),
        (written(rhythm="[rhythm]\nalert = 1\n"), "playbook.toml: rhythm.alert: expected a table, got 1"),
        (
            written(rhythm='[rhythm.alert]\nupdates_every = "1h"\n'),
            "playbook.toml: rhythm.alert: updates_every: unknown field; did you mean update_every?",
        ),
        (
            written(rhythm='[rhythm.alert]\nupdate_every = "4min"\n'),
            'playbook.toml: rhythm.alert: update_every: expected a time like "5min"',
        ),
    ],
)
def test_a_file_that_is_no_playbook_says_where(text: str, expected: str) -> None:
    assert error_of(text).startswith(expected)


def test_a_check_of_waiting_questions_needs_the_time_that_one_may_wait() -> None:
    text = ACTION.replace('"acknowledged"', '"answered"').replace('within = "30min"\n', "")
    assert "within: is missing" in error_of(written(action=text))


def test_a_check_of_the_interval_needs_one_at_its_level() -> None:
    text = ACTION.replace('"acknowledged"', '"updated"').replace('within = "30min"\n', "")
    assert Playbook.parse(written(action=text), "x").actions[0].check is Check.UPDATED
    assert "[rhythm.alert] has no update_every" in error_of(written(rhythm="", action=text))


@pytest.mark.parametrize("check", ["updated", "tone"])
def test_what_holds_at_all_times_has_no_time_of_its_own(check: str) -> None:
    message = error_of(written(action=ACTION.replace('"acknowledged"', f'"{check}"')))
    assert f'within: expected none beside check = "{check}"' in message


def test_lone_surrogates_are_refused_and_not_kept() -> None:
    assert "printable" in error_of(written(action=ACTION.replace("Say that", "Say \ud800 that")))


def test_the_spaces_of_french_punctuation_are_kept_and_lines_are_joined() -> None:
    text = ACTION.replace("“", "").replace('"Dire que l’on sait."', '"""Dire\n  ceci\u00a0: on sait."""')
    (action,) = Playbook.parse(written(action=text), "x").actions
    assert action.what["fr"] == "Dire ceci\u00a0: on sait."


def test_equal_playbooks_have_equal_fingerprints_however_they_are_written() -> None:
    one = Playbook.parse(written(), "a")
    other = Playbook.parse("\ufeff# a comment\n" + written(RHYTHM.replace("2h", "120min")), "b")
    assert one == other


@pytest.mark.parametrize(
    ("old", "new"), [("30min", "31min"), ("2h", "3h"), ("Say that", "Tell that"), ("acknowledge", "acknowledge-it")]
)
def test_another_content_has_another_fingerprint(old: str, new: str) -> None:
    one, other = (Playbook.parse(text, "x") for text in (written(), written().replace(f"{old}", new, 1)))
    assert one.fingerprint != other.fingerprint


def test_a_file_that_is_not_there_or_not_utf8_is_named(tmp_path: Path) -> None:
    missing, latin = tmp_path / "missing.toml", tmp_path / "latin.toml"
    latin.write_bytes("# déjà".encode("latin-1"))
    with pytest.raises(PlaybookError, match=f"{missing}: cannot read the playbook: No such file"):
        Playbook.load(missing)
    with pytest.raises(PlaybookError, match=f"{latin}: expected UTF-8"):
        Playbook.load(latin)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["en", "x"]), inner, max_size=2),
    max_leaves=4,
)


def as_toml(value: Any) -> str:
    match value:
        case dict():
            return "{ " + ", ".join(f"{key} = {as_toml(each)}" for key, each in value.items()) + " }"
        case list():
            return "[" + ", ".join(map(as_toml, value)) + "]"
        case None:
            return "nothing"
        case float():
            return {"inf": "inf", "-inf": "-inf", "nan": "nan"}.get(str(value), repr(value))
        case _:
            return json.dumps(value)


@given(field=st.sampled_from(["id", "practice", "level", "within", "check", "what", "who"]), value=VALUES)
def test_whatever_a_field_holds_it_is_a_playbook_or_an_error_of_one(field: str, value: Any) -> None:
    kept = [line for line in ACTION.splitlines() if not line.startswith(f"{field} =")]
    text = written(action="\n".join([*kept, f"{field} = {as_toml(value)}"]))
    try:
        outcome = "x: read as " + Playbook.parse(text, "x").fingerprint
    except PlaybookError as error:
        outcome = str(error)
    assert outcome.startswith("x: ")
