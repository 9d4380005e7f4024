"""Apache Kafka's jars, fetched once with Maven: ``python -m tests.brokers.jars``.

Maven compares what it fetches with checksums that lie beside it; ``jars.sha256`` says of every jar that it is the one
we tested with, before any of them runs. After a change of a POM: ``python -m tests.brokers.jars --pin``.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

_POM = Path(__file__).with_name("pom.xml")
_TOOLS_POM = Path(__file__).with_name("tools") / "pom.xml"
_CACHE = Path(__file__).parents[2] / ".cache"
_JAVA_VERSION = 17


class JarsError(RuntimeError):
    """Apache Kafka cannot be had; the message says what to install."""


def class_path() -> str:
    """Return the Java class path of Kafka's server, fetching its jars unless they are there.

    Raises
    ------
    JarsError
        Java or Maven is missing or too old, Maven fails, or a jar is not the one that is pinned.
    """
    return _class_path("kafka", _POM)


def tools_class_path() -> str:
    """Return the class path of what ``kafka-topics.sh`` and its like run; otherwise as `class_path`."""
    return _class_path("kafka-tools", _TOOLS_POM)


@cache
def _class_path(name: str, pom_file: Path) -> str:
    _check_java()
    folder = _folder(name)
    sums = pom_file.with_name("jars.sha256").read_text(encoding="utf-8")
    if _sums(folder) != sums:
        _fetch(folder, pom_file)
        wrong = set(_sums(folder).splitlines()).symmetric_difference(sums.splitlines())
        if wrong:
            names = ", ".join(sorted({line.split()[1] for line in wrong}))
            raise JarsError(
                f"not as {pom_file.parent.name}/jars.sha256 has them: {names}. If {pom_file.name} changed: "
                "python -m tests.brokers.jars --pin"
            )
    return f"{folder}/*"


def pin() -> None:
    """Fetch all jars anew and write down their hashes."""
    for name, pom_file in (("kafka", _POM), ("kafka-tools", _TOOLS_POM)):
        folder = _folder(name)
        _fetch(folder, pom_file)
        pom_file.with_name("jars.sha256").write_text(_sums(folder), encoding="utf-8")


def _version() -> str:
    found: list[str] = re.findall(r"<kafka\.version>(.+)</kafka\.version>", _POM.read_text(encoding="utf-8"))
    return found[0]


def _folder(name: str) -> Path:
    return _CACHE / f"{name}-{_version()}" / "libs"


def _sums(folder: Path) -> str:
    """Return what ``sha256sum *.jar`` prints in a folder."""
    jars = sorted(folder.glob("*.jar"))
    return "".join(f"{hashlib.sha256(jar.read_bytes()).hexdigest()}  {jar.name}\n" for jar in jars)


def _check_java() -> None:
    wanted = f"Apache Kafka needs Java {_JAVA_VERSION} or newer (Debian: apt-get install openjdk-17-jre-headless)"
    if shutil.which("java") is None:
        raise JarsError(f"{wanted}, and there is no `java` on the PATH")
    said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', said)
    if found is None or int(found[1]) < _JAVA_VERSION:
        raise JarsError(f"{wanted}, and `java -version` says: {said.strip()}")


def _fetch(folder: Path, pom_file: Path) -> None:
    if shutil.which("mvn") is None:
        raise JarsError("Maven fetches Apache Kafka, and there is no `mvn` on the PATH (apt-get install maven)")
    print(f"Fetching {folder.parent.name} (once)", flush=True)
    shutil.rmtree(folder.parent, ignore_errors=True)
    command = ["mvn", "--batch-mode", "--no-transfer-progress", "--quiet", "--strict-checksums"]
    command += ["--file", str(pom_file), f"-Dkafka.version={_version()}", "-Dstyle.color=never"]
    command += ["dependency:copy-dependencies", f"-DoutputDirectory={folder}"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise JarsError(f"Maven could not fetch Apache Kafka:\n{done.stdout.strip()}")


if __name__ == "__main__":
    try:
        if sys.argv[1:] == ["--pin"]:
            pin()
        class_path()
        tools_class_path()
    except JarsError as error:
        sys.exit(str(error))
