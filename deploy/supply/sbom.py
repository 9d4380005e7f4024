"""The software bill of materials, in CycloneDX's JSON.

ADR: made, not kept
-------------------
It follows from the files of pins, which are kept, and from the metadata of what is installed; a copy in the project
would say all hashes a third time. It is the same at each making: no time, no random serial number. The sentiment model
is in it with its hash, since it decides results as code does. Not in it: Python, and what lies in the image below
Vigie; a scanner of images sees those.

A package's hashes are those of all files of its version that may be installed, so they stand at a reference to its
distribution, as CycloneDX's own maker does with a file of requirements.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, requires
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.supply.licences import python_licence
from deploy.supply.locks import ROOT, Pinned, Use, python_packages

__all__ = ["MODEL", "bill_of_materials", "purl"]

MODEL = ROOT / "pipeline" / "text" / "sentiment" / "model.npz"
"""The one file of data that decides results."""

_SCOPES = {
    Use.RUN: ComponentScope.REQUIRED,
    Use.EMBEDDED: ComponentScope.OPTIONAL,
    Use.BUILD: ComponentScope.EXCLUDED,
    Use.DEVELOP: ComponentScope.EXCLUDED,
}
_EXTRA = re.compile(r"\bextra\s*==")


def purl(package: Pinned) -> PackageURL:
    """Return a package's URL, by which bills of materials and advisories name it."""
    return PackageURL("pypi", name=package.name, version=package.version)


def bill_of_materials() -> str:
    """Return the document.

    Raises
    ------
    UnknownLicence
        Of a package nobody knows the licence.
    """
    packages = python_packages()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    vigie = _vigie(project)
    components = {package: _component(package) for package in packages}
    model = _model()
    bom = Bom(components=[*components.values(), model], metadata=BomMetaData(component=vigie))
    named = defaultdict(list)
    for package, component in components.items():
        named[package.name].append(component)
    bom.register_dependency(vigie, [model, *_among(named, project["dependencies"])])
    for package, component in components.items():
        bom.register_dependency(component, _among(named, _requirements(package)))
    return _stable(json.loads(JsonV1Dot6(bom).output_as_string()))


def _vigie(project: Mapping[str, Any]) -> Component:
    return Component(
        name=project["name"],
        version=project["version"],
        description=project["description"],
        type=ComponentType.APPLICATION,
        licenses=[LicenseExpression(project["license"])],
        bom_ref="vigie",
    )


def _component(package: Pinned) -> Component:
    url = purl(package)
    hashes = [HashType(alg=HashAlgorithm.SHA_256, content=each) for each in package.hashes]
    marker = [Property(name="vigie:marker", value=package.marker)] if package.marker else []
    return Component(
        name=package.name,
        version=package.version,
        type=ComponentType.LIBRARY,
        scope=_SCOPES[package.use],
        purl=url,
        bom_ref=url.to_string(),
        licenses=[LicenseExpression(python_licence(package.name))],
        external_references=[
            ExternalReference(
                type=ExternalReferenceType.DISTRIBUTION,
                url=XsUri(url.to_string()),
                comment="any of the files of this version",
                hashes=hashes,
            )
        ],
        properties=[Property(name="vigie:use", value=package.use.value), *marker],
    )


def _model() -> Component:
    return Component(
        name=MODEL.relative_to(ROOT).as_posix(),
        type=ComponentType.MACHINE_LEARNING_MODEL,
        scope=ComponentScope.REQUIRED,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=hashlib.sha256(MODEL.read_bytes()).hexdigest())],
        licenses=[LicenseExpression("Apache-2.0")],
        bom_ref="sentiment-model",
    )


def _requirements(package: Pinned) -> Sequence[str]:
    try:
        return [each for each in requires(package.name) or [] if not _EXTRA.search(each)]
    except PackageNotFoundError:
        return []


def _among(named: Mapping[str, list[Component]], requirements: Iterable[str]) -> list[Component]:
    """Those of the pinned packages that are asked for, in all their versions: which of them is the marker's to say."""
    names = {canonicalize_name(Requirement(each).name) for each in requirements}
    return [component for name in sorted(names) for component in named.get(name, [])]


def _stable(document: dict[str, Any]) -> str:
    """Take out what differs from one making to the next."""
    document["metadata"].pop("timestamp", None)
    document.pop("serialNumber", None)
    document["serialNumber"] = f"urn:uuid:{uuid5(NAMESPACE_URL, json.dumps(document, sort_keys=True))}"
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
