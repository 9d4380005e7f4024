"""What runbooks tell people to run: every command exists, and those in blocks marked ``run`` are run, in order."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from agents.cli.main import main
from agents.processes import role_environment
from agents.role import Role
from pipeline.simulate import demo_watchlist
from schemas.codec import decode
from tests.brokers.base import Broker
from tests.brokers.scripts import KAFKA_SCRIPTS, kafka_scripts
from tests.deploy.files import DEPLOY, blocks
from tests.faults.logs import talk
from tests.live.vigie import Vigie
from tests.ports import free_ports

RUNBOOKS = DEPLOY / "runbooks"
PAGES = sorted(RUNBOOKS.glob("*.md"))
LIMIT_S = 420

pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


def in_blocks(page: Path) -> Iterator[str]:
    """Commands in the page's blocks, a line each, as the shell would see them."""
    for block in blocks(page, "sh(?: run)?"):
        for line in re.sub(r"\\\n\s*", "", block).splitlines():
            for part in re.split(r"\||;|&&|\bdo\b", line):
                yield re.sub(r"\s*(2>&1|[0-9]?>>?\s*\S+|&)\s*", " ", re.sub(r"^\s*(until|if|!)\s+", "", part)).strip()


def inline(page: Path) -> list[str]:
    return [" ".join(found.split()) for found in re.findall(r"`(vigie [^`]+)`", page.read_text("utf-8"))]


def mistake(command: str) -> str | None:
    """Say what is wrong with a vigie command; nothing is run. Words in capitals stand for something of one's own."""
    words = [re.sub(r"^[A-Z_]{2,}$", "1", word) for word in shlex.split(command)]
    at: click.Command = main
    context = click.Context(main)
    try:
        while isinstance(at, click.Group) and len(words) > 1 and not words[1].startswith("-"):
            del words[0]
            _, found, _ = at.resolve_command(context, words)
            assert found is not None
            at = found
        at.make_context(words[0], words[1:], parent=context)
    except click.MissingParameter:
        return None  # named in a sentence, without what it works on
    except click.ClickException as error:
        return error.format_message()
    except click.exceptions.Exit:
        return None
    return None


@pages
def test_every_vigie_command_of_a_page_is_one_that_can_be_given(page: Path) -> None:
    commands = [*inline(page), *(command for command in in_blocks(page) if command.startswith("vigie "))]
    assert {command: mistake(command) for command in commands} == dict.fromkeys(commands)


@pytest.mark.parametrize(
    "command", ["vigie dlq lost 1", "vigie doctor --quick", "vigie dlq redrive --since soon", "vigie tail weather"]
)
def test_a_command_that_cannot_be_given_is_found(command: str) -> None:
    assert mistake(command)


@pages
def test_every_script_of_kafka_on_a_page_is_one_that_the_tests_have(page: Path) -> None:
    assert set(re.findall(r"^\s*(kafka-[a-z-]+\.sh)", page.read_text("utf-8"), re.MULTILINE)) <= set(KAFKA_SCRIPTS)


@pages
def test_the_links_of_a_page_lead_to_files(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
        assert (page.parent / target).is_file(), target


def test_the_index_names_every_page_once() -> None:
    index = (RUNBOOKS / "README.md").read_text("utf-8")
    assert sorted(re.findall(r"\]\(([^)]+\.md)\)", index)) == [page.name for page in PAGES if page.name != "README.md"]


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "sh run")], ids=lambda page: page.stem)
def test_a_page_with_commands_that_are_run_is_run_and_says_so(page: Path) -> None:
    assert page.stem in dict(COURSE)
    assert "tests/deploy/test_runbook_commands.py" in page.read_text("utf-8")


PRODUCE = 'kafka-console-producer.sh --bootstrap-server "$VIGIE_BROKERS" --topic "${VIGIE_TOPIC_PREFIX}tweets.raw"'
DELETE = 'kafka-topics.sh --bootstrap-server "$VIGIE_BROKERS" --delete --topic "${VIGIE_TOPIC_PREFIX}'

COURSE = [
    ("first-deployment", ""),
    ("adding-a-brand", ""),
    (
        "redriving-dead-letters",
        f"echo 'no JSON' | {PRODUCE}\nuntil vigie dlq list --json | grep -q not_json; do sleep 0.5; done",
    ),
    ("losing-a-broker", ""),
    ("upgrading", ""),
    ("restoring", f'{DELETE}vigie-track-brand_state-changelog"'),
    ("replay-after-bad-configuration", ""),
    (
        "source-topic-recreated",
        f"""
        kill "$worker"; wait "$worker" || true
        {DELETE}tweets.raw"
        vigie topics create
        head -n 100 tweets.jsonl > again.jsonl
        vigie ingest file again.jsonl
        code=0; vigie worker > worker.log 2>&1 || code=$?
        test "$code" = 78
        grep "the topic was deleted and made again" worker.log
        """,
    ),
]
"""Pages in an order in which each finds what it needs, and what has to happen before."""


def script() -> str:
    parts = ["set -euo pipefail", "PS4='+ $SECONDS s: '"]
    for name, before in COURSE:
        parts += [f": '== {name}'", textwrap.dedent(before), *blocks(RUNBOOKS / f"{name}.md", "sh run")]
    return "\n".join([*parts, 'kill "$worker"; wait "$worker"'])


@pytest.mark.kafka
@pytest.mark.timeout(LIMIT_S + 20)
def test_every_command_that_a_runbook_says_to_run_does_what_it_says(
    broker: Broker, topic_prefix: str, tmp_path: Path
) -> None:
    """One Vigie, from its first deployment through everything that pages are for, as a person would do it."""
    log = talk(seed=77, records=600, partitions=1)
    (tmp_path / "tweets.jsonl").write_bytes(b"".join((record.value or b"") + b"\n" for record in log.records))
    vigie = Vigie(
        broker,
        tmp_path,
        topic_prefix,
        demo_watchlist(),
        web_port=free_ports(len(Role)),
        session_timeout_s=3.0,
        rebalance_timeout_s=3.0,
        commit_interval_s=0.3,
    )
    environment = role_environment(vigie.settings)
    folders = [str(kafka_scripts(tmp_path / "bin")), str(Path(sys.executable).parent), environment["PATH"]]
    said = tmp_path / "said"
    with said.open("wb") as output:
        shell = subprocess.Popen(
            ["bash", "-xc", script()],
            cwd=tmp_path,
            env=environment | {"PATH": os.pathsep.join(folders)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            code = shell.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            with contextlib.suppress(ProcessLookupError):  # the shell is gone, and nothing that it started is left
                os.killpg(shell.pid, signal.SIGKILL)
            shell.wait()
    text = said.read_text(errors="replace")
    assert code == 0, f"{text[-6000:]}\n{vigie.logs()}"
    assert "1 records written once more, 1 letters marked" in text
    published = (tmp_path / "windows-published.jsonl").read_bytes().splitlines()
    assert {decode(line)["brand"] for line in published} >= {"nimbus-mobile", "corail-air"}
    assert (tmp_path / "corrected" / "report.html").is_file()
    assert "orchard-bank" in (tmp_path / "watchlist.toml").read_text()
