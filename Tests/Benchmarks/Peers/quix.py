"""quixstreams with a sink that writes each of its batches in one transaction."""

from quixstreams import Application
from quixstreams.sinks import BatchingSink

import projection

progress = projection.Progress()


class ProjectionSink(BatchingSink):
    def __init__(self):
        super().__init__()
        self.connection = projection.connect()

    def write(self, batch):
        for part in batch.iter_chunks(n=2_000):
            items = list(part)
            messages = [projection.decode(item.headers, item.value) for item in items]
            projection.apply(
                self.connection, messages, {batch.partition: items[-1].offset + 1}
            )
            progress.committed(len(messages))
            if progress.is_done:
                application.stop()


application = Application(
    broker_address=projection.SERVERS,
    consumer_group="bench-quix",
    auto_offset_reset="earliest",
    commit_every=10_000,
    loglevel="ERROR",
    consumer_extra_config={"queued.min.messages": 100_000},
)


def begin(value):
    progress.begin()
    return value


topic = application.topic(
    projection.TOPIC, key_deserializer="bytes", value_deserializer="bytes"
)
application.dataframe(topic).apply(begin).sink(ProjectionSink())
application.run()
progress.say()
