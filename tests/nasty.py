"""Random sources full of what goes wrong: a seed gives always the same sites, runs and items."""

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from .cases import AS_OF, KEYS, MICROSECOND, Row, items, make_source, site

GOOD_NUMBERS = [
    0,
    0,
    1,
    2,
    3,
    5,
    8,
    10,
    12,
    20,
    40,
    100,
    240,
    0.5,
    2.675,
    1.0000005,
    "7",
    " 4.5e1 ",
    "+3.",
    ".25",
]
ODD_NUMBERS = [
    None,
    -1,
    "-2.5",
    -0.0,
    True,
    False,
    {},
    [1],
    "",
    " ",
    "x",
    "1e",
    "0x10",
    "1_000",
    "\u0661",
    10**12,
    88_888_888.5,
    "1e400",
    "-1e400",
    "1e-400",
    10**30,
    "12 3",
    "\u00a05",
]
GOOD_TIMES = ["00:00:09", "00:10:00", "1:02:03", "25:00:59", "999999:59:59"]
ODD_TIMES = [
    None,
    "",
    "10:00",
    "00:60:00",
    "00:00:61",
    90,
    True,
    [],
    "-1:00:00",
    "1234567:00:00",
    " 00:01:00",
]
ERRORS = [
    "No model left",
    " spaced ",
    "<b>&\"'",
    "",
    " \t\r\n",
    None,
    0,
    False,
    404,
    {"code": 1},
    ["e"],
    "\u2028",
]
UNKNOWN_KEYS = [
    "tokens",
    "CREDITS_USED",
    "",
    "clusters_created",
    "content_created",
    "ümläut",
    "a.b",
    'x"y',
    "stage",
]
BROKEN_RESULTS = [
    "",
    "{",
    "[1, 2]",
    "7",
    '"text"',
    "true",
    '{"credits_used": 1',
    "{'a': 1}",
    "{} {}",
    "nul",
    "[]",
]
LITERALS = ["NaN", "Infinity", "-Infinity"]
STATUSES = ["completed"] * 9 + ["failed"] * 2 + ["running", "paused", "cancelled", "queued", "Completed", ""]
TRIGGERS = ["manual"] * 4 + ["scheduled", "webhook", "", "Manual"]
CREDITS = [
    0,
    1,
    30,
    100,
    105,
    120,
    120.5,
    79.5,
    95,
    0.000001,
    12.3456789,
    "45",
    -1,
    None,
    "abc",
    10**12,
    99999999,
]
EDGES = [timedelta(0), timedelta(hours=24), timedelta(days=7), timedelta(days=30)]
TEXTS = {
    "keywords": ["new", "new", "mapped", "pending", "active", "archived", "New", "lost"],
    "clusters": ["new", "new", "mapped", "active", "pending", "archived", "queued"],
    "content_ideas": ["new", "queued", "completed", "skipped", "scheduled", "published", "draft"],
    "tasks": ["queued", "queued", "completed", "pending", "in_progress", "cancelled", "failed", " queued"],
    "content": ["draft", "draft", "review", "approved", "published", "failed", "scheduled", "é", "z"],
    "images": ["pending", "pending", "generated", "failed", "published"],
}
SITE_STATUSES = [None, "not_published", "scheduled", "publishing", "published", "failed", "draft", ""]
ACCOUNTS = [1, 1, 2, 3, 4, 5, 6, 7, 8, None]  # 8 has no row
FLAGS = [0, 0, 1, None, "t", "F", "TRUE", "false", "no", "", 2]
SIGNED_NUMBERS = [None, 0, 1, 20, 25, 600, 5000, 0.5, 2.675, -1, -20.25, "45", " 4.5e1 ", "+3.", "-.25"]
ODD_SIGNED = ["x", "", "1e", "0x10", 10**12, "1e400", "-1e400", "12 3", "1e-400", "-0"]
TIMES_OF_DAY = [None, "02:00", "2:00", "02:00:00", "23:59:59.50", "24:00", "02:60", "noon", ""]
LIMITED = ("keywords", "clusters", "ideas", "tasks", "content", "images", "approvals")
DOMAINS = [
    None,
    "",
    "a.example",
    "https://www.B.example/",
    "HTTP://c.example/path/",
    "www.d.example",
    "x<y>.example",
]


