"""Notices that came among the tweets, as enrich passes them on."""

from __future__ import annotations

from collections.abc import Iterable

from agents.transport import OutRecord
from pipeline.formats import ComplianceNotice, Parsed
from pipeline.postid import X
from pipeline.records import LogRecord
from schemas.codec import encode

__all__ = ["compliance_records"]


def compliance_records(found: Iterable[tuple[LogRecord, Parsed]]) -> list[OutRecord]:
    """Return the records for the compliance topic.

    A record that holds notices and nothing else goes there as it came. Of any other, what is not a notice may be a
    post with its text, which that topic would keep for too long: its notices are put into a form of X's anew.
    """
    records: list[OutRecord] = []
    for record, parsed in found:
        if parsed.tweets or parsed.rejects:
            records += [OutRecord(record.key, _restated(notice)) for notice in parsed.compliance]
        else:
            headers = [(name, value or b"") for name, value in record.headers]
            records.append(OutRecord(record.key, record.value, headers))
    return records


def _restated(notice: ComplianceNotice) -> bytes:
    message: dict[str, object] = {} if notice.platform == X else {"platform": notice.platform}
    if notice.tweet_id is not None:
        message["tweet"] = {"id": notice.tweet_id}
    if notice.user_id is not None:
        message["user"] = {"id": notice.user_id}
    if notice.earlier_ids:
        message["edit_tweet_ids"] = notice.earlier_ids
    if notice.time_ms is not None:
        message["timestamp_ms"] = str(notice.time_ms)
    return encode({notice.kind.value: message})
