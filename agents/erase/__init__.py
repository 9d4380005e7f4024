"""The erase agent: compliance notices in, until no event of a crisis names what must be named no more.

ADR: a closed loop
------------------
A post that was deleted must go from two places: the state of track, which names it, and ``vigie.crises``, which is kept
for a year. A notice that somebody has acted upon is not the same as a post that is gone, so a notice's offset is
committed when it is proven, and not before:

1. Notices are parsed, and what they ask is broadcast to every partition of the mentions (`agents.erase.intake`). Track
   drops what it knows of these posts.
2. `vigie.crises` is read through (`agents.erase.sweep`). An event that names such a post is published again without it,
   under its own key and to its own partition; compaction removes the version before. Events are looked at as bytes
   first, and read only when a number or a string in them is one of those that are looked for.
3. A notice is proven by a sweep that began after track had committed all that came before its broadcast, and a little
   more, and that found none of its posts in any version of an event that the topic still holds.

Whatever dies in between is begun anew from the committed offset: a broadcast that is repeated changes nothing, and a
sweep begins at the beginning. Kafka closes a segment only when something is appended after its time, and compacts
closed segments only; so where older versions are still there, every sweep appends one event of that partition again.

The compliance topic has one partition, so one worker at a time sweeps, and no two publish versions of one event against
each other. A second worker takes over when the first is gone.

The embedded broker compacts nothing: there the newest version of an event is what counts. It is told from Kafka by
having no idempotent producers.
"""
