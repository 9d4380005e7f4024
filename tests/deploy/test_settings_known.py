from __future__ import annotations

import re
from pathlib import Path

import pytest

from agents.settings import CONFIG_VARIABLE, Settings
from tests.deploy.files import DEPLOY, ROOT

KNOWN = {f"VIGIE_{name.upper()}" for name in Settings.model_fields} | {CONFIG_VARIABLE, "VIGIE_ROLE"}
WRITTEN = [
    path
    for path in sorted(DEPLOY.rglob("*"))
    if path.is_file() and path.suffix not in (".py", ".pyc", ".json") and "__pycache__" not in path.parts
]


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_setting_in_a_file_of_deployment_is_one_that_vigie_knows(path: Path) -> None:
    named = set(re.findall(r"\bVIGIE_[A-Z0-9_]*[A-Z0-9]", path.read_text(encoding="utf-8")))
    assert named <= KNOWN
