"""What a notebook works with: a report bound to one site (and run), and rows that remember their query."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from igny8_analysis.errors import AccountNotFound, RunNotFound, SiteNotFound
from igny8_analysis.etl.errors import UsageError
from igny8_analysis.stages import with_label
from igny8_analysis.text import cut, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from igny8_analysis.connection import Warehouse

_PARAMETER = re.compile(r"\$([a-z_]+)")
_MONTH = re.compile(r"(19|2[01])[0-9]{2}-(0[1-9]|1[0-2])")


class Rows(list[dict[str, Any]]):
    """Rows of a query as dicts by column, with `query`: the text that was run, ready to paste."""

    def __init__(self, rows: Iterable[dict[str, Any]] = (), query: str = "") -> None:
        """Hold the rows and their query."""
        super().__init__(rows)
        self.query = query

    @property
    def first(self) -> dict[str, Any]:
        """The first row; for queries that by their grain give exactly one."""
        return self[0]


def as_shown(row: dict[str, Any]) -> dict[str, Any]:
    """The row as pages have it: long texts cut, the stage's name as people read it."""
    return with_label({name: cut(v) if isinstance(v, str) else v for name, v in row.items()})


@dataclass(frozen=True)
class Report:
    """A warehouse, and by their ids the site, runs or account that a report is of; `rows` is how its cells ask.

    `linked` holds the ids of runs (in an account's report: of sites) whose report exists, and `links` the relative
    addresses of other pages that exist.
    """

    warehouse: Warehouse
    parameters: dict[str, int | str]
    linked: frozenset[int] = frozenset()
    links: frozenset[str] = frozenset()
    is_interactive: bool = False

    def rows(self, query: str) -> Rows:
        """Run a query whose `$site_id`, `$id` … stand for what this report is of, and keep its text.

        `stage_name` is as people read it.
        """
        text = _PARAMETER.sub(self._literal, textwrap.dedent(query).strip())
        return Rows(map(as_shown, self.warehouse.rows(text)), text)

    def _literal(self, found: re.Match[str]) -> str:
        value = self.parameters[found[1]]
        return str(value) if isinstance(value, int) else f"date '{date.fromisoformat(value)}'"


def open_site(
    warehouse: str | Path | None = None,
    site: int | str | None = None,
    *,
    version: str | None = None,
    since: str | None = None,
    linked: Iterable[int] = (),
    links: Iterable[str] = (),
    interactive: bool = False,
    with_balance: bool = False,
) -> Report:
    """Return the report of a site by id or domain; without one, that of the site with the most runs.

    `since` (a date as text) leaves out earlier runs where a query says `$since`. `with_balance` shows the account's
    balance and alerts also where the account has other sites. Raises SiteNotFound and AmbiguousSite.
    """
    opened = _open(warehouse, version)
    site_id = _busiest_site(opened) if site is None else opened.resolve_site(site)
    parameters: dict[str, int | str] = {"site_id": site_id, "since": since or "1970-01-01"}
    parameters["with_balance"] = int(with_balance)
    return Report(opened, parameters, frozenset(linked), frozenset(links), interactive)


def open_run(
    warehouse: str | Path | None = None,
    site: int | str | None = None,
    run: int | str | None = None,
    *,
    version: str | None = None,
    links: Iterable[str] = (),
    interactive: bool = False,
) -> Report:
    """Return the report of a run by a text as `Warehouse.run_source_id` takes it, its source id, or the latest of all.

    Raises SiteNotFound, AmbiguousSite and RunNotFound.
    """
    opened = _open(warehouse, version)
    site_id = _busiest_site(opened) if site is None else opened.resolve_site(site)
    parameters: dict[str, int | str] = {"site_id": site_id, "id": resolve_run(opened, site_id, run)}
    return Report(opened, parameters, frozenset(), frozenset(links), interactive)


def open_pair(
    warehouse: str | Path | None = None,
    site: int | str | None = None,
    run_a: int | str | None = None,
    run_b: int | str | None = None,
    *,
    version: str | None = None,
    links: Iterable[str] = (),
) -> Report:
    """Return the report of a site's run B beside its run A, each named as for `open_run`.

    Without B it is the latest run, without A the one before B. Raises SiteNotFound, AmbiguousSite and RunNotFound.
    """
    opened = _open(warehouse, version)
    site_id = _busiest_site(opened) if site is None else opened.resolve_site(site)
    id_b = resolve_run(opened, site_id, run_b)
    id_a = _run_before(opened, site_id, id_b) if run_a is None else resolve_run(opened, site_id, run_a)
    return Report(opened, {"site_id": site_id, "id_a": id_a, "id_b": id_b}, frozenset(), frozenset(links))


