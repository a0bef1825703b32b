"""Who is in the demo source: accounts, sites, and how each site works."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from igny8_analysis.etl.demo.values import Row, Schema, utc

AS_OF = utc("2026-03-01T12:00:00")
"""The instant at which the sample was taken."""

SEED = 8

PRIVATE_WORD = "eyesonly"
"""Stands in titles and names of items, which no load may copy."""


class DemoSite(IntEnum):
    """Site ids, named by what each site stands for."""

    BUSIEST = 101
    STEADY = 102
    CAPPED = 103
    SNAPSHOT_BOUND = 104
    HEAVY_TAILED = 105
    NO_RUNS = 106
    ONE_COMPLETED = 107
    TWO_COMPLETED = 108
    THREE_COMPLETED = 109
    TEN_COMPLETED = 110
    INACTIVE = 111
    ODD_VALUES = 112
    ODD_TIMES = 113
    HOSTILE = 114
    LIMITED = 115
    SWITCHED_OFF = 116
    BONUS_ONLY = 117
    DELETED = 118
    OF_DELETED_ACCOUNT = 119
    ODD_SETTINGS = 120


class DemoAccount(IntEnum):
    """Account ids, named by what each account stands for; those of before settings and pools have none of it."""

    BEFORE_POOLS = 7
    BEFORE_POOLS_TOO = 12
    SUSPENDED = 31
    BONUS_ONLY = 45
    BOTH_POOLS = 46
    DELETED = 47
    OVERDRAWN = 48


LIMITS = (40, 3, 24, 12, 12, 36, 12)
"""The most items that a run of `LIMITED` takes in, by stage."""


CANARIES: Mapping[int, str] = {
    DemoSite.BUSIEST: "Quillmere",
    DemoSite.STEADY: "Thornvale",
    DemoSite.CAPPED: "Vossbrim",
    DemoSite.SNAPSHOT_BOUND: "Larkspindle",
    DemoSite.HEAVY_TAILED: "Marrowgate",
    DemoSite.NO_RUNS: "Ospreyholt",
    DemoSite.ONE_COMPLETED: "Dunmorrow",
    DemoSite.TWO_COMPLETED: "Cindervane",
    DemoSite.THREE_COMPLETED: "Wexcombe",
    DemoSite.TEN_COMPLETED: "Fennwick",
    DemoSite.INACTIVE: "Gorsehaven",
    DemoSite.ODD_VALUES: "Bramblequay",
    DemoSite.ODD_TIMES: "Tidewick",
    DemoSite.HOSTILE: "Nettlefax",
    DemoSite.LIMITED: "Harrowfen",
    DemoSite.SWITCHED_OFF: "Kestrelby",
    DemoSite.BONUS_ONLY: "Yarmoor",
    DemoSite.DELETED: "Wyndlow",
    DemoSite.OF_DELETED_ACCOUNT: "Zennorgate",
    DemoSite.ODD_SETTINGS: "Ullsworth",
}
"""Site id → a word in its name and its error texts that no row of another site holds."""

ACCOUNT_OF: Mapping[int, int] = {
    DemoSite.BUSIEST: 7,
    DemoSite.STEADY: 7,
    DemoSite.CAPPED: 7,
    DemoSite.SNAPSHOT_BOUND: 12,
    DemoSite.HEAVY_TAILED: 12,
    DemoSite.NO_RUNS: 12,
    DemoSite.ONE_COMPLETED: 7,
    DemoSite.TWO_COMPLETED: 31,
    DemoSite.THREE_COMPLETED: 12,
    DemoSite.TEN_COMPLETED: 7,
    DemoSite.INACTIVE: 31,
    DemoSite.ODD_VALUES: 31,
    DemoSite.ODD_TIMES: 12,
    DemoSite.HOSTILE: 31,
    DemoSite.LIMITED: 46,
    DemoSite.SWITCHED_OFF: 46,
    DemoSite.BONUS_ONLY: 45,
    DemoSite.DELETED: 46,
    DemoSite.OF_DELETED_ACCOUNT: 47,
    DemoSite.ODD_SETTINGS: 46,
}
"""Site id → id of its account."""

LONG_NAME = f"{CANARIES[DemoSite.ODD_VALUES]} {'Wertpapierhandelsgesellschaft' * 8}"


@dataclass(frozen=True)
class Habits:
    """How a site works. Stage tuples have seven entries, for the stages 1 to 7."""

    first: datetime
    last: datetime
    runs: int
    keywords_per_day: float
    yields: tuple[float, ...] = (0.08, 8.0, 1.0, 1.0, 3.0, 0.97, 0.0)
    """Items made of one processed item."""
    caps: tuple[int | None, ...] = (None,) * 7
    """The most that one run processes."""
    flow: tuple[float, ...] = (0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
    """The share of what the stage before has made that the same run still processes."""
    token_price: float = 1.0
    """The site's price level since prices go by tokens."""
    dearer_since: datetime | None = None
    """From when on writing costs half as much again here."""
    spread: float = 0.08
    """Standard deviation of the logarithm of a stage's price and pace."""
    manual_share: float = 0.25
    script: tuple[str, ...] = ()
    """Outcomes of the runs, in order; beyond it they are drawn."""
    last_outcome: str = ""
    """Outcome of the last run, at `last`."""
    skipped_ideas: int = 2
    failed_content: int = 1


