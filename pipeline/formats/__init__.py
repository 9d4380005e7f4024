"""Every real form of a tweet, read into one: `parse` takes the bytes of a raw record, whatever they are.

One module a form; `dispatch` tells them apart. To add a form, add its module and a branch there.
"""

from pipeline.formats.dispatch import parse
from pipeline.formats.outcome import ComplianceKind, ComplianceNotice, GapNotice, Parsed, Reject

__all__ = ["ComplianceKind", "ComplianceNotice", "GapNotice", "Parsed", "Reject", "parse"]
