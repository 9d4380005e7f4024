from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from agents import exits
from agents.role import Role
from tests.deploy.files import DEPLOY

SYSTEMD = DEPLOY / "systemd"
UNIT = (SYSTEMD / "vigie@.service").read_text(encoding="utf-8")
FINAL = {exits.USAGE, exits.BAD_INPUT, exits.CONFIG}

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units with their drop-ins in place, and a program that exists."""
    for path in SYSTEMD.iterdir():
        match path.name:
            case "kafka.conf":
                target = tmp_path / "vigie@.service.d" / path.name
            case "channels.conf":
                target = tmp_path / "vigie@notify.service.d" / path.name
            case "author-key.conf":
                target = tmp_path / "vigie@enrich.service.d" / path.name
                other = tmp_path / "vigie@erase.service.d" / path.name
                other.parent.mkdir(exist_ok=True)
                shutil.copyfile(path, other)
            case _:
                target = tmp_path / path.name
        target.parent.mkdir(exist_ok=True)
        target.write_text(path.read_text(encoding="utf-8").replace("/opt/vigie/bin/vigie", "/bin/true"))
    return tmp_path


@needs_systemd
def test_systemd_takes_the_units(units: Path) -> None:
    names = [*(f"vigie@{role.value}.service" for role in Role), "vigie.target"]
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
def test_systemd_finds_little_that_a_role_could_reach(units: Path) -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=15", "--no-pager"]
    said = subprocess.run([*command, units / "vigie@.service"], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout[-400:]


def test_a_failure_that_another_try_does_not_mend_is_not_tried_again() -> None:
    (codes,) = re.findall(r"^RestartPreventExitStatus=(.+)$", UNIT, flags=re.MULTILINE)
    assert {int(code) for code in codes.split()} == FINAL


def test_the_unit_says_what_each_exit_code_of_a_worker_means() -> None:
    said = {
        int(code)
        for line in re.findall(r"^# .*\b[67]\d\b.*$", UNIT, flags=re.MULTILINE)
        for code in re.findall(r"\b[67]\d\b", line)
    }
    assert said == FINAL | {exits.UNAVAILABLE, exits.BUG, exits.STUCK, exits.WRITES_REFUSED}