HABITS: Mapping[int, Habits] = {
    DemoSite.BUSIEST: Habits(
        first=utc("2025-02-17T02:00:00"),
        last=utc("2026-03-01T11:20:00"),
        runs=300,
        keywords_per_day=38,
        caps=(200, 12, None, 40, 40, 110, None),
        last_outcome="running",
    ),
    DemoSite.STEADY: Habits(
        first=utc("2025-03-03T02:00:00"),
        last=utc("2026-02-28T02:00:00"),
        runs=170,
        keywords_per_day=16,
        yields=(0.1, 6.0, 1.0, 1.0, 2.0, 1.0, 0.0),
        token_price=0.85,
        spread=0.04,
        skipped_ideas=0,
        failed_content=0,
    ),
    DemoSite.CAPPED: Habits(
        first=utc("2025-02-24T03:00:00"),
        last=utc("2026-02-28T03:00:00"),
        runs=140,
        keywords_per_day=15,
        yields=(0.07, 9.0, 1.0, 1.0, 3.0, 0.95, 0.0),
        caps=(50, 4, 30, 22, 22, 64, 25),
        dearer_since=utc("2026-01-25T00:00:00"),
    ),
    DemoSite.SNAPSHOT_BOUND: Habits(
        first=utc("2025-04-07T04:00:00"),
        last=utc("2026-02-27T04:00:00"),
        runs=130,
        keywords_per_day=20,
        flow=(0.0,) * 7,
        token_price=1.2,
    ),
    DemoSite.HEAVY_TAILED: Habits(
        first=utc("2025-05-05T02:00:00"),
        last=utc("2026-03-01T06:45:00"),
        runs=95,
        keywords_per_day=26,
        yields=(0.06, 10.0, 0.95, 0.97, 4.0, 0.9, 0.0),
        flow=(0.0, 0.6, 0.8, 0.5, 0.9, 0.7, 0.8),
        token_price=1.4,
        spread=0.45,
        manual_share=0.7,
        last_outcome="paused",
    ),
    DemoSite.ONE_COMPLETED: Habits(
        first=utc("2026-02-17T02:00:00"),
        last=utc("2026-03-01T02:00:00"),
        runs=3,
        keywords_per_day=12,
        manual_share=0.0,
        script=("failed", "completed", "cancelled"),
    ),
    DemoSite.TWO_COMPLETED: Habits(
        first=utc("2026-02-10T02:00:00"),
        last=utc("2026-02-24T02:00:00"),
        runs=2,
        keywords_per_day=9,
        manual_share=0.0,
        script=("completed", "completed"),
    ),
    DemoSite.THREE_COMPLETED: Habits(
        first=utc("2026-02-10T02:00:00"),
        last=utc("2026-02-24T02:00:00"),
        runs=4,
        keywords_per_day=14,
        manual_share=0.0,
        script=("completed", "completed", "failed", "completed"),
    ),
    DemoSite.TEN_COMPLETED: Habits(
        first=utc("2026-02-02T05:00:00"),
        last=utc("2026-02-28T05:00:00"),
        runs=12,
        keywords_per_day=18,
        script=("completed",) * 4 + ("failed",) + ("completed",) * 3 + ("cancelled",) + ("completed",) * 3,
    ),
    DemoSite.INACTIVE: Habits(
        first=utc("2025-02-11T06:00:00"),
        last=utc("2025-09-30T06:00:00"),
        runs=55,
        keywords_per_day=11,
        yields=(0.12, 5.0, 1.0, 1.0, 3.0, 0.97, 0.0),
        token_price=0.9,
    ),
    DemoSite.LIMITED: Habits(
        first=utc("2026-01-18T02:00:00"),
        last=utc("2026-03-01T02:00:00"),
        runs=40,
        keywords_per_day=45,
        caps=LIMITS,
        manual_share=0.0,
    ),
    DemoSite.BONUS_ONLY: Habits(
        first=utc("2026-01-25T03:00:00"),
        last=utc("2026-02-22T03:00:00"),
        runs=5,
        keywords_per_day=6,
        manual_share=0.0,
        script=("completed",) * 5,
    ),
    DemoSite.DELETED: Habits(
        first=utc("2025-11-02T02:00:00"),
        last=utc("2026-02-14T02:00:00"),
        runs=12,
        keywords_per_day=7,
    ),
}
"""Sites whose runs are simulated; those of the others are written by hand, or there are none."""


