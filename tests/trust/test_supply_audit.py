"""The audit finds what advisories say of pinned versions, and says what it was not asked."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from deploy.supply import audit
from deploy.supply.advisories import Advisory, advisories, findings
from deploy.supply.locks import Pinned, Use, python_packages
from tests.trust.conftest import Tell


def record(name: str = "left-pad", **affected: Any) -> dict[str, Any]:
    package = {"ecosystem": "PyPI", "name": name}
    return {
        "id": "PYSEC-2026-1",
        "aliases": ["CVE-2026-1"],
        "modified": "2026-11-02T10:00:00Z",
        "details": "Pads too much.\nMuch too much.",
        "affected": [{"package": package, **affected}],
    }


def ranged(*events: dict[str, str]) -> dict[str, Any]:
    return record(ranges=[{"type": "ECOSYSTEM", "events": list(events)}])


def known(folder: Path, *records: dict[str, Any]) -> list[Advisory]:
    for number, each in enumerate(records):
        (folder / f"{number}.json").write_bytes(orjson.dumps(each))
    return list(advisories(folder))


def pinned(version: str, name: str = "left-pad") -> Pinned:
    return Pinned(name=name, version=version, marker="", hashes=("00",), use=Use.RUN)


@pytest.mark.parametrize(
    ("events", "affected", "clear"),
    [
        ([{"introduced": "0"}, {"fixed": "1.10"}], ["0.1", "1.9", "1.10rc1"], ["1.10", "2"]),
        ([{"introduced": "1.2"}, {"last_affected": "1.4"}], ["1.2", "1.4"], ["1.1", "1.4.1"]),
        ([{"introduced": "2"}], ["2", "99"], ["1.9"]),
        (
            [{"introduced": "3"}, {"fixed": "3.2"}, {"introduced": "1"}, {"fixed": "1.5"}],
            ["1", "1.4", "3.1"],
            ["1.5", "2", "3.2"],
        ),
        ([{"introduced": "0"}, {"fixed": "no version"}], ["1", "99"], []),
    ],
)
def test_a_range_says_which_versions_are_affected(
    events: list[dict[str, str]], affected: list[str], clear: list[str], tmp_path: Path
) -> None:
    advisory = known(tmp_path, ranged(*events))
    assert [version for version in affected if not findings([pinned(version)], advisory)] == []
    assert [version for version in clear if findings([pinned(version)], advisory)] == []


def test_listed_versions_are_affected(tmp_path: Path) -> None:
    advisory = known(tmp_path, record(versions=["1.0", "1.2"]))
    assert [bool(findings([pinned(version)], advisory)) for version in ("1.0", "1.1", "1.2")] == [True, False, True]


def test_names_are_compared_as_pypi_compares_them(tmp_path: Path) -> None:
    advisory = known(tmp_path, record("Left_Pad", versions=["1.0"]))
    (found,) = findings([pinned("1.0")], advisory)
    assert (found.package.name, found.advisory.names) == ("left-pad", ("PYSEC-2026-1", "CVE-2026-1"))
    assert found.advisory.summary == "Pads too much."


def test_what_was_withdrawn_or_is_of_another_world_is_passed_over(tmp_path: Path) -> None:
    other = record(versions=["1.0"])
    other["affected"][0]["package"]["ecosystem"] = "npm"
    records = [record(versions=["1.0"]) | {"withdrawn": "2026-11-03T00:00:00Z"}, other, record("x", versions=["1.0"])]
    assert findings([pinned("1.0")], known(tmp_path, *records)) == []


def test_an_archive_and_yaml_are_read_as_well(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("PYSEC-2026-1.json", orjson.dumps(record(versions=["1.0"])))
        archive.writestr("vulns/PYSEC-2026-2.yaml", yaml.safe_dump(record(versions=["1.1"]) | {"id": "PYSEC-2026-2"}))
    found = list(advisories(tmp_path / "all.zip"))
    assert [advisory.names[0] for advisory in found] == ["PYSEC-2026-1", "PYSEC-2026-2"]


def test_the_audit_finds_a_hole_in_a_pinned_package(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], tell: Tell
) -> None:
    package = next(each for each in python_packages() if each.name == "aiohttp")
    planted = record("aiohttp", versions=[package.version])
    (tmp_path / "hole.json").write_bytes(orjson.dumps(planted))
    assert audit.main([str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert f"aiohttp {package.version} (run): PYSEC-2026-1, CVE-2026-1: Pads too much.\n" in said
    assert "the newest of 2026-11-02" in said
    assert "Not asked: jars and npm packages" in said
    tell("supply chain", "audit: a planted advisory of a pinned package is found; advisories are brought by who audits")


def test_the_audit_is_content_when_nothing_is_known(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "old.json").write_bytes(orjson.dumps(record("aiohttp", versions=["0.1"])))
    assert audit.main([str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith("0 found. Asked: ")


def test_without_advisories_nothing_is_called_safe(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], [str(tmp_path)], [str(tmp_path / "missing.zip")]):
        assert audit.main(arguments) == 2
        streams = capsys.readouterr()
        assert streams.out == ""
        assert "Nothing was asked" in streams.err
