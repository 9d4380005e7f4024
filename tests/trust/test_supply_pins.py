"""Nothing is installed that is not pinned."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from deploy.supply.locks import ROOT, NotPinned, Use, jars, locked, npm_packages, peers, python_packages
from tests.brokers import jars as brokers
from tests.trust.conftest import Tell

FROM_DEBIAN = {"tests/ops/install.sh", "tests/web/install.sh"}
"""They install programs that tests start: what Debian signs, in the version of the machine's release."""

INSTALLERS = re.compile(
    r"\b(?P<what>pip3? (?:install|download|wheel)|uv (?:pip install|sync|add|tool)|uvx|pipx|poetry|conda"
    r"|npm (?:install|ci|i)\b|npx|yarn|pnpm|cargo install|go install|gem install|apt(?:-get)? (?:\S+ )*?install|mvn"
    r"|curl|wget)\b"
)


def unpinned(text: str) -> Iterator[str]:
    """Yield the commands of a script that install something without its version and hash."""
    for line in text.replace("\\\n", " ").splitlines():
        if line.lstrip().startswith("#") or not (match := INSTALLERS.search(line)):
            continue
        command = line[match.start() :]
        if not (_hashed(command) or _ours(command) or _said(line[: match.start()])):
            yield command.strip()


def _hashed(command: str) -> bool:
    return "--require-hashes" in command or "npm ci" in command or command.startswith("npm --prefix")


def _ours(command: str) -> bool:
    """Whether nothing comes from elsewhere: the project itself, or wheels that were made before."""
    return "--no-index" in command or ("--no-deps" in command and "--editable ." in command)


def _said(before: str) -> bool:
    """Whether the command is only told to somebody, or looked for."""
    return "echo" in before or "command -v" in before


def scripts() -> list[Path]:
    found = [ROOT / "Makefile", ROOT / ".ci" / "run", ROOT / "deploy" / "docker" / "Dockerfile"]
    for folder in ("deploy", "tests"):
        found += [path for path in (ROOT / folder).rglob("*.sh") if "node_modules" not in path.parts]
    return sorted(found)


@pytest.mark.parametrize(
    "text",
    [
        "pip install uv==1.0",
        ".venv/bin/pip install --quiet \\\n  --requirement requirements.txt",
        "npm install left-pad",
        "npx something",
        "curl -fsSL https://example.org/install.sh | sh",
        "apt-get -qq install cowsay",
        "mvn dependency:get",
        "uv pip install x",
    ],
)
def test_an_unpinned_installation_is_found(text: str) -> None:
    assert list(unpinned(text)) != []


@pytest.mark.parametrize("path", [pytest.param(path, id=path.relative_to(ROOT).as_posix()) for path in scripts()])
def test_scripts_install_only_what_is_pinned(path: Path) -> None:
    found = list(unpinned(path.read_text("utf-8")))
    if path.relative_to(ROOT).as_posix() in FROM_DEBIAN:
        assert all(command.startswith("apt-get install") for command in found)
    else:
        assert found == []


def test_code_that_installs_asks_for_hashes() -> None:
    asking = {
        path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
        for folder in ("agents", "deploy", "pipeline", "schemas", "tests")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if re.search(r'"(?:install|ci|dependency:[a-z-]+)",', path.read_text("utf-8"))
    }
    asking.pop("tests/trust/test_supply_pins.py", None)
    assert set(asking) == {"tests/bench/contenders/peers.py", "tests/brokers/jars.py"}
    assert '"install", "--quiet", "--require-hashes"' in asking["tests/bench/contenders/peers.py"]
    assert "jars.sha256" in asking["tests/brokers/jars.py"]


def test_everything_is_pinned_with_its_hash(tell: Tell) -> None:
    packages, others, npm, java = python_packages(), peers(), npm_packages(), jars()
    assert all(re.fullmatch(r"[0-9a-f]{64}", jar.sha256) for jar in java)
    assert {package.use for package in packages} == set(Use) - {Use.PEER}
    hashes = sum(len(package.hashes) for package in [*packages, *others])
    tell(
        "supply chain",
        f"pinned: {len(packages)} Python packages and {len(others)} of the bench's peers ({hashes} SHA-256), "
        f"{len(npm)} of npm (SHA-512), {len(java)} jars (SHA-256)",
    )


@pytest.mark.parametrize(
    "line", ["aiohttp>=3", "aiohttp==3.1.4", f"aiohttp>=3 --hash=sha256:{'0' * 64}", "aiohttp==3.1 --hash=md5:00"]
)
def test_a_file_of_pins_without_version_or_hash_is_refused(line: str, tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text(f"# a comment\n{line}\n")
    with pytest.raises(NotPinned, match="aiohttp"):
        list(locked(path, Use.RUN))


@pytest.mark.kafka
def test_a_jar_that_was_exchanged_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = Path(brokers.class_path().removesuffix("/*"))

    def fetched(folder: Path, _: Path) -> None:
        shutil.copytree(here, folder, copy_function=os.symlink)
        exchanged = folder / next(here.glob("kafka-clients-*.jar")).name
        exchanged.unlink()
        exchanged.write_bytes(b"something else")

    monkeypatch.setattr(brokers, "_CACHE", tmp_path)
    monkeypatch.setattr(brokers, "_fetch", fetched)
    brokers._class_path.cache_clear()
    with pytest.raises(brokers.JarsError, match=r"jars\.sha256 has them: kafka-clients-"):
        brokers.class_path()


def test_both_files_of_pins_agree() -> None:
    run = {package.name: package for package in locked(ROOT / "requirements.txt", Use.RUN)}
    develop = {
        (package.name, package.version): package.hashes
        for package in locked(ROOT / "requirements-dev.txt", Use.DEVELOP)
    }
    both = [package for package in run.values() if (package.name, package.version) in develop]
    assert len(both) > 5
    assert all(package.hashes == develop[package.name, package.version] for package in both)
    assert {name for name, _ in develop} & set(run) == {package.name for package in both}


def test_images_of_others_have_a_version() -> None:
    compose = yaml.safe_load((ROOT / "deploy" / "compose" / "compose.yaml").read_text("utf-8"))
    images = {service["image"] for service in compose["services"].values()}
    dockerfile = (ROOT / "deploy" / "docker" / "Dockerfile").read_text("utf-8")
    images |= {argument.partition("=")[2] for argument in re.findall(r"^ARG (BASE=\S+)", dockerfile, re.MULTILINE)}
    assert {shlex.split(line)[1] for line in re.findall(r"^(FROM .*)$", dockerfile, re.MULTILINE)} == {"${BASE}"}
    assert len(images) > 4
    assert [image for image in images if not re.search(r":v?\d+\.\d+", image)] == []