def accounts(schema: Schema = "documented") -> list[Row]:
    """Give the rows of `igny8_tenants`: two with names that need care, one suspended, one deleted, one overdrawn."""
    told: list[Row] = [
        {
            "id": 7,
            "name": "Brightwater Media",
            "slug": "brightwater-media",
            "status": "active",
            "credits": 18250,
            "created_at": utc("2024-11-04T09:12:44"),
        },
        {
            "id": 12,
            "name": 'Ostrava "Digital" & Söhne',
            "slug": "ostrava-digital",
            "status": "active",
            "credits": 3120,
            "created_at": utc("2025-01-20T15:40:02.250000"),
        },
        {
            "id": 31,
            "name": "=SUM(1+1)*cmd|' /C calc'!A0",
            "slug": "sum",
            "status": "suspended",
            "credits": 0,
            "created_at": utc("2025-01-29T08:00:00"),
        },
        {
            "id": int(DemoAccount.BONUS_ONLY),
            "name": "Bonus & Daughters",
            "slug": "bonus-daughters",
            "status": "active",
            "credits": 0,
            "bonus_credits": 5_000,
            "plan_id": 1,
            "created_at": utc("2026-01-12T07:00:00"),
        },
        {
            "id": int(DemoAccount.BOTH_POOLS),
            "name": "Fullwater Agency",
            "slug": "fullwater",
            "status": "active",
            "credits": 1_200,
            "bonus_credits": 300,
            "plan_id": 2,
            "created_at": utc("2025-10-20T07:00:00"),
        },
        {
            "id": int(DemoAccount.DELETED),
            "name": "Gone Away Ltd",
            "slug": "gone-away",
            "status": "cancelled",
            "credits": 0,
            "bonus_credits": 80,
            "plan_id": 99,
            "is_deleted": True,
            "created_at": utc("2025-06-02T07:00:00"),
        },
        {
            "id": int(DemoAccount.OVERDRAWN),
            "name": "Overdrawn Oy",
            "slug": "overdrawn",
            "status": "trial",
            "credits": -35,
            "bonus_credits": "lots" if schema == "loose" else None,
            "plan_id": 3,
            "created_at": utc("2026-02-02T07:00:00"),
        },
    ]
    columns = (
        "id",
        "name",
        "slug",
        "status",
        "credits",
        "bonus_credits",
        "plan_id",
        "is_deleted",
        "created_at",
    )
    pools: Row = {"bonus_credits": None, "plan_id": None, "is_deleted": False}
    return [{column: (pools | account)[column] for column in columns} for account in told]


