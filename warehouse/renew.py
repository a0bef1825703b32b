"""A warehouse made of the one before: what a change can change is computed anew, the rest is copied.

Of every view it is known what of it a change can change (`View.scope`; docs/scale.md):

- *site*: the sites of which a table that it reads differs;
- *account*: the accounts of which one does, and those of such sites, before and now;
- *origin*: the origins of which a table that it reads differs, those of sites of which one does, and those that look
  up a day on or after the first of which what all sites, or the account's, teach differs;
- *week*, of forecasts of spend: the weeks of an owner of which a table that it reads differs, and those that look up
  such a week of a pool;
- *weeks*, of forecasts of spend: the sites or accounts of which one does, and of all of them the weeks from the first
  on that does;
- *known_week*, of forecasts of spend: of the owners whose errors do, what was known in the weeks from the first on;
- *day*: the days from the first on that could know of what differs, if any forecast asks for one;
- *whole*: all of it, as soon as a table that it reads differs.

What was computed is compared with what it was, so that what reads it is computed anew only where it differs.
"""

import filecmp
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from itertools import islice
from pathlib import Path

import duckdb

from igny8_analysis.etl.contracts import LAKE_TABLES
from igny8_analysis.etl.lake import Version
from igny8_analysis.etl.resources import MACHINE, Resources, Steps
from igny8_analysis.etl.templates import parquet, quoted
from igny8_analysis.warehouse import build
from igny8_analysis.warehouse.build import HELD_BY_VIEWS, View, load_views

KEYS = {
    "site": ("site_id",),
    "account": ("account_id",),
    "origin": ("site_id", "id"),
    "owner": ("scope", "owner_id"),
    "week": ("scope", "owner_id", "week"),
    "site_week": ("site_id", "week"),
    "known_week": ("scope", "owner_id", "known_week"),
}
ACCOUNTS = ("account_id", "account_key")
DAYS = ("known_on", "completed_on")
"""Columns that tell the day (UTC) of a row that is of no site."""
APPENDED_SHARE = 0.2
"""Of a table's rows, those that may stand at its end, out of order, or be left deleted: of more it is written anew."""
NEVER = 2**62
"""A week that never comes."""
COMPARED_ROWS = 200_000
"""A table that is of no site and has more rows than this is taken to differ: to compare it costs more than it saves."""

PARTS = {
    "site": ("site_id bigint", "where site_id in (select site_id from of_site.renewed)"),
    "account": ("account_id bigint", "where account_id in (select account_id from of_account.renewed)"),
    "origin": ("site_id bigint, id bigint", "semi join of_origin.renewed using (site_id, id)"),
    "week": (
        "scope varchar, owner_id bigint, week bigint",
        "semi join of_week.renewed using (scope, owner_id, week)",
    ),
    "day": ("known_on date", "where known_on >= (select known_on from of_day.renewed)"),
    "weeks": ("week bigint", "where week >= (select week from of_weeks.renewed)"),
    "known_week": (
        "scope varchar, owner_id bigint, known_week bigint",
        "as k semi join of_known_week.renewed as r "
        "on r.scope = k.scope and r.owner_id = k.owner_id and k.known_week >= r.known_week",
    ),
}
"""By scope, what is renewed of it, and how a table is cut to that."""
BEHIND = {"weeks": 17, "known_week": 38}
"""Weeks that a row looks back at: of `spend_states` 17 and one for all before, of `spend_record` 29 more errors.

An error is known nine weeks after its own at the latest: 30 days are forecast, a run is given up after 30.
"""
SITES_OF_ACCOUNTS = """
where site_id in (
    select site_id from warehouse.main.sites
    where account_key in (select account_id from of_account.renewed)
)
"""
ROWS_OF_KEYS = {
    "site": f"from ({build.ROWS_OF_SITES}) semi join of_site.renewed using (site_id)",
    "origin": "select site_id, 4 * count(*) as rows from of_origin.renewed group by site_id",
    "week": "select owner_id as site_id, count(*) as rows from of_week.renewed group by owner_id",
}
"""Of each site, or owner, the rows that count in making a part; an origin has up to fourteen, the widest of all."""


