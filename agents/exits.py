"""Exit codes of every command, after BSD's sysexits so that supervisors can tell what to retry."""

from __future__ import annotations

__all__ = ["BAD_INPUT", "BUG", "CONFIG", "FAILED", "NO_INPUT", "OK", "STUCK", "UNAVAILABLE", "USAGE", "WRITES_REFUSED"]

OK = 0
FAILED = 1
"""A check found something wrong (doctor, config check)."""
USAGE = 64
"""The command line is wrong."""
BAD_INPUT = 65
"""The input is not what was expected; for a worker: so much of it that a bad deploy is likelier. Not worth a retry."""
NO_INPUT = 66
"""The input cannot be read."""
UNAVAILABLE = 69
"""No broker, or something else we need is not there. Worth a retry."""
BUG = 70
"""Our own code failed. The batch stays unacked and is read again."""
STUCK = 71
"""There was work and nothing moved; standard error holds the stacks. Worth a retry."""
WRITES_REFUSED = 75
"""The broker refused writes for too long. Worth a retry."""
CONFIG = 78
"""Settings, watchlist or topics are wrong. Not worth a retry."""