def open_account(
    warehouse: str | Path | None = None,
    account: int | str | None = None,
    *,
    version: str | None = None,
    linked: Iterable[int] = (),
    links: Iterable[str] = (),
) -> Report:
    """Return the report of an account by id or name; without one, that of the account with the most sites.

    Raises AccountNotFound.
    """
    opened = _open(warehouse, version)
    account_id = _largest_account(opened) if account is None else opened.resolve_account(account)
    return Report(opened, {"account_id": account_id}, frozenset(linked), frozenset(links))


def open_statement(
    warehouse: str | Path | None = None,
    account: int | str | None = None,
    month: str | None = None,
    *,
    version: str | None = None,
    links: Iterable[str] = (),
) -> Report:
    """Return the statement of an account, named as for `open_account`, for a month as 2026-02, or the last whole one.

    Raises AccountNotFound, and UsageError for what is no month, or one that has not begun.
    """
    opened = open_account(warehouse, account, version=version, links=links)
    first_day = f"{statement_month(opened.warehouse, month)}-01"
    return Report(opened.warehouse, opened.parameters | {"month": first_day}, links=opened.links)


def statement_month(warehouse: Warehouse, month: str | None) -> str:
    """Return the month, as 2026-02, or the last that was over at the data's instant (UTC).

    Raises UsageError for what is no month from 1900 on, and for one that has not begun.
    """
    ((running, last_whole),) = warehouse.sql(
        "select strftime(as_of at time zone 'UTC', '%Y-%m'), "
        "strftime(date_trunc('month', as_of at time zone 'UTC') - interval 1 month, '%Y-%m') from current_load"
    ).fetchall()
    if month is None:
        return str(last_whole)
    if not _MONTH.fullmatch(month):
        msg = f"{one_line(repr(month))} is no month; write it as {last_whole}"
        raise UsageError(msg)
    if month > running:
        msg = f"{month} has not begun: the data end in {running}"
        raise UsageError(msg)
    return month


def resolve_run(warehouse: Warehouse, site_id: int, run: int | str | None) -> int:
    """Return the source id of a site's run named by a text, by source id, or None for its latest.

    Raises RunNotFound, in the same words for a run of another site as for one that does not exist.
    """
    if isinstance(run, str):
        return warehouse.run_source_id(site_id, run)
    query = """
        select id from runs
        where site_id = $site_id and ($id is null or id = $id)
        order by started_at desc, id desc limit 1
    """
    found = warehouse.sql(query, {"site_id": site_id, "id": run}).fetchall()
    if not found:
        msg = f"site {site_id} has no runs" if run is None else f"site {site_id} has no run {run}"
        raise RunNotFound(msg)
    return int(found[0][0])


def _run_before(warehouse: Warehouse, site_id: int, source_id: int) -> int:
    """Return the source id of the run that the site started before this one; this one's, if it is the first."""
    query = """
        select coalesce(lag(id) over (order by started_at, id), id) as id from runs
        where site_id = $site_id qualify runs.id = $id
    """
    ((before,),) = warehouse.sql(query, {"site_id": site_id, "id": source_id}).fetchall()
    return int(before)


def _open(warehouse: str | Path | None, version: str | None) -> Warehouse:
    from igny8_analysis.connection import connect

    return connect(warehouse, version=version)


def _busiest_site(warehouse: Warehouse) -> int:
    query = """
        select r.site_id from run_statistics as r join sites as s on s.site_id = r.site_id
        order by s.is_live desc, r.total_runs desc, r.site_id limit 1
    """
    found = warehouse.sql(query).fetchall()
    if not found:
        msg = "the warehouse has no sites"
        raise SiteNotFound(msg)
    return int(found[0][0])


def _largest_account(warehouse: Warehouse) -> int:
    query = "select account_id from account_figures order by total_sites desc, account_id limit 1"
    found = warehouse.sql(query).fetchall()
    if not found:
        msg = "the warehouse has no accounts"
        raise AccountNotFound(msg)
    return int(found[0][0])
