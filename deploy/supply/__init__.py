"""What Vigie stands on: pinned packages, their licences, the bill of materials, known vulnerabilities.

``python -m deploy.supply`` writes deploy/licences.md and build/sbom.cdx.json; ``python -m deploy.supply.audit``
compares what is pinned with advisories.
"""
