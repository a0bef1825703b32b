"""A connection to one version of a warehouse: read-only, and closed to files, settings and extensions."""

import os
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from igny8_analysis import payloads
from igny8_analysis.answers import Answer, Limits, Stream, bounded, sql_errors
from igny8_analysis.errors import (
    AccountNotFound,
    AmbiguousRun,
    AmbiguousSite,
    RunNotFound,
    SiteNotFound,
)
from igny8_analysis.etl import lake
from igny8_analysis.etl.domains import bare_domain_sql
from igny8_analysis.etl.errors import UsageError, WarehouseNotFound
from igny8_analysis.etl.scratch import spill_folder
from igny8_analysis.queries import read_query

if TYPE_CHECKING:
    from igny8_analysis.brief import Brief
    from igny8_analysis.explain import Explanation
    from igny8_analysis.picker import SitePicker
    from igny8_analysis.site import Site

Payload = dict[str, Any]
Parameters = Sequence[object] | Mapping[str, object]

SITE_BY_ID = (
    "select site_id from sites where site_id = try_cast($site as bigint) and cast(site_id as varchar) = $site"
)
SITES_BY_DOMAIN = (
    "select site_id, is_live, is_deleted from site_domains "
    f"where domain = {bare_domain_sql('$site')} order by site_id"
)
RUNS_BY_ID = (
    "select id, run_id from runs where site_id = $site_id and run_id = $run "
    "order by started_at desc, id desc limit 1"
)
MOST_LISTED = 10
LONGEST_ID = 19
EXPLAIN_OPTIONS = ("analyze", "format")
SETTINGS = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
}
_in_use: dict[Path, dict[str, Any]] = {}


