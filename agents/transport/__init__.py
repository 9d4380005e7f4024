"""ADR: one Faust event for each fetched batch of records (URL scheme ``batch://``).

Faust spends 200 to 700 µs of CPU on each event before an agent sees it. Vigie needs tens of thousands
of tweets a second on a core, so what a fetch returns for one partition travels through Faust as ONE
message whose value is a :class:`RecordBatch`. Faust keeps what it is good at: application and worker
life cycle, consumer groups, rebalancing, tables with changelogs and recovery, timers, web views.

The driver is found by Faust through the ``faust.transports`` entry points and subclasses its aiokafka
driver. It differs in seven ways, each stated beside its code:

- the consumer hands out batches for :class:`BatchTopic` topics (everything else stays stock);
- all that a fetch brings is taken at once, and unpacked here;
- a stream that has enough to do is waited for, where stock Faust looks again after a second;
- an offset is committed only when the agent has called :meth:`RecordBatch.complete`;
- a rebalance commits what was completed before partitions leave;
- the producer writes whole batches, each partition's one after the other, and everything is awaited: what
  Faust's own flush would leave behind (it gives up on its buffer after 100 ms) is never in that buffer;
- a partition ends where a fetch says it ends.
"""

from agents.transport.batch import BatchTopic, RecordBatch
from agents.transport.consumer import BatchConsumer
from agents.transport.driver import Transport
from agents.transport.ends import end_offsets
from agents.transport.ledger import OffsetLedger
from agents.transport.producer import BatchProducer, OutRecord, PublishError

__all__ = [
    "BatchConsumer",
    "BatchProducer",
    "BatchTopic",
    "OffsetLedger",
    "OutRecord",
    "PublishError",
    "RecordBatch",
    "Transport",
    "end_offsets",
]
