"""Gaps that were recorded already, where several streams of a source may miss the same time."""

from __future__ import annotations

from pipeline.ingest.coverage import Missing

__all__ = ["Recorded"]

_MOST = 64


class Recorded:
    """The union of recorded gaps. Mutable; bounded: of the oldest it may forget that they were recorded.

    Examples
    --------
    >>> recorded = Recorded()
    >>> recorded.new(Missing(10, 20)), recorded.new(Missing(12, 18))
    ([Missing(start_ms=10, end_ms=20)], [])
    >>> recorded.new(Missing(5, 30))
    [Missing(start_ms=5, end_ms=10), Missing(start_ms=20, end_ms=30)]
    """

    __slots__ = ("_gaps",)

    def __init__(self) -> None:
        self._gaps: list[Missing] = []

    def new(self, missing: Missing) -> list[Missing]:
        """Return what of a gap is not recorded yet, in order, and take it for recorded."""
        start_ms, parts = missing.start_ms, []
        for known in self._gaps:
            if known.end_ms <= start_ms or known.start_ms >= missing.end_ms:
                continue
            if known.start_ms > start_ms:
                parts.append(Missing(start_ms, known.start_ms))
            start_ms = max(start_ms, known.end_ms)
        if start_ms < missing.end_ms:
            parts.append(Missing(start_ms, missing.end_ms))
        if parts:
            self._gaps = _united([*self._gaps, *parts])[-_MOST:]
        return parts

    def cut(self, at_ms: int) -> None:
        """Forget what lies after a time: it was recorded when that was thought to be over, and was not.

        >>> recorded = Recorded()
        >>> _ = recorded.new(Missing(10, 90))
        >>> recorded.cut(30)
        >>> recorded.new(Missing(20, 40))
        [Missing(start_ms=30, end_ms=40)]
        """
        self._gaps = [Missing(gap.start_ms, min(gap.end_ms, at_ms)) for gap in self._gaps if gap.start_ms < at_ms]


def _united(gaps: list[Missing]) -> list[Missing]:
    united: list[Missing] = []
    for gap in sorted(gaps, key=lambda each: each.start_ms):
        if united and gap.start_ms <= united[-1].end_ms:
            united[-1] = Missing(united[-1].start_ms, max(united[-1].end_ms, gap.end_ms))
        else:
            united.append(gap)
    return united
