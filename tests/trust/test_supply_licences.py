"""Everything that Vigie stands on has a licence that an Apache-2.0 project may stand on, and is in the bill."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.utils import canonicalize_name

from deploy.supply import licences as module
from deploy.supply.licences import Kind, UnknownLicence, data, kind_of, python_licence
from deploy.supply.locks import ROOT, Use, python_packages
from deploy.supply.page import licences
from deploy.supply.sbom import bill_of_materials
from tests.trust.conftest import Tell

OURS = {
    ".html",
    ".css",
    ".yaml",
    ".yml",
    ".env",
    ".service",
    ".target",
    ".conf",
    ".sh",
    ".mjs",
    ".typed",
    ".xml",
    ".in",
}
"""Suffixes of code and configuration that is written here."""
CONFIGURATION = re.compile(
    r"deploy/(compose|examples|kubernetes|grafana|supply)/.*\.(toml|json)|pipeline/playbook/default\.toml"
    r"|schemas/json/.*\.json|tests/bench/guard\.toml|tests/asyncapi/package(-lock)?\.json"
    r"|tests/bench/contenders/requirements-.*\.txt|.*\.sha256"
)


def test_every_licence_is_accepted(tell: Tell) -> None:
    rows = list(licences())
    kinds = Counter(kind_of(licence) for _, _, licence in rows)
    assert [row for row in rows if kind_of(row[2]) is Kind.REFUSED] == []
    weak = sorted({name for use, name, licence in rows if use is Use.RUN and kind_of(licence) is Kind.WEAK})
    tell(
        "supply chain",
        f"licences: {len(rows)} known and accepted: {kinds[Kind.PERMISSIVE]} permissive, {kinds[Kind.WEAK]} weak "
        f"copyleft (running with Vigie: {', '.join(weak)}), {kinds[Kind.PROGRAM]} of programs started beside it",
    )


def test_what_runs_with_vigie_is_no_program_under_copyleft() -> None:
    linked = [(name, kind_of(licence)) for use, name, licence in licences() if use in {Use.RUN, Use.EMBEDDED}]
    assert [name for name, kind in linked if kind > Kind.WEAK] == []


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("MIT", Kind.PERMISSIVE),
        ("MIT AND MPL-2.0", Kind.WEAK),
        ("GPL-3.0-only OR MIT", Kind.PERMISSIVE),
        ("GPL-3.0-or-later WITH GCC-exception-3.1", Kind.WEAK),
        ("GPL-3.0-or-later", Kind.PROGRAM),
        ("MIT AND SSPL-1.0", Kind.REFUSED),
        ("CC-BY-NC-SA-4.0", Kind.REFUSED),
    ],
)
def test_an_expression_is_judged_by_its_parts(expression: str, kind: Kind) -> None:
    assert kind_of(expression) is kind


@pytest.mark.parametrize("expression", ["", "BSD", "Apache", "MIT AND", "Proprietary"])
def test_words_that_are_no_licence_are_none(expression: str) -> None:
    with pytest.raises(UnknownLicence):
        kind_of(expression)


def test_a_package_of_which_nobody_knows_the_licence_stops_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownLicence, match="not installed"):
        python_licence("no-such-package")
    monkeypatch.setattr(module, "metadata", lambda _: {"License": "BSD"})
    with pytest.raises(UnknownLicence, match="read its licence file"):
        python_licence("some-package")


def test_our_table_names_nothing_that_is_not_pinned() -> None:
    table = tomllib.loads((Path(module.__file__).with_name("licences.toml")).read_text("utf-8"))
    names = {name for _, name, _ in licences()}
    assert set(table["python"]) - names == set()


def test_every_file_of_data_has_its_origin_and_licence() -> None:
    known = {path for work in data() for pattern in work.name.split() for path in ROOT.glob(pattern)}
    found = {
        path
        for folder in ("agents", "deploy", "pipeline", "schemas", "tests")
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
        and not {"node_modules", "__pycache__"} & set(path.parts)
        and path.suffix not in {".py", ".pyc", ".md", *OURS}
        and path.name not in {"Dockerfile", ".npmrc"}
        and not CONFIGURATION.fullmatch(path.relative_to(ROOT).as_posix())
    }
    assert sorted(found - known) == []
    assert sorted(known - found) == []


@pytest.fixture(scope="module")
def bill() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(bill_of_materials())
    return made


def test_the_bill_is_cyclonedx_and_the_same_each_time(bill: dict[str, Any]) -> None:
    text = bill_of_materials()
    assert json.loads(text) == bill
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(text) is None
    assert validator.validate_str(text.replace('"type": "library"', '"type": "wish"')) is not None


def test_the_bill_names_every_pin_with_its_hashes_and_its_licence(bill: dict[str, Any], tell: Tell) -> None:
    components = {each["bom-ref"]: each for each in bill["components"] if each["type"] == "library"}
    packages = python_packages()
    assert len(components) == len(packages)
    for package in packages:
        component = components[f"pkg:pypi/{package.name}@{package.version}"]
        (reference,) = component["externalReferences"]
        assert sorted(each["content"] for each in reference["hashes"]) == list(package.hashes)
        assert component["licenses"] == [{"expression": python_licence(package.name)}]
    (model,) = [each for each in bill["components"] if each["type"] == "machine-learning-model"]
    assert (ROOT / model["name"]).is_file()
    edges = sum(len(each.get("dependsOn", ())) for each in bill["dependencies"])
    tell("supply chain", f"SBOM: CycloneDX 1.6, {len(components)} packages and the model, {edges} dependencies between")


def test_what_is_installed_is_what_is_pinned() -> None:
    pinned = {(package.name, package.version) for package in python_packages()}
    installed = {(canonicalize_name(each.metadata["Name"]), each.version.removeprefix("v")) for each in distributions()}
    others = {(name, version) for name, version in installed if name not in {"pip", "vigie"}}
    assert others - pinned == set()


def test_vigie_depends_on_what_its_project_file_says(bill: dict[str, Any]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    direct = {re.match(r"[A-Za-z0-9._-]+", each)[0] for each in project["dependencies"]}  # type: ignore[index]
    (edges,) = [each["dependsOn"] for each in bill["dependencies"] if each["ref"] == "vigie"]
    assert {edge.removeprefix("pkg:pypi/").partition("@")[0] for edge in edges} == {*direct, "sentiment-model"}
    scopes = Counter(each["scope"] for each in bill["components"])
    assert scopes["required"] > scopes["optional"] == 1
