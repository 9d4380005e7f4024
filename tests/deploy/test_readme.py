from __future__ import annotations

import re

from agents import exits
from tests.deploy.files import DEPLOY
from tests.deploy.test_systemd import FINAL

TEXT = (DEPLOY / "README.md").read_text(encoding="utf-8")


def test_every_link_of_the_page_leads_to_a_file() -> None:
    links = {link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", TEXT) if "://" not in link}
    assert len(links) > 10
    assert [link for link in links if not (DEPLOY / link).exists()] == []


def test_the_page_names_the_exit_codes_that_systemd_does_not_try_again() -> None:
    told = {int(code): again for code, again in re.findall(r"^\| (\d+) \|.*\| (yes|no) \|$", TEXT, flags=re.MULTILINE)}
    assert {code for code, again in told.items() if again == "no"} == FINAL
    assert told.keys() >= {exits.UNAVAILABLE, exits.BUG, exits.STUCK, exits.WRITES_REFUSED}