def nasty_source(path: Path, seed: int, sites: int = 40) -> Path:
    """Writes a source of some sites; the last of them has runs and items, but no row of its own."""
    dice = random.Random(seed)
    site_rows = [
        site(site_id, dice.choice(DOMAINS), dice.choice(["One", "Two & Co", "<i>Three</i>", "山"]))
        | {"tenant_id": dice.choice(ACCOUNTS), "is_deleted": dice.choice(FLAGS)}
        | (
            {"tenant_id": "seven", "is_active": dice.choice(FLAGS), "created_at": "soon"}
            if site_id % 9 == 0
            else {}
        )
        for site_id in range(1, sites)
    ]
    runs: list[Row] = []
    item_rows: list[Row] = []
    for site_id in range(1, sites + 1):
        count = dice.choice([0, 1, 3, 6, 12, 25])
        for number in range(1, count + 1):
            runs.append(nasty_run(dice, site_id, site_id * 1000 + number))
        item_rows += nasty_items(dice, site_id)
    dice.shuffle(runs)
    others = {
        "igny8_tenants": nasty_accounts(dice),
        "igny8_plans": [{"id": n, "name": f"Plan {n}", "included_credits": signed(dice)} for n in (1, 2)],
        "igny8_automation_configs": nasty_settings(dice, sites + 3),
        "igny8_credit_usage_log": nasty_calls(dice, sites + 4),
        "igny8_credit_transactions": [
            {"tenant_id": dice.choice(ACCOUNTS), "transaction_type": dice.choice(["purchase", "usage", None]),
             "amount": signed(dice), "created_at": day_of(dice)}
            for _ in range(40)
        ],
    }  # fmt: skip
    return make_source(path, site_rows, runs, item_rows, others)


def signed(dice: random.Random) -> Any:
    return dice.choice(SIGNED_NUMBERS if dice.random() < 0.9 else ODD_SIGNED)


def day_of(dice: random.Random) -> str:
    """A time around the ends of months, spelled in some way."""
    midnight = datetime(2025, dice.randrange(10, 13), 1, tzinfo=UTC) + timedelta(days=dice.randrange(60))
    return spelled(dice, midnight + dice.choice([-MICROSECOND, MICROSECOND * 0, timedelta(hours=9)]))


def nasty_accounts(dice: random.Random) -> list[Row]:
    return [
        {"id": n, "name": f"Account {n}", "status": dice.choice(["active", None]), "credits": signed(dice),
         "bonus_credits": signed(dice), "plan_id": dice.choice([None, 1, 2, 9, "two"]),
         "created_at": dice.choice([None, "soon", day_of(dice)]),
         "is_deleted": dice.choice(FLAGS)}
        for n in range(2, 8)
    ]  # fmt: skip


def nasty_settings(dice: random.Random, sites: int) -> list[Row]:
    """Settings of most sites, of some twice, and of some that nothing else names."""
    rows: list[Row] = []
    for site_id in range(1, sites + 1):
        for _ in range(dice.choice([0, 1, 1, 2])):
            row: Row = {"id": len(rows) + 1, "site_id": site_id, "is_enabled": dice.choice(FLAGS),
                        "frequency": dice.choice(["daily", "weekly", "sometimes", "", None]),
                        "scheduled_time": dice.choice(TIMES_OF_DAY),
                        "last_run_at": dice.choice([None, "soon", day_of(dice)]), "next_run_at": day_of(dice),
                        "max_credits_per_run": signed(dice)}  # fmt: skip
            row |= {f"stage_{n}_enabled": dice.choice(FLAGS) for n in KEYS if dice.random() < 0.9}
            row |= {f"stage_{n}_batch_size": signed(dice) for n in list(KEYS)[:6] if dice.random() < 0.9}
            row |= {f"max_{what}_per_run": signed(dice) for what in LIMITED if dice.random() < 0.9}
            rows.append(row)
    dice.shuffle(rows)
    return rows


def nasty_calls(dice: random.Random, sites: int) -> list[Row]:
    return [
        {"tenant_id": dice.choice(ACCOUNTS), "site_id": dice.choice([None, dice.randrange(1, sites + 1)]),
         "operation_type": dice.choice(["writing", "images", "", None]), "credits_used": signed(dice),
         "cost_usd": dice.choice([None, 0.25, 3, "0.5", "free"]), "tokens_input": dice.choice([None, 0, 1500, "many"]),
         "tokens_output": dice.choice([None, 7, ""]), "created_at": day_of(dice)}
        for _ in range(150)
    ]  # fmt: skip


def moment(dice: random.Random) -> datetime:
    """Within the last weeks: often on the hour, so that runs tie, sometimes at the edge of a window."""
    if dice.random() < 0.15:
        return AS_OF - dice.choice(EDGES) + dice.choice([-1, 0, 1]) * MICROSECOND
    hours = dice.choice([36, 200, 40 * 24])
    return AS_OF.replace(minute=0, second=0, microsecond=0) - timedelta(hours=dice.randrange(hours))


def spelled(dice: random.Random, when: datetime) -> str:
    """A timestamp as some copy might write it."""
    offset = dice.choice([0, 0, 0, 330, -240])
    text = (when + timedelta(minutes=offset)).replace(tzinfo=None).isoformat(dice.choice("T "))
    if offset:
        sign, minutes = "+-"[offset < 0], abs(offset)
        return f"{text}{sign}{minutes // 60:02}{dice.choice([':', ''])}{minutes % 60:02}"
    return text + dice.choice(["Z", "", "+00:00", "+00", " Z"])


