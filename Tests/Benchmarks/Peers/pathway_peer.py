"""Pathway reads the topic; a subscriber writes what came in each of its steps in one transaction."""

import os
import sys

import pathway as pw

import projection

progress = projection.Progress()
connection = projection.connect()
waiting = []


def flush():
    while waiting:
        part, rest = waiting[:2_000], waiting[2_000:]
        waiting[:] = rest
        offsets = {}
        for _, _, _, partition, offset in part:
            offsets[partition] = max(offset + 1, offsets.get(partition, 0))
        projection.apply(connection, [(i, k, d) for i, k, d, _, _ in part], offsets)
        progress.committed(len(part))
    if progress.is_done:
        progress.say()
        sys.stdout.flush()
        os._exit(0)


def on_change(key, row, time, is_addition):
    progress.begin()
    import json

    metadata = row["_metadata"].as_dict()
    data = json.loads(row["data"])
    kind = (
        "sluice.stage-moved.v1" if "from" in data else "sluice.opportunity-created.v1"
    )
    # Pathway hands over no headers: the event's identity is taken from what it does hand over.
    identity = f"{metadata['partition']:08x}-0000-7000-8000-{metadata['offset']:012x}"
    waiting.append((identity, kind, data, metadata["partition"], metadata["offset"]))


messages = pw.io.kafka.read(
    {
        "bootstrap.servers": projection.SERVERS,
        "group.id": "bench-pathway",
        "auto.offset.reset": "earliest",
    },
    topic=projection.TOPIC,
    format="raw",
    with_metadata=True,
    autocommit_duration_ms=100,
)
pw.io.subscribe(messages, on_change=on_change, on_time_end=lambda time: flush())
pw.run(monitoring_level=pw.MonitoringLevel.NONE)
