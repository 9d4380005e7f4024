from __future__ import annotations

from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.notify.channels import Alertmanager, PagerDuty, Slack, Webhook
from pipeline.notify.file import NotifyFileError, load_plan, parse_plan
from pipeline.notify.quiet import QuietHours
from pipeline.notify.routing import Budget, Route
from schemas.window import Level

EXAMPLE = Path(__file__).parents[3] / "deploy" / "examples" / "notify.toml"
RIGHT = """
version = 1
[channels.ops]
kind = "alertmanager"
url = "http://alertmanager:9093"
[[routes]]
channels = ["ops"]
"""


def test_everything_that_the_file_may_say_is_read() -> None:
    plan = parse_plan(
        """
        version = 1
        [channels.a]
        kind = "alertmanager"
        url = "http://alertmanager:9093"
        language = "fr"
        [channels.p]
        kind = "pagerduty"
        routing_key_file = "keys/pagerduty"
        url = "https://events.eu.pagerduty.com/v2/enqueue"
        [channels.s]
        kind = "slack"
        url_file = "/run/secrets/slack"
        [channels.w]
        kind = "webhook"
        url = "https://example.org/hook"
        secret_file = "keys/hook"
        [[routes]]
        channels = ["a", "s"]
        brands = ["acme", "other"]
        min_level = 3
        [[routes.quiet]]
        start = "22:00"
        end = 07:00:00
        days = ["sat", "sun"]
        timezone = "Europe/Paris"
        below_level = 3
        [[routes]]
        channels = ["w"]
        reminders = false
        [budget]
        alerts = 2
        per_hours = 12
        """,
        "notify.toml",
        Path("/etc/vigie"),
    )
    assert plan.channels == {
        "a": Alertmanager(name="a", url="http://alertmanager:9093", language="fr"),
        "p": PagerDuty(
            name="p",
            routing_key_file=Path("/etc/vigie/keys/pagerduty"),
            url="https://events.eu.pagerduty.com/v2/enqueue",
        ),
        "s": Slack(name="s", url_file=Path("/run/secrets/slack")),
        "w": Webhook(name="w", url="https://example.org/hook", secret_file=Path("/etc/vigie/keys/hook")),
    }
    quiet = QuietHours(
        start=time(22),
        end=time(7),
        days=frozenset({5, 6}),
        timezone=ZoneInfo("Europe/Paris"),
        below_level=Level.CRISIS,
    )
    assert plan.routes == (
        Route(channels=("a", "s"), brands=("acme", "other"), min_level=Level.CRISIS, quiet=(quiet,)),
        Route(channels=("w",), reminders=False),
    )
    assert plan.budget == Budget(alerts=2, per_hours=12)


def test_what_is_left_out_has_a_default() -> None:
    plan = parse_plan(RIGHT, "notify.toml")
    assert plan.budget == Budget(alerts=6, per_hours=24)
    assert plan.routes == (Route(channels=("ops",), brands=("*",), min_level=Level.ALERT, quiet=()),)


def test_the_example_is_right() -> None:
    plan = load_plan(EXAMPLE)
    assert set(plan.channels) == {name for route in plan.routes for name in route.channels}
    assert plan.budget == Budget()


