"""The page about speed: what a bench measured, drawn and told."""

from tests.bench.report.page import run

__all__ = ["run"]