class Warehouse:
    """One version of a warehouse, open for reading; `as_of` is the instant its numbers stand for.

    Until it is closed no load prunes the version.

    `version` is its name, `path` its folder, `manifest` what the load wrote about itself.
    """

    def __init__(self, version: lake.Version, limits: Limits | None = None) -> None:
        """Open the version's DuckDB file. Raises WarehouseNotFound where it cannot be read, UsageError in these limits.

        Of `limits` the first to open a version in a process sets memory and spill, for all of them.
        """
        self._limits = limits or Limits()
        self.version = version.id
        self.path = version.path
        self._let_go = weakref.finalize(self, os.close, lake.hold(version))
        self.as_of: datetime
        try:
            self.manifest = version.manifest()
            self._connection = self._open(version.database)
            ((is_locked,),) = self._connection.execute(
                "select current_setting('lock_configuration')"
            ).fetchall()
            if not is_locked:  # A file opened twice in a process is one instance, with one configuration.
                self._connection.execute("set global timezone = 'UTC'; set lock_configuration = true")
            ((self.as_of,),) = self._connection.execute("select as_of from current_load").fetchall()
        except duckdb.OutOfMemoryException:
            raise UsageError(
                f"{self._limits.memory} of memory is too little to open the data in: allow it more (--max-memory)"
            ) from None
        except duckdb.Error as error:
            raise WarehouseNotFound(
                f"version {version.id} cannot be read ({str(error).splitlines()[0]}); load again with igny8 etl"
            ) from None

    def _open(self, database: Path) -> duckdb.DuckDBPyConnection:
        """Open the file with bounds for what queries may take, and with what they spill outside the version."""
        settings: dict[str, Any] = SETTINGS | {
            "temp_directory": str(spill_folder(str(abs(hash(database)))) or ""),
            "max_temp_directory_size": self._limits.spill,
            "memory_limit": self._limits.memory,
        }
        try:
            opened = duckdb.connect(database.absolute(), read_only=True, config=settings)
        except duckdb.ConnectionException:  # open already in this process, with other limits
            try:
                return duckdb.connect(database.absolute(), read_only=True, config=_in_use[database])
            except (KeyError, duckdb.ConnectionException):
                raise UsageError(
                    f"{database} is open in this process by duckdb.connect: close that, or ask it"
                ) from None
        except duckdb.ParserException as error:
            raise UsageError(f"a limit is no size, write it like 2GB: {error}") from None
        _in_use[database] = settings
        return opened

    def __repr__(self) -> str:
        return (
            f"<Warehouse {self.version}, as of {self.as_of:%Y-%m-%d %H:%M} UTC: "
            '.site("mysite.com"), .sql("select …").pl()>'
        )

    def __enter__(self) -> "Warehouse":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file, and of the version: it may be pruned."""
        self._connection.close()
        self._let_go()

    def sql(self, query: str, params: Parameters | None = None) -> Answer:
        """Run one SELECT, EXPLAIN, DESCRIBE or SHOW; the answer is DuckDB's relation (`.fetchall()`, `.pl()`).

        Raises UsageError where the query is wrong, empty, of several statements, or would do more than read.
        """
        self._refuse_more_than_reading(query)
        cursor = self._connection.cursor()
        with sql_errors(), bounded(cursor, self._limits):
            return Answer(cursor.sql(query, params=params), cursor, self._limits)

    def rows(self, query: str, params: Parameters | None = None) -> list[dict[str, Any]]:
        """The rows of a query as for `sql`, each a dict by column; it is planned once. Raises as `sql`."""
        self._refuse_more_than_reading(query)
        cursor = self._connection.cursor()
        with sql_errors(), bounded(cursor, self._limits):
            cursor.execute(query, params)
            columns = [name for name, *_ in cursor.description]
            return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]

    def stream(self, query: str, params: Parameters | None = None) -> Stream:
        """The rows of a query as for `sql`, in batches as they come: an answer of any size in little memory.

        Raises UsageError as `sql` does, and QueryTooLarge, also while the rows come.
        """
        self._refuse_more_than_reading(query)
        return Stream(self._connection.cursor(), query, params, self._limits)

    def _refuse_more_than_reading(self, query: str) -> None:
        with sql_errors():
            statements = self._connection.extract_statements(query)
        if len(statements) != 1:
            raise UsageError(f"one SQL statement is needed, there are {len(statements)}")
        type_ = statements[0].type
        if type_ == duckdb.StatementType.EXPLAIN:
            type_ = self._explained_type(query)
        if type_ != duckdb.StatementType.SELECT:
            raise UsageError(
                f"{type_.name} is refused: ad hoc SQL takes one SELECT, EXPLAIN, DESCRIBE or SHOW"
            )

    def _explained_type(self, query: str) -> duckdb.StatementType:
        """The type of the statement that an EXPLAIN explains, and with ANALYZE would run."""
        text = query.encode()
        tokens = [*duckdb.tokenize(query), (len(text), None)]
        words = [
            (start, text[start:end].decode().strip().lower())
            for (start, kind), (end, _) in pairwise(tokens)
            if kind != duckdb.token_type.comment
        ]
        (_, first), *rest = words
        if first != "explain":  # spaces that the tokenizer does not know
            return duckdb.StatementType.EXPLAIN
        if rest[0][1] == "analyze":
            del rest[0]
        elif rest[0][1] == "(" and rest[1][1] in EXPLAIN_OPTIONS:
            del rest[: [word for _, word in rest].index(")") + 1]
        with suppress(duckdb.Error):
            (statement,) = self._connection.extract_statements(text[rest[0][0] :].decode())
            return statement.type
        return duckdb.StatementType.EXPLAIN

    def resolve_site(self, site: int | str) -> int:
        """The id of a site named by id or by domain; an id wins. Raises SiteNotFound or AmbiguousSite.

        A domain means the site that is not deleted, and rather one whose account is not deleted either.
        """
        named = {"site": _text(site).strip()}
        cursor = self._connection.cursor()
        if by_id := payloads.execute(cursor, SITE_BY_ID, named):
            return int(by_id[0][0])
        rows = payloads.execute(cursor, SITES_BY_DOMAIN, named)
        live = [site_id for site_id, is_live, _ in rows if is_live]
        matches = live or [site_id for site_id, _, is_deleted in rows if not is_deleted]
        if not rows:
            nearest_site = read_query("nearest_site", bare_domain=bare_domain_sql("$word"))
            near = payloads.execute(cursor, nearest_site, {"word": named["site"]})
            hint = f"did you mean {near[0][0]}? " if near else ""
            raise SiteNotFound(
                f"there is no site {str(site)!r}; {hint}igny8 sites lists them, by id and domain"
            )
        if not matches:
            ids = ", ".join(str(row[0]) for row in rows)
            raise SiteNotFound(f"the site {str(site)!r} is deleted: name it by its id ({ids})")
        if len(matches) > 1:
            raise AmbiguousSite(
                f"several sites share the domain {str(site)!r}: name one by its id ({', '.join(map(str, matches))})"
            )
        return int(matches[0])

    def site(self, site: int | str) -> "Site":
        """The site as an object whose parts show as the report's panels. Raises SiteNotFound or AmbiguousSite."""
        from igny8_analysis.site import Site

        return Site(self, self.resolve_site(site))

    def pick_site(
        self, site: int | str | None = None, show: "Callable[[Site], Any] | None" = None
    ) -> "SitePicker":
        """A list of the sites for a notebook; what `show` draws of the chosen one, else its brief, stands beneath.

        `site` is chosen first, else the one with the most runs. Raises UsageError where there is none.
        """
        from igny8_analysis.picker import SitePicker

        return SitePicker(self, site, show)

    def overview_stats(self, site: int | str) -> Payload:
        """The site's overview: statistics, prediction, attention and averages, rounded as reports show them."""
        cursor = self._connection.cursor()
        return self._of_site(site, lambda site_id: payloads.overview(cursor, self.as_of, site_id)) or {}

    def history(self, site: int | str, page: int = 1, page_size: int = 20) -> Payload:
        """A page of the site's runs, most recent first. Raises UsageError for a page below 1 or a size not 1-100."""
        if page < 1:
            raise UsageError(f"page {page} does not exist: pages count from 1")
        if not 1 <= page_size <= 100:
            raise UsageError(f"a page size of {page_size} cannot be had: it goes from 1 to 100")
        cursor = self._connection.cursor()
        return self._of_site(site, lambda site_id: payloads.history(cursor, site_id, page, page_size)) or {}

    def run_detail(self, site: int | str, run_id: str) -> Payload:
        """One run of the site, named as for `run_source_id`, beside its baseline.

        Raises RunNotFound, also for a run of another site.
        """
        cursor, named = self._connection.cursor(), _text(run_id)
        found = self._of_site(site, lambda site_id: payloads.run(cursor, payloads.RUN_BY_ID, site_id, named))
        if found:
            return found
        site_id = self.resolve_site(site)
        source_id = self._run_source_id(site_id, site, run_id)
        return payloads.run(cursor, payloads.RUN_BY_SOURCE_ID, site_id, source_id) or {}

    def _of_site(self, site: int | str, ask: Callable[[int], Payload | None]) -> Payload | None:
        """What is asked of a site; an id that finds it so is not looked up before. Raises as `resolve_site`."""
        named = _text(site).strip()
        if _is_id(named) and (found := ask(int(named))):
            return found
        return ask(self.resolve_site(site))

    def _of_account(self, account: int | str, ask: Callable[[int], Payload | None]) -> Payload | None:
        """What is asked of an account, as of a site. Raises as `resolve_account`."""
        named = _text(account).strip()
        if _is_id(named) and (found := ask(int(named))):
            return found
        return ask(self.resolve_account(account))

    def forecast(self, site: int | str, method: str | None = None) -> Payload:
        """The rows of `forecast_totals`, the champion first, and of `forecast_stages`, by every method or one.

        Raises SiteNotFound, AmbiguousSite, and UsageError for an unknown method.
        """
        from igny8_analysis.forecasts import of_method

        cursor = self._connection.cursor()
        found = self._of_site(site, lambda site_id: payloads.forecast(cursor, self.as_of, site_id)) or {}
        return found if method is None else of_method(self, found, method)

    def what_if(
        self,
        site: int | str,
        limits: Mapping[int | str, float] | None = None,
        off: int | str | Iterable[int | str] = (),
        pending: Mapping[int | str, float] | None = None,
        credit_limit: float | None = None,
        balance: float | None = None,
        on: int | str | Iterable[int | str] = (),
    ) -> Payload:
        """The next run with these limits, switches and queues in place of the site's, beside what it is without.

        Raises SiteNotFound, AmbiguousSite, and UsageError for what is no stage, no number, or said in two ways.
        """
        from igny8_analysis.what_if import what_if

        return what_if(self, site, limits, off, pending, credit_limit, balance, on)

    def account(self, account: int | str) -> Payload:
        """An account: its balances, its sites' figures, its credits by month. Raises AccountNotFound."""
        cursor = self._connection.cursor()
        return self._of_account(account, lambda account_id: payloads.account(cursor, account_id)) or {}

    def settings(self, site: int | str) -> Payload:
        """The settings of the site's automation and of its stages; null and empty where the source has none."""
        return payloads.settings(self._connection.cursor(), self.resolve_site(site))

    def brief(self, site: int | str | None = None, account: int | str | None = None) -> "Brief":
        """A site or an account in at most six sentences, each with its panel, query and values.

        Raises UsageError where not one of the two is named, SiteNotFound, AmbiguousSite and AccountNotFound.
        """
        from igny8_analysis import brief

        cursor = self._connection.cursor()
        if site is not None and account is None:
            told = self._of_site(site, lambda site_id: brief.of_site(cursor, site_id))
        elif account is not None and site is None:
            told = self._of_account(account, lambda account_id: brief.of_account(cursor, account_id))
        else:
            raise UsageError("name a site or an account, one of the two")
        return brief.Brief(told or {})

    def run_source_id(self, site: int | str, run: str) -> int:
        """The source's id of a run of the site. Raises RunNotFound, and AmbiguousRun where several are meant.

        A run is named by its run_id (the latest of them), else by its number (`298`, `#298`), else by `latest`, else
        by the first 8 or more characters of its run_id.
        """
        return self._run_source_id(self.resolve_site(site), site, run)

    def _run_source_id(self, site_id: int, site: int | str, run: str) -> int:
        cursor, named = self._connection.cursor(), {"site_id": site_id, "run": _text(run)}
        found = payloads.execute(cursor, RUNS_BY_ID, named)
        found = found or payloads.execute(cursor, read_query("runs_by_name"), named)
        if not found:
            raise RunNotFound(
                f"site {str(site)!r} has no run {run!r}; igny8 history {site_id} lists its runs"
            )
        run_ids = list(dict.fromkeys(run_id for _, run_id in found))
        if len(run_ids) > 1 and named["run"] != "latest":
            more = f" and {len(run_ids) - MOST_LISTED:,} more" if len(run_ids) > MOST_LISTED else ""
            raise AmbiguousRun(
                f"{run!r} could be {len(run_ids):,} runs of site {str(site)!r}: "
                f"{', '.join(run_ids[:MOST_LISTED])}{more}"
            )
        return int(found[0][0])

    def explain(self, site: int | str, run_id: str | None, metric: str) -> "Explanation":
        """Where a field of the site's overview, or with `run_id` of that run, comes from.

        `metric` is its path in the payload, e.g. `efficiency.credits_per_item`. Raises UsageError for an unknown one.
        """
        from igny8_analysis.explain import explain

        return explain(self, site, run_id, metric)

    def explain_account(self, account: int | str, metric: str) -> "Explanation":
        """Where a field of the account's payload, or a column of its rows of a view, comes from.

        `metric` is its path there, e.g. `account.name` or `runways.runway_days`.

        Raises UsageError for an unknown one, and AccountNotFound.
        """
        from igny8_analysis.explain import explain_account

        return explain_account(self, account, metric)

    def resolve_account(self, account: int | str) -> int:
        """The id of an account named by id or by name, in any case; an id wins. Raises AccountNotFound.

        A name means the account that is not deleted.
        """
        rows = payloads.execute(
            self._connection.cursor(),
            "select account_id, cast(account_id as varchar) = $account as is_id, is_deleted from accounts "
            "where cast(account_id as varchar) = $account or lower(trim(account_name)) = lower($account) "
            "order by account_id",
            {"account": _text(account).strip()},
        )
        by_id = [account_id for account_id, is_id, _ in rows if is_id]
        matches = by_id or [account_id for account_id, _, is_deleted in rows if not is_deleted]
        if rows and not matches:
            ids = ", ".join(str(row[0]) for row in rows)
            raise AccountNotFound(f"the account {str(account)!r} is deleted: name it by its id ({ids})")
        if not matches:
            raise AccountNotFound(
                f"there is no account {str(account)!r}; igny8 sites lists each site's account"
            )
        if len(matches) > 1:
            raise AccountNotFound(
                f"several accounts are called {str(account)!r}: name one by its id ({', '.join(map(str, matches))})"
            )
        return int(matches[0])

    def compare_runs(self, site: int | str, run_a: str, run_b: str) -> Payload:
        """Two runs of the site, `run_b` beside `run_a`: stage by stage, the difference in credits as volume and rate.

        Raises RunNotFound, also for a run of another site.
        """
        site_id = self.resolve_site(site)
        a, b = (self._run_source_id(site_id, site, run_id) for run_id in (run_a, run_b))
        return payloads.compare(self._connection.cursor(), site_id, a, b)


def _text(name: int | str) -> str:
    """The name as text that a query takes: what is no UTF-8 in it, as in an argument of any bytes, names nothing."""
    return str(name).encode("utf-8", "backslashreplace").decode()


def _is_id(name: str) -> bool:
    """Whether a site or an account may have it as its id: the others are looked for by their names."""
    return name.isdecimal() and name == str(int(name[:LONGEST_ID]))


def warehouse_directory(directory: Path | str | None = None) -> Path:
    """The warehouse directory: the one named, else IGNY8_WAREHOUSE, else ./data."""
    return Path(directory or os.environ.get("IGNY8_WAREHOUSE") or "data")


def connect(
    directory: Path | str | None = None, version: str | None = None, limits: Limits | None = None
) -> Warehouse:
    """Open the current version of a warehouse directory (or the version named), read-only.

    `limits` bounds what its queries may take.

    Raises WarehouseNotFound where there is none, or none that can be read.
    """
    root = warehouse_directory(directory)
    current = lake.current_version(root)
    while True:
        try:
            return Warehouse(lake.find_version(root, version), limits)
        except WarehouseNotFound:
            before, current = current, lake.current_version(root)
            if current == before:  # else a load has published, and may have pruned what was just looked for
                raise
