from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from agents import exits
from agents.cli import main
from schemas.codec import decode
from tests.pipeline.text.plugins import install


@pytest.fixture(autouse=True)
def _acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch)


def test_installed_models_are_listed_with_their_package() -> None:
    result = CliRunner().invoke(main, ["models", "list"])
    assert result.exit_code == exits.OK
    assert "sentiment  acme: acme_models:Moods (acme 1.2)" in result.stdout
    assert "language   acme: acme_models:Tongues (acme 1.2)" in result.stdout
    listed = decode(CliRunner().invoke(main, ["models", "list", "--json"]).stdout)
    assert listed["language"] == {"acme": "acme_models:Tongues"}


@pytest.mark.parametrize("kind", ["sentiment", "language"])
def test_a_model_that_fits_passes(kind: str) -> None:
    result = CliRunner().invoke(main, ["models", "check", kind, "acme"])
    assert (result.exit_code, result.stdout) == (exits.OK, f"ok: {kind} model acme fits\n")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("rude", "do not sum to 1"),
        ("seeded", "in a fresh process it answers differently"),
        ("local", "in a fresh process it fails: "),
    ],
)
def test_a_model_that_breaks_a_rule_fails_the_check(name: str, message: str) -> None:
    result = CliRunner().invoke(main, ["models", "check", "sentiment", name])
    assert result.exit_code == exits.FAILED
    assert result.stdout.startswith("FAILED  ")
    assert message in result.stdout
    checked = decode(CliRunner().invoke(main, ["models", "check", "sentiment", name, "--json"]).stdout)
    assert (checked["ok"], checked["name"]) == (False, name)
    assert message in checked["findings"][0]


def test_a_model_that_is_not_there_is_wrong_configuration() -> None:
    result = CliRunner().invoke(main, ["models", "check", "language", "acne"])
    assert result.exit_code == exits.CONFIG
    assert "no language model 'acne' (entry points of the group vigie.language). Installed: acme" in result.stderr