def sites() -> list[Row]:
    """Give the rows of `igny8_sites`: domains bare, as URL, empty, NULL, shared, like another's id."""
    created_at = "2025-02-01T10:00:00"
    hostile_name = (
        f"<script>alert(\"{CANARIES[DemoSite.HOSTILE]}\")</script> =1+1 {{{{7*7}}}} 'single' & \u202egnp.exe"
    )
    told: list[tuple[DemoSite, str, str | None, str]] = [
        (DemoSite.BUSIEST, "Quillmere Magazine", "mysite.com", created_at),
        (DemoSite.STEADY, "Thornvale Garden Tools", "https://www.Thornvale-Garden.example/", created_at),
        (DemoSite.CAPPED, "Vossbrim Coffee", "www.vossbrim-coffee.example", created_at),
        (DemoSite.SNAPSHOT_BOUND, "Larkspindle Travel", "http://larkspindle.example/blog/", created_at),
        (DemoSite.HEAVY_TAILED, "Marrowgate Health", "marrowgate.example", "2025-04-20T10:00:00"),
        (DemoSite.NO_RUNS, "Ospreyholt Sailing", "ospreyholt.example", "2026-02-20T10:00:00"),
        (DemoSite.ONE_COMPLETED, "Dunmorrow Bikes", "dunmorrow.example", "2026-02-12T10:00:00"),
        (DemoSite.TWO_COMPLETED, "Cindervane Candles", None, "2026-02-03T10:00:00"),
        (DemoSite.THREE_COMPLETED, "Wexcombe Cheese", "https://shared.example", "2026-02-03T10:00:00"),
        (DemoSite.TEN_COMPLETED, "Fennwick Ceramics", "FENNWICK.example/", "2026-01-28T10:00:00"),
        (DemoSite.INACTIVE, "Gorsehaven Fishing", "www.shared.example/", created_at),
        (DemoSite.ODD_VALUES, LONG_NAME, "", created_at),
        (DemoSite.ODD_TIMES, "Tidewick Odd Times", str(int(DemoSite.CAPPED)), created_at),
        (DemoSite.HOSTILE, hostile_name, '"><img src=x onerror=alert(1)>.example', created_at),
        (DemoSite.LIMITED, "Harrowfen Parquet", "two-lives.example", "2026-01-10T10:00:00"),
        (DemoSite.SWITCHED_OFF, "Kestrelby Optics", "kestrelby.example", "2025-12-01T10:00:00"),
        (DemoSite.BONUS_ONLY, "Yarmoor Looms", "yarmoor.example", "2026-01-12T10:00:00"),
        (DemoSite.DELETED, "Wyndlow Parquet", "https://www.two-lives.example/", "2025-10-25T10:00:00"),
        (DemoSite.OF_DELETED_ACCOUNT, "Zennorgate Hats", "zennorgate.example", "2025-06-02T10:00:00"),
        (DemoSite.ODD_SETTINGS, "Ullsworth Gloves", "ullsworth.example", "2026-02-01T10:00:00"),
    ]
    return [
        {
            "id": int(site),
            "tenant_id": ACCOUNT_OF[site],
            "name": name,
            "domain": domain,
            "is_active": site is not DemoSite.INACTIVE,
            "is_deleted": site is DemoSite.DELETED,
            "created_at": utc(created),
        }
        for site, name, domain, created in told
    ]
