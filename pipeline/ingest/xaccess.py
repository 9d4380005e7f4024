"""What each way of paying for X's API allows, in one table.

ADR: these are X's numbers, and change when X changes its offers; options of the command win over them. Looked up in
2026: https://docs.x.com/x-api/posts/filtered-stream/introduction (rules, their length, connections),
https://docs.x.com/x-api/fundamentals/rate-limits (requests, and that Basic has no filtered stream) and
https://docs.x.com/x-api/fundamentals/recovery-and-redundancy (backfill and redundant connections). "Pro" is also what
X calls pay-per-use: the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["ACCESS", "RULE_DELAY_S", "Access"]

RULE_DELAY_S = 20
"""So many seconds after X has taken a rule, posts come by it, as a rule; it may take longer.
https://docs.x.com/x-api/posts/filtered-stream/integrate/matching-returned-tweets"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What an access level allows of the filtered stream."""

    rules: int
    """Rules at the same time, those of others on the same project included; 0 when there is no filtered stream."""
    rule_chars: int
    """Characters of a rule, spaces and operators included."""
    connections: int
    """Connections to the stream at the same time."""
    backfill_minutes: int
    """How far back a new connection may begin; 0 when it may not."""


ACCESS: Mapping[str, Access] = MappingProxyType(
    {
        "basic": Access(rules=0, rule_chars=512, connections=0, backfill_minutes=0),
        "pro": Access(rules=1_000, rule_chars=1_024, connections=1, backfill_minutes=0),
        "enterprise": Access(rules=25_000, rule_chars=2_048, connections=2, backfill_minutes=5),
    }
)
"""By the name in the setting ``x_access``."""
