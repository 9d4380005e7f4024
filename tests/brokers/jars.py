"""Apache Kafka's jars, fetched once with Maven: ``python -m tests.brokers.jars``."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
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
        Java or Maven is missing or too old, or Maven fails.
    """
    return _class_path("kafka", _POM)


def tools_class_path() -> str:
    """Return the class path of what ``kafka-topics.sh`` and its like run; otherwise as `class_path`."""
    return _class_path("kafka-tools", _TOOLS_POM)


def _class_path(name: str, pom_file: Path) -> str:
    _check_java()
    pom = pom_file.read_text(encoding="utf-8")
    version = re.findall(r"<kafka\.version>(.+)</kafka\.version>", _POM.read_text(encoding="utf-8"))[0]
    folder = _CACHE / f"{name}-{version}"
    complete = folder / "pom.xml"
    if not complete.is_file() or complete.read_text(encoding="utf-8") != pom:
        shutil.rmtree(folder, ignore_errors=True)
        _fetch(folder / "libs", pom_file, version)
        complete.write_text(pom, encoding="utf-8")
    return f"{folder}/libs/*"


def _check_java() -> None:
    wanted = f"Apache Kafka needs Java {_JAVA_VERSION} or newer (Debian: apt-get install openjdk-17-jre-headless)"
    if shutil.which("java") is None:
        raise JarsError(f"{wanted}, and there is no `java` on the PATH")
    said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', said)
    if found is None or int(found[1]) < _JAVA_VERSION:
        raise JarsError(f"{wanted}, and `java -version` says: {said.strip()}")


def _fetch(folder: Path, pom_file: Path, version: str) -> None:
    if shutil.which("mvn") is None:
        raise JarsError("Maven fetches Apache Kafka, and there is no `mvn` on the PATH (apt-get install maven)")
    print(f"Fetching {folder.parent.name} (once)", flush=True)
    command = ["mvn", "--batch-mode", "--no-transfer-progress", "--quiet", "--strict-checksums"]
    command += ["--file", str(pom_file), f"-Dkafka.version={version}", "-Dstyle.color=never"]
    command += ["dependency:copy-dependencies", f"-DoutputDirectory={folder}"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise JarsError(f"Maven could not fetch Apache Kafka:\n{done.stdout.strip()}")


if __name__ == "__main__":
    try:
        class_path()
        tools_class_path()
    except JarsError as error:
        sys.exit(str(error))
