"""A plain consumer: confluent-kafka, psycopg, one transaction per batch."""

from confluent_kafka import Consumer

import projection


def main():
    connection = projection.connect()
    consumer = Consumer(
        {
            "bootstrap.servers": projection.SERVERS,
            "group.id": "bench-plain",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "queued.min.messages": 100_000,
        }
    )
    consumer.subscribe([projection.TOPIC])
    progress = projection.Progress()
    while not progress.is_done:
        batch = consumer.consume(2_000, timeout=0.2)
        if not batch:
            continue
        progress.begin()
        messages = [projection.decode(m.headers(), m.value()) for m in batch]
        offsets = {m.partition(): m.offset() + 1 for m in batch}
        projection.apply(connection, messages, offsets)
        progress.committed(len(messages))
    consumer.close()
    progress.say()


main()
