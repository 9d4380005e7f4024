import re
import shlex
from pathlib import Path

import click
import pytest

from agents.cli.main import main
from tests.deploy.promql import complaints
from tests.deploy.test_prometheus import CONTRACT, RUNBOOKS, _recorded

HEADINGS = ["Meaning", "Impact", "Diagnosis", "Mitigation", "Verification"]
PAGES = sorted(RUNBOOKS / f"{name}.md" for name in CONTRACT)

pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


def _blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^ *```{language}\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)


def _commands(text: str) -> list[str]:
    return [" ".join(found.split()) for found in re.findall(r"`(vigie [^`]+)`", text)]


def _unknown(command: str) -> str | None:
    """Return what of a command line the `vigie` command does not know."""
    at: click.Command = main
    words = shlex.split(command)[1:]
    while isinstance(at, click.Group) and words:
        name = words.pop(0)
        found = at.get_command(click.Context(at), name)
        if found is None:
            return name
        at = found
    options = {option for parameter in at.params for option in [*parameter.opts, *parameter.secondary_opts]}
    return next((word for word in words if word.startswith("--") and word not in options), None)


@pytest.mark.parametrize("name", sorted(CONTRACT))
def test_every_alert_has_its_page(name: str) -> None:
    text = (RUNBOOKS / f"{name}.md").read_text("utf-8")
    assert text.startswith(f"# {name}\n")
    assert re.findall(r"^\*\*(\w+)\.\*\*", text, re.MULTILINE) == HEADINGS


def test_no_page_is_left_of_an_alert_that_is_no_more() -> None:
    assert sorted(RUNBOOKS.glob("Vigie*.md")) == PAGES


@pages
def test_the_commands_of_a_page_exist(page: Path) -> None:
    commands = _commands(page.read_text("utf-8"))
    assert {command: _unknown(command) for command in commands} == dict.fromkeys(commands)


def test_a_command_that_does_not_exist_is_found() -> None:
    assert _unknown("vigie dlq lost") == "lost"
    assert _unknown("vigie doctor --quick") == "--quick"


@pages
def test_the_queries_of_a_page_ask_for_series_and_labels_that_a_worker_has(page: Path) -> None:
    for block in _blocks(page.read_text("utf-8"), "promql"):
        for query in block.strip().splitlines():
            assert complaints(query.strip(), _recorded()) == []


@pages
def test_the_metrics_that_a_page_speaks_of_exist(page: Path) -> None:
    for found in re.findall(r"`(vigie_[a-z_]+(?:\{[^}`]*\})?)`", page.read_text("utf-8")):
        assert complaints(found, _recorded()) == []


@pages
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
        assert (page.parent / target).is_file(), target
