"""``make eval``: every evaluation, and one page about what came out."""
