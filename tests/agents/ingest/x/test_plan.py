"""`vigie ingest x --plan`, as people call it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from agents import exits
from agents.ingest.sources.x import command
from tests.agents.ingest.x.rulescene import RuleScene, rules_scene, watchlist_of


def planned(path: Path, *arguments: str, **env: str) -> Result:
    return CliRunner().invoke(command, ["--plan", "--watchlist", str(path), *arguments], env=env)


async def asked(at: RuleScene, *arguments: str) -> Result:
    variables = {"VIGIE_X_API": at.shared.api, "VIGIE_X_TOKEN_FILE": str(at.shared.token.path)}
    return await asyncio.to_thread(planned, at.path, *arguments, **variables)


@pytest.fixture
def watchlist(tmp_path: Path) -> Path:
    path = tmp_path / "watchlist.toml"
    path.write_text(watchlist_of(acme="AcmeFail", b="Two") + 'excludes = ["river"]\n')
    return path


def test_without_a_token_the_rules_are_shown_and_it_says_that_nothing_was_compared(watchlist: Path) -> None:
    result = planned(watchlist)
    assert result.exit_code == exits.OK, result.output
    text = " ".join(result.output.split())
    assert "The watchlist takes 2 of the 1,000 rules that X allows (access pro)" in text
    assert "vigie:acme (9 characters) #AcmeFail" in text
    assert "there is no token. Give one with VIGIE_X_TOKEN_FILE" in text
    assert "b: excludes: X sends what they keep out, enrich drops it." in text
    assert "expansions = author_id, in_reply_to_user_id, referenced_tweets.id" in text


def test_programs_get_the_same_as_json(watchlist: Path) -> None:
    document = json.loads(planned(watchlist, "--json").stdout)
    assert document["rules"][0] == {"value": "#AcmeFail", "tag": "vigie:acme", "chars": 9}
    assert document["access"] == {"level": "pro", "rules": 1000, "rule_chars": 1024}
    assert document["changes"] is None
    assert set(document["stream"]) == {"expansions", "tweet.fields", "user.fields"}


async def test_with_a_token_x_is_asked_and_tries_what_is_new_and_nothing_is_changed(tmp_path: Path) -> None:
    async with rules_scene(tmp_path, watchlist_of(acme="AcmeFail", b="Two")) as at:
        at.x.book.rules += [
            {"id": "8", "value": "#acmefail", "tag": "vigie:acme"},
            {"id": "9", "value": "#Old", "tag": "vigie:old"},
        ]
        before = [*at.x.book.rules]
        result = await asked(at)
        assert result.exit_code == exits.OK, result.output
        assert at.x.calls == ["list", "try add 1"]
        assert at.x.book.rules == before
        text = " ".join(result.output.split())
        assert "= vigie:acme" in text
        assert "+ vigie:b (4 characters) #Two" in text
        assert "- vigie:old (4 characters) #Old" in text
        assert "1 would be added, 1 taken away, 1 kept; 1 of others are there" in text
        changes = json.loads((await asked(at, "--json")).stdout)["changes"]
        assert [rule["value"] for rule in changes["add"]] == ["#Two"]
        assert [rule["id"] for rule in changes["delete"]] == ["9"]
        assert [rule["id"] for rule in changes["foreign"]] == ["7"]


async def test_a_rule_that_x_would_not_take_is_shown_and_is_a_failure(tmp_path: Path) -> None:
    async with rules_scene(tmp_path) as at:
        at.x.book._longest = 5
        result = await asked(at)
        assert result.exit_code == exits.FAILED
        assert "X would not take: #AcmeFail" in " ".join(result.output.split())


async def test_what_fits_only_once_others_are_gone_is_said_to_be_untried(tmp_path: Path) -> None:
    async with rules_scene(tmp_path, watchlist_of(a="One", b="Two"), most=3) as at:
        at.x.book.rules += [{"id": str(n), "value": f"#Old{n}", "tag": "vigie:old"} for n in (8, 9)]
        result = await asked(at, "--rules", "3")
        assert result.exit_code == exits.OK, result.output
        assert "2 could not be tried" in " ".join(result.output.split())
        assert at.x.calls == ["list"]


def test_too_many_rules_are_wrong_settings(watchlist: Path) -> None:
    result = planned(watchlist, "--access", "basic")
    assert result.exit_code == exits.CONFIG
    assert "no filtered stream" in result.output


def test_an_x_that_cannot_be_reached_is_worth_another_try(watchlist: Path, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("token-1")
    result = planned(watchlist, VIGIE_X_API="http://127.0.0.1:1", VIGIE_X_TOKEN_FILE=str(token))
    assert result.exit_code == exits.UNAVAILABLE
    assert "cannot be reached" in result.output


async def test_a_token_that_x_does_not_take_is_a_wrong_setting(tmp_path: Path) -> None:
    async with rules_scene(tmp_path) as at:
        at.x.answer = lambda _: (401, {"title": "Unauthorized"})
        result = await asked(at)
        assert result.exit_code == exits.CONFIG
        assert "401 (Unauthorized)" in result.output
        assert "put the Bearer token of your app into" in result.output
        assert "token-1" not in result.output