def nasty_run(dice: random.Random, site_id: int, id: int) -> Row:
    start = moment(dice)
    end = start + dice.choice(
        [
            timedelta(minutes=dice.randrange(300)),
            timedelta(hours=1),
            timedelta(seconds=50.5),
            timedelta(0),
            timedelta(hours=31),
            timedelta(minutes=-5),
        ]
    )
    paused = start + timedelta(minutes=dice.choice([-1, 0, 5, 30]))
    status = dice.choice(STATUSES)
    is_ended = dice.random() < (0.97 if status == "completed" else 0.4)
    row: Row = {
        "id": id, "tenant_id": 1, "site_id": site_id,
        "run_id": f"run_{id if dice.random() < 0.9 else 'again'}",
        "trigger_type": dice.choice(TRIGGERS), "status": status,
        "current_stage": dice.choice([7, 7, 7, 4, 2, 1, 0, 8, -1]),
        "started_at": spelled(dice, start),
        "completed_at": spelled(dice, end) if is_ended else None,
        "paused_at": spelled(dice, paused) if dice.random() < 0.3 else None,
        "resumed_at": spelled(dice, paused + timedelta(minutes=dice.choice([-1, 0, 20, 90]))),
        "cancelled_at": spelled(dice, end) if status == "cancelled" and dice.random() < 0.7 else None,
        "total_credits_used": dice.choice(CREDITS),
        "initial_snapshot": nasty_snapshot(dice),
        "error_message": dice.choice([None, "", " \n", "Out of credits", "at {stage}: <b>"]),
    }  # fmt: skip
    if dice.random() < 0.05:
        row[dice.choice(["completed_at", "paused_at", "resumed_at"])] = dice.choice(
            ["soon", "", "2026-02-30 10:00", 5]
        )
    if dice.random() < 0.05:
        row |= dice.choice([{"tenant_id": "one"}, {"current_stage": "last"}, {"current_stage": 2.5}])
    results = {number: nasty_result(dice, number) for number in KEYS}
    if dice.random() < 0.4:  # credits that add up
        row["total_credits_used"] = sum(plain_credits(text) for text in results.values())
    return row | {f"stage_{number}_result": text for number, text in results.items()}


def plain_credits(text: str | None) -> float:
    try:
        credits = json.loads(text or "{}")["credits_used"]
    except (ValueError, KeyError, TypeError):
        return 0
    return credits if isinstance(credits, int | float) and 0 <= credits < 10**9 else 0


def number(dice: random.Random) -> Any:
    return dice.choice(GOOD_NUMBERS if dice.random() < 0.95 else ODD_NUMBERS)


def nasty_result(dice: random.Random, stage: int) -> str | None:
    shape = dice.random()
    if shape < 0.25:
        return dice.choice([None, "{}", " {} "])
    if shape < 0.28:
        return dice.choice(BROKEN_RESULTS)
    result: dict[str, Any] = {
        key: number(dice) for key in (*KEYS[stage], "credits_used") if key and dice.random() < 0.9
    }
    if dice.random() < 0.7:
        result["time_elapsed"] = dice.choice(GOOD_TIMES if dice.random() < 0.9 else ODD_TIMES)
    if dice.random() < 0.15:
        result["error"] = dice.choice(ERRORS)
    for key in ("batches", "total_words", "skipped", "partial", "reason"):
        if dice.random() < 0.1:
            result[key] = number(dice)
    if dice.random() < 0.05:
        result[dice.choice(UNKNOWN_KEYS)] = number(dice)
    parts = [
        f"{json.dumps(key, ensure_ascii=dice.random() < 0.5)}: {json.dumps(value)}"
        for key, value in result.items()
    ]
    if parts and dice.random() < 0.03:  # a key twice
        parts.append(f'"credits_used": {json.dumps(number(dice))}')
    if dice.random() < 0.02:
        parts.append(f'"credits_used": {dice.choice(LITERALS)}')
    dice.shuffle(parts)
    return "{" + ", ".join(parts) + "}"


def nasty_snapshot(dice: random.Random) -> str | None:
    shape = dice.random()
    if shape < 0.3:
        return None
    if shape < 0.35:
        return dice.choice(["{", "", "nul"])
    counts = {f"stage_{stage}_initial": number(dice) for stage in KEYS if dice.random() < 0.9}
    return json.dumps(counts | {"total_initial_items": dice.randrange(50)})


def item_flag(dice: random.Random) -> Any:
    return dice.choice([0, 0, 0, 1, None]) if dice.random() < 0.9 else dice.choice([*FLAGS, "maybe", " yes "])


def nasty_items(dice: random.Random, site_id: int) -> list[Row]:
    rows: list[Row] = []
    for entity, statuses in TEXTS.items():
        for position in range(dice.choice([0, 0, 3, 12])):
            columns: Row = {"is_deleted": item_flag(dice), "site_id": site_id}
            if entity in ("keywords", "clusters", "content_ideas"):
                columns["disabled"] = item_flag(dice)
            if entity == "keywords":
                columns["cluster_id"] = dice.choice([None, 5])
            if entity == "content":
                columns |= {"id": site_id * 1000 + position, "site_status": dice.choice(SITE_STATUSES)}
            if entity == "images":
                columns["content_id"] = dice.choice([None, site_id * 1000 + dice.randrange(12)])
            rows += items(entity, dice.choice(statuses), **columns)
    return rows
