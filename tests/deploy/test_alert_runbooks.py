import re
from pathlib import Path

import pytest

from tests.deploy.files import blocks
from tests.deploy.promql import complaints
from tests.deploy.test_prometheus import CONTRACT, RUNBOOKS, _recorded

HEADINGS = ["Meaning", "Impact", "Diagnosis", "Mitigation", "Verification"]
PAGES = sorted(RUNBOOKS / f"{name}.md" for name in CONTRACT)

pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


@pytest.mark.parametrize("name", sorted(CONTRACT))
def test_every_alert_has_its_page(name: str) -> None:
    text = (RUNBOOKS / f"{name}.md").read_text("utf-8")
    assert text.startswith(f"# {name}\n")
    assert re.findall(r"^\*\*(\w+)\.\*\*", text, re.MULTILINE) == HEADINGS


def test_no_page_is_left_of_an_alert_that_is_no_more() -> None:
    assert sorted(RUNBOOKS.glob("Vigie*.md")) == PAGES


@pages
def test_the_queries_of_a_page_ask_for_series_and_labels_that_a_worker_has(page: Path) -> None:
    for block in blocks(page, "promql"):
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