QUIET = '[[routes.quiet]]\nstart = "22:00"\nend = "07:00"\ntimezone = "Europe/Paris"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version = 1", "notify.toml: channels: expected at least one table"),
        ("version = 2", "notify.toml: version: expected 1, got 2"),
        ("verson = 1", "notify.toml: verson: unknown field; did you mean version?"),
        ("[", "notify.toml: not valid TOML"),
        (RIGHT.partition("[[routes]]")[0], "notify.toml: routes: expected at least one"),
        (RIGHT.replace("channels.ops", 'channels."Ops!"'), "channel 'Ops!': expected a name"),
        (RIGHT.replace('"alertmanager"', '"pager"'), "channel ops: kind: expected one of alertmanager, pagerduty"),
        (RIGHT.replace('url = "http://alertmanager:9093"', ""), "channel ops: url: is missing"),
        (RIGHT.replace("http://", "ftp://"), "channel ops: url: expected a URL"),
        (RIGHT.replace("http://alertmanager:9093", "http://:99999"), "channel ops: url: expected a URL"),
        (RIGHT.replace("url =", "urll ="), "channel ops: urll: unknown field; did you mean url?"),
        (RIGHT.replace("[[routes]]", 'language = "de"\n[[routes]]'), "channel ops: language: expected one of en, fr"),
        (RIGHT.replace('["ops"]', '["opps"]'), "routes[0]: channels: expected one of ops, got 'opps'"),
        (RIGHT.replace('["ops"]', "[]"), "routes[0]: channels: expected at least one"),
        (RIGHT + 'brands = ["Acme"]', 'routes[0]: brands: expected "*" or a key'),
        (RIGHT + "brands = []", "routes[0]: brands: expected at least one"),
        (RIGHT + "min_level = 5", "routes[0]: min_level: expected a level from 1 (watch) to 4 (severe), got 5"),
        (RIGHT + "min_level = true", "routes[0]: min_level: expected a level"),
        (RIGHT + "levels = 2", "routes[0]: levels: unknown field"),
        (RIGHT + QUIET.replace("22:00", "25:00"), "routes[0]: quiet[0]: start: expected a time of day"),
        (RIGHT + QUIET.replace('end = "07:00"', ""), "routes[0]: quiet[0]: end: expected a time of day"),
        (RIGHT + QUIET.replace("Paris", "Lutetia"), "routes[0]: quiet[0]: timezone: expected the name of a time zone"),
        (RIGHT + QUIET.replace('"Europe/Paris"', "1"), "routes[0]: quiet[0]: timezone: expected the name"),
        (RIGHT + QUIET.replace('"Europe/Paris"', '"../secrets"'), "routes[0]: quiet[0]: timezone: expected the name"),
        (RIGHT + QUIET + 'days = ["sunday"]', "routes[0]: quiet[0]: days: expected some of mon"),
        (RIGHT + QUIET + "below_level = 1", "routes[0]: quiet[0]: below_level: expected 2 to 4"),
        (RIGHT + "[budget]\nalerts = 0", "notify.toml: budget: alerts: expected a whole number from 1 to 1000, got 0"),
        (RIGHT + "[budget]\nper_day = 1", "notify.toml: budget: per_day: unknown field"),
        (RIGHT + "[budget]\nper_hours = 1.5", "notify.toml: budget: per_hours: expected a whole number"),
    ],
)
def test_a_mistake_is_named_with_file_channel_or_route_and_field(text: str, said: str) -> None:
    with pytest.raises(NotifyFileError) as mistake:
        parse_plan(text, "notify.toml")
    assert said in str(mistake.value)
    assert str(mistake.value).startswith("notify.toml: ")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotifyFileError, match=r"nowhere\.toml: cannot read"):
        load_plan(tmp_path / "nowhere.toml")
    (tmp_path / "latin.toml").write_bytes(b"\xe9")
    with pytest.raises(NotifyFileError, match=r"latin\.toml: expected UTF-8"):
        load_plan(tmp_path / "latin.toml")


@given(st.text(max_size=200))
def test_arbitrary_text_gives_a_mistake_and_nothing_else(text: str) -> None:
    with pytest.raises(NotifyFileError):
        parse_plan(text, "notify.toml")


JSONISH = st.recursive(
    st.booleans() | st.integers(-9, 9) | st.just("22:00") | st.just("*"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["start", "kind"]), inner, max_size=2),
    max_leaves=4,
)


@given(st.sampled_from(["channels", "brands", "min_level", "quiet", "budget"]), JSONISH)
def test_a_value_of_any_type_in_any_field_gives_a_plan_or_a_mistake(field: str, value: object) -> None:
    def toml(thing: object) -> str:
        match thing:
            case bool():
                return str(thing).lower()
            case dict():
                return "{" + ", ".join(f"{name} = {toml(inner)}" for name, inner in thing.items()) + "}"
            case list():
                return "[" + ", ".join(map(toml, thing)) + "]"
            case _:
                return repr(thing).replace("'", '"')

    line = f"{field} = {toml(value)}\n"
    head, tail = RIGHT.split("[[routes]]")
    text = line + RIGHT if field == "budget" else head + "[[routes]]\n" + (line if field == "channels" else tail + line)
    try:
        parse_plan(text, "notify.toml")
    except NotifyFileError as error:
        mistake = str(error)
    else:
        return
    assert field in mistake
