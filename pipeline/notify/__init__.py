"""Who is told of a crisis, when, and in which words; pure. `agents/notify` does the telling."""