@dataclass(frozen=True)
class Renewed:
    """Of how many sites runs differ from those before; rows at the end of each table, out of its order."""

    sites: int
    appended: dict[str, int]


def renew(
    lake: Path, database: Path, previous: Version, appended: dict[str, int], resources: Resources = MACHINE
) -> Renewed:
    """Make of `database`, a copy of the file of a version that the same `definition` made, that of the lake.

    `appended` is what was left at the end of that version's tables. What needs more memory than it may use is made
    again after a checkpoint, then with twice as much, up to half of the machine's. Raises duckdb.Error where
    that is too little, or the version's file is damaged.
    """
    with build.writing(database, resources) as connection:
        connection.execute(f"attach '{quoted(previous.database)}' as previous (read_only)")
        # a checkpoint would merge what deleted rows leave, of row groups whole: `_append` writes a table anew at times
        connection.execute("set max_vacuum_tasks = 0")
        renewal = Renewal(connection, appended, resources)
        renewal.read_lake(lake, previous.lake)
        renewal.renew_views()
        build.hold_once(connection)
        renewal.steps.relieve()
        return Renewed(renewal.sites, renewal.appended)


class Renewal:
    """The copied file `warehouse` beside `previous`, view by view.

    `differs` holds, under the name of each table that differs, the keys of its rows that do. For each scope of `PARTS`,
    `of_site` and the like hold views of the same names, cut to the keys in `renewed`: there the same SQL computes these
    rows alone.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, appended: dict[str, int], resources: Resources
    ) -> None:
        """Make the parts, of nothing yet, beside the attached databases `warehouse` and `previous`."""
        self.connection = connection
        self.appended = dict(appended)
        self.steps = Steps(connection, resources, build.RESUME, build.RELIEF)
        self.views = {view.name: view for view in load_views()}
        self.differing: dict[str, bool] = {}
        self.cut: set[tuple[str, str]] = set()
        self.columns: dict[str, dict[str, str]] = {}
        connection.execute("attach ':memory:' as differs; create schema differs.lake")
        for scope, (columns, _) in PARTS.items():
            connection.execute(f"attach ':memory:' as of_{scope}; create schema of_{scope}.lake")
            connection.execute(f"create table of_{scope}.renewed ({columns})")

    def read_lake(self, lake: Path, lake_before: Path) -> None:
        """Take in the lake's tables that differ."""
        for name in LAKE_TABLES:
            self.differing[f"lake.{name}"] = self.steps.take(
                partial(self._read_table, name, lake, lake_before)
            )

    def renew_views(self) -> None:
        """Compute every kept view anew where it may differ."""
        for view in self.views.values():
            if view.is_kept:
                self.differing[view.name] = self.steps.take(partial(self._renew_view, view))

    @property
    def sites(self) -> int:
        """Of how many sites runs differ."""
        return self._count("differs.runs") if self.differing["runs"] else 0

    def _read_table(self, name: str, lake: Path, lake_before: Path) -> bool:
        """Take in a table of the lake where its file is another, of few sites alone; whether it differs."""
        placed, file = f"lake.{name}", lake / f"{name}.parquet"
        is_same = _is_same(file, lake_before / file.name)
        is_table = name not in HELD_BY_VIEWS
        if is_same and is_table:
            return False
        is_told_by_site = is_table and self._told(placed) == "site"
        if is_told_by_site:
            rows = parquet(file)
            if not self.compare(placed, rows):
                return False
            if self._take_in(placed, f"from {rows} semi join differs.{placed} using (site_id)"):
                return True
        build.create_lake_table(self.connection, lake, name)
        self.appended.pop(placed, None)
        return not is_same and (is_told_by_site or self.compare(placed))

    def _take_in(self, table: str, rows: str) -> bool:
        """Put `rows` in the place of those of the sites that differ, unless these are many; whether it was done."""
        appended = self.appended.get(table, 0) + self._count(f"({rows})")
        if appended > APPENDED_SHARE * self._count(table):
            return False
        self.connection.begin()
        self.connection.execute(f"delete from {table} where site_id in (select site_id from differs.{table})")
        self.connection.execute(f"insert into {table} {rows}")
        self.connection.commit()
        self.appended[table] = appended
        return True

    def _renew_view(self, view: View) -> bool:
        """Compute a view anew where it may differ; whether it differs then."""
        known_first = sorted(view.reads, key=lambda name: (name not in self.differing, name))
        reads = filter(self._differs, known_first)
        told = list(reads if view.scope in PARTS else islice(reads, 1))  # of a whole one will do
        return bool(told) and self._renew(view, told)

    # What differs

    def _differs(self, name: str) -> bool:
        """Whether a table or view differs; one that is not kept is looked at when it is asked for."""
        if name not in self.differing:
            view = self.views[name]
            reads = [read for read in sorted(view.reads) if self._differs(read)]
            keys = self._keys(view, reads) if reads else None
            if keys and view.scope == "week":  # what differs of spend is in few of them
                self.differing[name] = self._compare_weeks(name, keys)
            elif keys:
                self.connection.execute(f"create or replace table differs.{name} as {keys}")
                self.differing[name] = self._count(f"differs.{name}") > 0
            else:
                self.differing[name] = bool(reads) and self.compare(name)
        return self.differing[name]

    def compare(self, name: str, now: str = "", cut: str = "") -> bool:
        """Note the keys of rows that are others than before; of rows that are `cut`, `now` is what they are."""
        now = now or f"warehouse.{_placed(name)}"
        key = self._key(name)
        if not key and self._count(now) > COMPARED_ROWS:
            return True
        columns = self._columns(name)
        before = f"previous.{_placed(name)} {cut}"
        keys = ", ".join(key) or "0 as nothing"
        grouped = f"group by {', '.join(key)}" if key else ""
        # where two last digits are on two sides of an edge of rounding, those of three times as much are not
        for factor in ("", " * 3") if "DOUBLE" in columns.values() else ("",):
            values = ", ".join(to_11_digits(f'"{c}"', type_, factor) for c, type_ in columns.items())
            digest = f"cast(hash({values}) as hugeint)"
            self.connection.execute(
                f"create or replace table differs.{name} as select {keys} from ("
                f"select {', '.join([*key, digest])} as digest from {now} "
                f"union all select {', '.join([*key, '-' + digest])} from {before}) {grouped} having sum(digest) <> 0"
            )
            if not self._count(f"differs.{name}"):
                return False
            if key:
                self.connection.execute(f"create or replace table differs.found as from differs.{name}")
                same = " and ".join(f"f.{column} is not distinct from r.{column}" for column in key)
                found = f"as r semi join differs.found as f on {same}"
                before, now = f"(from {before}) {found}", f"{now} {found}"
        return True

    def _compare_weeks(self, name: str, keys: str) -> bool:
        """Note the keys of weeks at which a view that is not kept differs, of those at which it may."""
        self.connection.execute(f"create or replace table differs.weeks as {keys}")
        ((first,),) = self.connection.execute("select min(week) from differs.weeks").fetchall()
        if first is None:
            return False
        cut = f"semi join differs.weeks using ({', '.join(KEYS['week'])}) where week >= {first}"
        return self.compare(name, f"(from warehouse.{_placed(name)} {cut})", cut)

    def _keys(self, view: View, reads: list[str]) -> str | None:
        """The keys of a view whose rows may differ as those of `reads` do, in SQL; None: all rows may."""
        if view.scope not in KEYS:
            return None
        keys = [self._felt(view.scope, name) for name in reads]
        return (
            None
            if None in keys or not keys
            else f"select distinct * from ({' union all '.join(map(str, keys))})"
        )

    def _felt(self, scope: str, name: str) -> str | None:
        """The keys of a scope at which it is felt that a table differs, in SQL; None: everywhere."""
        differs, columns = f"differs.{name}", self._key(name)
        origins = "select o.site_id, o.id from warehouse.main.forecast_origins as o"
        weeks = "select o.scope, o.owner_id, o.week from warehouse.main.spend_origins as o"
        keys = None
        match scope, self._told(name):
            case ("site", "site" | "origin" | "site_week") | ("origin", "origin") | ("week", "week"):
                keys = f"select {', '.join(KEYS[scope])} from {differs}{self._before_weeks(name)}"
            case ("origin", "site"):
                keys = f"{origins} semi join {differs} as d using (site_id)"
            case ("account", "site" | "origin" | "site_week"):
                keys = self._accounts("sites", "site_id", f"{differs}{self._before_weeks(name)}")
            case ("account", "owner"):
                keys = self._accounts("spend_owners", "scope, owner_id", differs)
            case ("week", "owner"):
                keys = f"{weeks} semi join {differs} as d using (scope, owner_id)"
            case ("week", "known_week"):
                first = (
                    f"select scope, owner_id, min(known_week) as week from {differs} group by scope, owner_id"
                )
                keys = f"{weeks} join ({first}) as d using (scope, owner_id) where o.week >= d.week"
            case ("known_week", "week"):
                keys = f"select scope, owner_id, min(week) + 1 as known_week from {differs} group by scope, owner_id"
            case ("week", "whole") if columns == ("week",):
                keys = f"{weeks} semi join {differs} as d on d.week = o.pool_week"
            case ("week", "whole") if columns == ("account_key", "week"):
                keys = f"{weeks} semi join {differs} as d on d.account_key = o.account_key and d.week = o.pool_week"
            case ("account", _) if columns and columns[0] in ACCOUNTS:
                keys = f"select {columns[0]} as account_id from {differs}"
            case ("origin", _) if columns and columns[0] in ACCOUNTS:
                account, day = columns
                keys = f"{origins} semi join {differs} as d on d.{account} = o.account_id and d.{day} <= o.known_on"
            case ("origin" | "site", "whole") if since := self._first_day(name):
                known = {"origin": "known_on", "site": "cast(completed_at at time zone 'UTC' as date)"}[scope]
                rows = origins if scope == "origin" else "select site_id from warehouse.main.completions"
                keys = f"{rows} where {known} >= date '{since}'"
        return keys

    def _accounts(self, owned: str, key: str, differs: str) -> str:
        """The accounts whose sites, or whose rows as owners, differ or did, in SQL."""
        return " union all ".join(
            f"select account_key as account_id from {database}.main.{owned} semi join (from {differs}) using ({key})"
            for database in ("previous", "warehouse")
        )

    def _before_weeks(self, name: str) -> str:
        """Of a table of sites' weeks, those that are not renewed for all sites anyway."""
        return f" where week < {self.first_week}" if self._told(name) == "site_week" else ""

    @property
    def first_week(self) -> int:
        """The first week of which `spend_weeks` tells otherwise; where none does, one that never comes."""
        if not self._differs("spend_weeks"):
            return NEVER
        ((first,),) = self.connection.execute("select min(week) from differs.spend_weeks").fetchall()
        return int(first)

    def _first_day(self, name: str) -> date | None:
        """The first day of which a table that differs tells otherwise; None: it tells of no days."""
        day = self._day(name)
        if day is None:
            return None
        ((first,),) = self.connection.execute(f"select min({day}) from differs.{name}").fetchall()
        return first or date.max

    def _known_from(self, name: str) -> date | None:
        """The first day that could know of what differs in a table; None: that is not told."""
        if self._told(name) == "whole":
            return self._first_day(name)
        if self._told(name) == "account":
            return self._day_after(f"select {self._day(name)} as completed_on from differs.{name}")
        if "completed_on" not in self._columns(name):
            return None
        key = ", ".join(self._key(name))
        return self._day_after(
            " union all ".join(
                f"select completed_on from {database}.{_placed(name)} semi join differs.{name} using ({key})"
                for database in ("previous", "warehouse")
            )
        )

    def _day_after(self, rows: str) -> date:
        ((first,),) = self.connection.execute(f"select min(completed_on) from ({rows})").fetchall()
        return first + timedelta(days=1) if first else date.max

    # What is computed anew

    def _renew(self, view: View, reads: list[str]) -> bool:
        """Compute anew what of a view may differ as `reads` do; whether it differs then."""
        if view.is_by_weeks:
            of_weeks = [name for name in reads if self._key(name) == ("week",)]
            others = [name for name in reads if name not in of_weeks]
            keys = self._keys(view, others)
            if keys or not others:
                return self._renew_weeks(view, keys)
        elif view.scope == "day":
            days = [self._known_from(name) for name in reads]
            keys = None if None in days else self._asked_from(view, min(day for day in days if day))
        else:
            keys = self._keys(view, reads)
        if keys:
            return self._renew_part(view, view.scope, keys)
        build.make_table(self.connection, view)
        build.comment_views(self.connection, [view])
        self.appended.pop(view.name, None)
        return self.compare(view.name)

    def _renew_weeks(self, view: View, keys: str | None) -> bool:
        """Compute anew what is of `keys`, and of everybody the weeks that differ; whether any differs then."""
        is_felt = bool(keys) and self._renew_part(view, view.scope, str(keys))
        if self.first_week == NEVER:
            return is_felt
        if is_felt:
            self.connection.execute(f"create or replace table differs.of_keys as from differs.{view.name}")
        weeks = self._renew_part(view, "weeks", f"select {self.first_week} as week")
        if is_felt:
            self.connection.execute(f"insert into differs.{view.name} from differs.of_keys")
        return is_felt or weeks

    def _asked_from(self, view: View, since: date) -> str:
        """The day, as keys, if a forecast asks for it or a later one, or did; none otherwise."""
        asked = " or ".join(
            f"exists (select 1 from {table} where known_on >= date '{since}')"
            for table in ("warehouse.main.forecast_origins", f"previous.main.{view.name}")
        )
        return f"select date '{since}' as known_on where {asked}"

    def _renew_part(self, view: View, part: str, keys: str) -> bool:
        self.connection.execute(f"create or replace table of_{part}.renewed as {keys}")
        if not self._count(f"of_{part}.renewed"):
            return False
        self.compute(view, part)
        if not self.compare(view.name, "differs.now", self.cut_to(part, view.name)):
            return False
        key = self._key(view.name)
        same = " and ".join(f"t.{column} is not distinct from d.{column}" for column in key)
        ((deleted,),) = self.connection.execute(
            f"delete from {view.name} as t using differs.{view.name} as d where {same}"
        ).fetchall()
        ((inserted,),) = self.connection.execute(
            f"insert into {view.name} from differs.now semi join differs.{view.name} using ({', '.join(key)}) "
            f"{view.order}"
        ).fetchall()
        self._append(view, max(deleted, inserted))
        return True

    def compute(self, view: View, part: str) -> None:
        """Compute the rows of a view of the keys that a part holds as `renewed`, into `differs.now`.

        Many sites, origins or weeks are taken in parts where a first build takes all in parts.
        """
        self._cut(part, view)
        rows = f"from ({view.sql}) {self.cut_to(part, view.name)}" if part in BEHIND else view.sql
        is_in_parts = bool(view.parts_by) and part in ROWS_OF_KEYS
        sites = build.parts_of_sites(self.connection, ROWS_OF_KEYS[part]) if is_in_parts else []
        begin = f"use of_{part}; create or replace table differs.now as"
        if len(sites) < 2:
            self.connection.execute(f"{begin} {rows}; use warehouse")
            return
        renewed = f"of_{part}.renewed"
        self.connection.execute(f"create or replace table differs.renewed as from {renewed}")
        self.connection.execute(f"{begin} from ({rows}) limit 0; use warehouse")
        for first, last in sites:
            keys = f"from differs.renewed where {view.parts_by} between {first} and {last}"
            self.connection.execute(f"create or replace table {renewed} as {keys}")
            self.connection.execute(f"use of_{part}; insert into differs.now {rows}; use warehouse")
        self.connection.execute(f"create or replace table {renewed} as from differs.renewed")

    def cut_to(self, part: str, name: str) -> str:
        """How a table is cut to what a part renews of it, in SQL."""
        _, cut = PARTS[part]
        if part == "account" and "account_key" in self._columns(name):
            return cut.replace("account_id in", "account_key in")
        return cut

    def _append(self, view: View, rows: int) -> None:
        """Note rows at the end of a table, or gone from it; write it anew where they are too many."""
        appended = self.appended.get(view.name, 0) + rows
        if appended > APPENDED_SHARE * self._count(view.name):
            self.connection.execute(f"create or replace table {view.name} as from {view.name} {view.order}")
            build.comment_views(self.connection, [view])
            appended = 0
        self.appended[view.name] = appended

    def _cut(self, part: str, view: View) -> None:
        """Make in a part what a view reads, each cut to what is renewed or, of what is not of it, whole."""
        for name in sorted(view.reads):
            if (part, name) in self.cut:
                continue
            cut = self._part_of(part, name)
            read = self.views.get(name)
            if cut and read and not read.is_kept:
                self._cut(part, read)
                sql = read.sql
            else:
                sql = f"from warehouse.{_placed(name)} {cut}"
            self.connection.execute(f"use of_{part}; create view {_placed(name)} as {sql}; use warehouse")
            self.cut.add((part, name))

    def _part_of(self, part: str, name: str) -> str:
        """How a part cuts what is of it; nothing where that is not."""
        told, key = self._told(name), self._key(name)
        match part:
            case "account":
                if told in ("site", "origin", "site_week"):
                    return SITES_OF_ACCOUNTS
                is_of_it = key[:1] == ("account_id",) or "account_key" in self._columns(name)
            case "day":
                is_of_it = told == "whole" and "known_on" in key
            case "weeks":
                is_of_it = "week" in key
            case "known_week":
                is_of_it = {*KEYS[part]} <= self._columns(name).keys()
            case _:
                is_of_it = key[: len(KEYS[part])] == KEYS[part]
        behind = f" - {BEHIND[part]}" if part in BEHIND else ""
        return f"{self.cut_to(part, name)}{behind}" if is_of_it else ""

    # What a table is

    def _told(self, name: str) -> str:
        """The scope by whose keys it is noted what of a table differs; a "whole" one may still tell it by days."""
        if name in self.views:
            told = self.views[name].told_by
            return "whole" if told == "day" else told
        column = LAKE_TABLES[name.removeprefix("lake.")].columns.get("site_id")
        return "site" if column and not column.is_nullable else "whole"

    def _columns(self, name: str) -> dict[str, str]:
        if name not in self.columns:
            rows = self.connection.execute(f"describe warehouse.{_placed(name)}").fetchall()
            self.columns[name] = {column: type_ for column, type_, *_ in rows}
        return self.columns[name]

    def _key(self, name: str) -> tuple[str, ...]:
        """The columns by which it is noted what of a table differs."""
        columns, told = self._columns(name), self._told(name)
        if told in KEYS and told != "account":
            return KEYS[told]
        times = [column for column in (*DAYS, "week") if column in columns][:1]
        accounts = [column for column in ACCOUNTS if column in columns] if times else []
        return (*accounts[:1], *times)

    def _day(self, name: str) -> str | None:
        return next((column for column in DAYS if column in self._columns(name)), None)

    def _count(self, relation: str) -> int:
        ((rows,),) = self.connection.execute(f"select count(*) from {relation}").fetchall()
        return int(rows)


def _is_same(file: Path, before: Path) -> bool:
    """Whether a file is as it was before; one that cannot be read any more is not."""
    with suppress(OSError):
        return filecmp.cmp(file, before, shallow=False)
    return False


def _placed(name: str) -> str:
    return name if "." in name else f"main.{name}"


def to_11_digits(column: str, type_: str, factor: str = "") -> str:
    """A double without its last digits, in which sums differ from one build to the next; or that of a multiple."""
    value = f"{column}{factor}"
    return f"{value} * 16385 - ({value} * 16385 - {value})" if type_ == "DOUBLE" else column
