"""The way in: sources outside, a journal on disk, Kafka.

ADR: one path for everything. A source puts posts into its `Outlet`; they are in the journal before that returns
(`journal`, `queue`, `segments`); `delivery` takes them from there to Kafka, where all replicas in sync acknowledge
them; then they are deleted. A post counts as stored when Kafka has acknowledged it, and not before. A source never
waits for Kafka, and a Kafka that is away is bridged by the same journal that is always used, so that the way which is
needed in an outage is the one that was used all day. kill -9 loses nothing that `put` returned for. What is sent twice
after it is dropped by enrich, by its ID: the key, so that both lie in one partition.

ADR: what is missing is part of the order. A gap is a record in every partition of tweets.raw, between the posts that
were before and after it; enrich tells every mentions partition of it before any later watermark of its own. What the
source cannot give any more is a gap of the source; what the journal could not take, or may not keep, is one of the
journal's. Posts put = stored + dropped + waiting, always, and all that is dropped lies in a gap.

ADR: a mark says up to when a source was heard out, and what it can go on from. Marks travel in the journal, behind what
they speak for, so whatever a crash or a torn write takes away, the mark that is left is true: the source asks again
for what came after it, or calls it missing. Nobody has to know how the last run ended.

ADR: times are the source's. This machine's clock may be wrong by hours, and a gap at the wrong hour would be worse than
none. Where the journal needs a time for what it drops it takes the source's last mark and counts on from there.
"""
