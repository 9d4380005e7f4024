from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from agents import exits
from agents.ingest import sources
from agents.role import Role
from tests.deploy.files import DEPLOY

SYSTEMD = DEPLOY / "systemd"
TEMPLATES = ["vigie@.service", "vigie-ingest@.service"]
UNITS = {name: (SYSTEMD / name).read_text(encoding="utf-8") for name in TEMPLATES}
SOURCES = ["x", "x-compliance", "jetstream"]
FINAL = {click.UsageError.exit_code, exits.USAGE, exits.BAD_INPUT, exits.CONFIG}

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units with their drop-ins in place, and a program that exists."""
    drop_ins = {
        "kafka.conf": ["vigie@"],
        "kafka-ingest.conf": ["vigie-ingest@"],
        "channels.conf": ["vigie@notify"],
        "author-key.conf": ["vigie@enrich", "vigie@erase"],
        "x-token.conf": ["vigie-ingest@x", "vigie-ingest@x-compliance"],
    }
    for path in SYSTEMD.iterdir():
        folders = [f"{unit}.service.d" for unit in drop_ins.pop(path.name, [])]
        for target in [tmp_path / folder / path.name for folder in folders] or [tmp_path / path.name]:
            target.parent.mkdir(exist_ok=True)
            target.write_text(path.read_text(encoding="utf-8").replace("/opt/vigie/bin/vigie", "/bin/true"))
    assert not drop_ins
    return tmp_path


@needs_systemd
def test_systemd_takes_the_units(units: Path) -> None:
    names = [f"vigie@{role.value}.service" for role in Role]
    names += [*(f"vigie-ingest@{source}.service" for source in SOURCES), "vigie.target"]
    # The colon at the end: beside the system's own.
    said = subprocess.run(
        ["systemd-analyze", "verify", *names],
        env={"SYSTEMD_UNIT_PATH": f"{units}:", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert [line for line in said.stderr.splitlines() if "vigie" in line] == []
    assert said.returncode == 0, said.stderr


@needs_systemd
@pytest.mark.parametrize("unit", TEMPLATES)
def test_systemd_finds_little_that_a_role_could_reach(units: Path, unit: str) -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=15", "--no-pager"]
    said = subprocess.run([*command, units / unit], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout[-400:]


@pytest.mark.parametrize("unit", TEMPLATES)
def test_a_failure_that_another_try_does_not_mend_is_not_tried_again(unit: str) -> None:
    (codes,) = re.findall(r"^RestartPreventExitStatus=(.+)$", UNITS[unit], flags=re.MULTILINE)
    assert {int(code) for code in codes.split()} == FINAL


def test_an_ingester_is_as_shut_in_as_a_role_and_has_a_folder_of_its_own() -> None:
    settings = {name: set(re.findall(r"^(\w+=.*)$", text, flags=re.MULTILINE)) for name, text in UNITS.items()}
    role, ingester = settings["vigie@.service"], settings["vigie-ingest@.service"]
    assert {
        line for line in role if re.match(r"(Private|Protect|Restrict|SystemCall|No|Dynamic|UMask)", line)
    } <= ingester
    assert {"StateDirectory=vigie-ingest-%i", "StateDirectoryMode=0700"} <= ingester
    assert "Environment=VIGIE_INGEST_DIR=%S/vigie-ingest-%i" in ingester
    assert "ExecStart=/opt/vigie/bin/vigie ingest %i" in ingester
    assert set(SOURCES) <= set(sources.names())


@pytest.mark.parametrize("unit", TEMPLATES)
def test_the_unit_says_what_each_exit_code_of_a_worker_means(unit: str) -> None:
    said = {
        int(code)
        for line in re.findall(r"^# .*\b[67]\d\b.*$", UNITS[unit], flags=re.MULTILINE)
        for code in re.findall(r"\b[67]\d\b", line)
    }
    assert said == (FINAL - {click.UsageError.exit_code}) | {
        exits.UNAVAILABLE,
        exits.BUG,
        exits.STUCK,
        exits.WRITES_REFUSED,
    }
