"""What the projector does with a batch, in Python: the same rows in the same tables."""

import json
import os
import time
from datetime import datetime

import psycopg

TOPIC = os.environ["BENCH_TOPIC"]
SERVERS = os.environ["BENCH_BOOTSTRAP_SERVERS"]
EVENTS = int(os.environ["BENCH_EVENTS"])


def connect():
    schema = os.environ["BENCH_SCHEMA"]
    return psycopg.connect(
        os.environ["BENCH_DATABASE_URL"], options=f"-c search_path={schema}", autocommit=False
    )


class Progress:
    """Counts events and the time from the first message to the last commit."""

    def __init__(self):
        self.events = 0
        self.start = None
        self.seconds = 0.0

    def begin(self):
        if self.start is None:
            self.start = time.monotonic()

    def committed(self, count):
        self.events += count
        self.seconds = time.monotonic() - self.start

    @property
    def is_done(self):
        return self.events >= EVENTS

    def say(self):
        print(json.dumps({"events": self.events, "seconds": self.seconds}))


def direction(event):
    if event["toCategory"] == "lost":
        return "lost"
    if event["toCategory"] == "won" or event["toPosition"] > event["fromPosition"]:
        return "advance"
    return "back"


def apply(connection, messages, offsets):
    """Messages as (event id, type, data); offsets by partition. One transaction."""
    with connection.cursor() as cursor:
        ids = sorted({data["opportunityId"] for _, _, data in messages})
        cursor.execute(
            "SELECT opportunity_id::text, epoch, sequence, stage, category, entered_at,"
            " entered_sequence, owner, team, currency, amount_minor FROM current_stage"
            " WHERE opportunity_id = ANY(%s::uuid[])",
            (ids,),
        )
        names = (
            "epoch", "sequence", "stage", "category", "entered_at", "entered_sequence", "owner",
            "team", "currency", "minor",
        )
        current = {row[0]: dict(zip(names, row[1:])) for row in cursor}
        new = insert_facts(cursor, messages)
        visits, totals = {}, {}
        rows = {}
        for event_id, kind, data in messages:
            key = (data["opportunityId"], data["epoch"], data["sequence"])
            if key not in new:
                continue
            fold(data, kind, current, rows, visits, totals)
        write(cursor, rows, visits, totals)
        cursor.executemany(
            "INSERT INTO offsets VALUES (%s, %s) ON CONFLICT (partition)"
            " DO UPDATE SET next_offset = excluded.next_offset",
            list(offsets.items()),
        )
    connection.commit()


def insert_facts(cursor, messages):
    columns = list(
        zip(
            *(
                (
                    data["opportunityId"], data["epoch"], data["sequence"], event_id, kind,
                    data["pipeline"], data.get("from"), data.get("to"),
                    direction(data) if "from" in data else None, data.get("owner"),
                    data.get("team"), (data.get("amount") or {}).get("minor"),
                    (data.get("amount") or {}).get("currency"), data["occurredAt"],
                    data["recordedAt"], False, data.get("toCategory"), data.get("toPosition"),
                )
                for event_id, kind, data in messages
            )
        )
    )
    cursor.execute(
        "INSERT INTO applied_events (opportunity_id, epoch, sequence, event_id, type, pipeline,"
        " from_stage, to_stage, direction, owner, team, amount_minor, currency, occurred_at,"
        " recorded_at, entry_unknown, to_category, to_position)"
        " SELECT * FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::uuid[], %s::text[],"
        " %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[],"
        " %s::text[], %s::timestamptz[], %s::timestamptz[], %s::bool[], %s::text[], %s::int[])"
        " ON CONFLICT DO NOTHING RETURNING opportunity_id::text, epoch, sequence",
        [list(column) for column in columns],
    )
    return set(cursor.fetchall())


def fold(data, kind, current, rows, visits, totals):
    deal = data["opportunityId"]
    at = datetime.fromisoformat(data["occurredAt"])
    row = current.get(deal)
    if row is not None and data.get("from"):
        visits[(deal, row["entered_sequence"])] = (
            row["stage"], row["category"], row["entered_at"], at, data["sequence"], data["to"],
            direction(data),
        )
        total = total_of(totals, data["pipeline"], row)
        total[{"advance": 3, "back": 4, "lost": 5}[direction(data)]] += 1
        total[7] += 1
        total[8] += max(0, int((at - row["entered_at"]).total_seconds()))
    if row is not None:
        stand(totals, data["pipeline"], row, -1)
    old = rows.get(deal, {})
    amount = data.get("amount") or {}
    current[deal] = row = {
        "epoch": data["epoch"], "sequence": data["sequence"], "stage": data["to"],
        "category": data["toCategory"], "entered_at": at, "entered_sequence": data["sequence"],
        "owner": data.get("owner"), "team": data.get("team"), "currency": amount.get("currency"),
        "minor": amount.get("minor"),
    }
    stand(totals, data["pipeline"], row, 1)
    if data.get("to"):
        visits[(deal, data["sequence"])] = (
            data["to"], data["toCategory"], at, None, None, None, None,
        )
        total_of(totals, data["pipeline"], row)[2] += 1
    rows[deal] = {
        **row, "pipeline": data["pipeline"], "version": data["pipelineVersion"],
        "position": data["toPosition"], "amount": amount,
        "name": data.get("name", old.get("name")),
        "account": (data.get("account") or {}).get("name", old.get("account")),
        "due": data.get("followUpDueAt"), "benchmark": data.get("benchmarkDays"),
    }


