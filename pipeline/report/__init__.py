"""The report: one page that a communications team reads after a run, made from windows and crisis events."""

from pipeline.report.page import build_report

__all__ = ["build_report"]