def total_of(totals, pipeline, row):
    key = (
        pipeline, row["stage"], row["owner"] or "", row["team"] or "", row["currency"] or "",
    )
    return totals.setdefault(key, [0] * 9)


def stand(totals, pipeline, row, times):
    total = total_of(totals, pipeline, row)
    total[0] += times
    total[1] += times * (row["minor"] or 0)


def write(cursor, rows, visits, totals):
    ordered = sorted(rows.items())
    cursor.execute(
        "INSERT INTO current_stage AS old (opportunity_id, epoch, sequence, pipeline,"
        " pipeline_version, stage, category, position, owner, team, amount_minor, currency, name,"
        " account, entered_at, entered_sequence, follow_up_due_at, benchmark_days, occurred_at)"
        " SELECT * FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::text[], %s::int[],"
        " %s::text[], %s::text[], %s::int[], %s::text[], %s::text[], %s::bigint[], %s::text[],"
        " %s::text[], %s::text[], %s::timestamptz[], %s::bigint[], %s::timestamptz[],"
        " %s::float8[], %s::timestamptz[])"
        " ON CONFLICT (opportunity_id) DO UPDATE SET epoch = excluded.epoch,"
        " sequence = excluded.sequence, pipeline_version = excluded.pipeline_version,"
        " stage = excluded.stage, category = excluded.category, position = excluded.position,"
        " owner = excluded.owner, team = excluded.team, amount_minor = excluded.amount_minor,"
        " currency = excluded.currency, name = coalesce(excluded.name, old.name),"
        " account = coalesce(excluded.account, old.account), entered_at = excluded.entered_at,"
        " entered_sequence = excluded.entered_sequence,"
        " follow_up_due_at = excluded.follow_up_due_at, benchmark_days = excluded.benchmark_days,"
        " occurred_at = excluded.occurred_at"
        " WHERE (old.epoch, old.sequence) < (excluded.epoch, excluded.sequence)",
        [
            [deal for deal, _ in ordered],
            *(
                [pick(row) for _, row in ordered]
                for pick in (
                    lambda r: r["epoch"], lambda r: r["sequence"], lambda r: r["pipeline"],
                    lambda r: r["version"], lambda r: r["stage"], lambda r: r["category"],
                    lambda r: r["position"], lambda r: r["owner"], lambda r: r["team"],
                    lambda r: r["amount"].get("minor"), lambda r: r["amount"].get("currency"),
                    lambda r: r["name"], lambda r: r["account"], lambda r: r["entered_at"],
                    lambda r: r["entered_sequence"], lambda r: r["due"],
                    lambda r: r["benchmark"], lambda r: r["entered_at"],
                )
            ),
        ],
    )
    stays = sorted(visits.items())
    cursor.execute(
        "INSERT INTO visits AS old (opportunity_id, entered_sequence, pipeline, stage, category,"
        " entered_at, left_at, left_sequence, left_to, direction)"
        " SELECT i, s, 'general', t, c, e, l, q, x, d FROM unnest(%s::uuid[], %s::bigint[],"
        " %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::bigint[], %s::text[],"
        " %s::text[]) AS new (i, s, t, c, e, l, q, x, d)"
        " ON CONFLICT (opportunity_id, entered_sequence) DO UPDATE SET left_at = excluded.left_at,"
        " left_sequence = excluded.left_sequence, left_to = excluded.left_to,"
        " direction = excluded.direction",
        [[key[0] for key, _ in stays], [key[1] for key, _ in stays]]
        + [[value[n] for _, value in stays] for n in range(7)],
    )
    sums = sorted(totals.items())
    cursor.execute(
        "INSERT INTO stage_totals AS old (shard, pipeline, stage, owner, team, currency, deals,"
        " amount_minor, entered, advanced, back, lost, reopened, ended_known, dwell_seconds)"
        " SELECT 0, * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[],"
        " %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],"
        " %s::bigint[], %s::bigint[], %s::bigint[])"
        " ON CONFLICT (id) DO UPDATE SET deals = old.deals + excluded.deals,"
        " amount_minor = old.amount_minor + excluded.amount_minor,"
        " entered = old.entered + excluded.entered, advanced = old.advanced + excluded.advanced,"
        " back = old.back + excluded.back, lost = old.lost + excluded.lost,"
        " reopened = old.reopened + excluded.reopened,"
        " ended_known = old.ended_known + excluded.ended_known,"
        " dwell_seconds = old.dwell_seconds + excluded.dwell_seconds",
        [[key[n] for key, _ in sums] for n in range(5)]
        + [[value[n] for _, value in sums] for n in range(9)],
    )


def decode(headers, value):
    """The event's id, its type and its data."""
    named = dict(headers)
    return named["ce_id"].decode(), named["ce_type"].decode(), json.loads(value)
