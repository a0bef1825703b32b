"""Make reports: which there are to make, where each goes, and the work itself on one or more warm kernels.

A link is written only where the file it names exists. So run reports come before the overview that links to
them, and the index before and after all; a site that has no overview yet gets one first, for its runs to link to.
"""

from __future__ import annotations

import queue
import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from igny8_analysis import NOTEBOOKS
from igny8_analysis.errors import ReportError
from igny8_analysis.etl.errors import Igny8Error
from igny8_analysis.etl.files import sweep
from igny8_analysis.etl.lake import refuse_own_file
from igny8_analysis.queries import read_query
from igny8_analysis.reports import names
from igny8_analysis.reports.engine import (
    Stopped,
    WarmKernel,
    end_event_loop,
    execute,
    free_parameters,
)
from igny8_analysis.reports.fingerprints import Digests, code_digest, digest
from igny8_analysis.reports.neighbours import RunPage, link_runs
from igny8_analysis.reports.page import notebook_page, page
from igny8_analysis.reports.progress import Progress
from igny8_analysis.reports.publish import (
    check_folder,
    check_place,
    publish,
    refuse_foreign,
    stamp_of,
)
from igny8_analysis.reports.rows import as_shown, resolve_run, statement_month
from igny8_analysis.reports.words import ALERTS_IN_SHORT
from igny8_analysis.text import cut

if TYPE_CHECKING:
    from igny8_analysis.connection import Warehouse

OVERVIEW = NOTEBOOKS / "overview.ipynb"
RUN_DETAIL = NOTEBOOKS / "run_detail.ipynb"
COMPARE = NOTEBOOKS / "compare.ipynb"
ACCOUNT = NOTEBOOKS / "account.ipynb"
STATEMENT = NOTEBOOKS / "statement.ipynb"
INDEX_FILE = "index.html"
INDEX_LINK = "../index.html"


@dataclass(frozen=True)
class Task:
    """One report to make: a notebook with its parameters, and where its page goes under which title."""

    notebook: Path
    parameters: dict[str, Any]
    target: Path
    title: str
    stamp: str


@dataclass(frozen=True)
class Options:
    """How reports are made: `jobs` kernels at once, fresh ones with `is_isolated`, all or only changed ones."""

    jobs: int = 1
    is_isolated: bool = False
    is_interactive: bool = False
    only_changed: bool = False
    is_quiet: bool = False
    with_balance: bool = False


@dataclass
class Outcome:
    """What came of a call: files made, files left as they were, and the last error of each file that failed."""

    made: set[Path] = field(default_factory=set)
    unchanged: set[Path] = field(default_factory=set)
    failed: dict[Path, Igny8Error] = field(default_factory=dict)


class Reports:
    """Makes the reports of one version of a warehouse directory.

    As a context manager it keeps its kernels warm from call to call, and ends them on leaving; otherwise
    each call starts its own.
    """

    def __init__(self, warehouse: Warehouse, root: Path, options: Options | None = None) -> None:
        """`root` is the warehouse directory that `warehouse` was opened from."""
        self._warehouse = warehouse
        self._root = root.resolve()
        self._options = options or Options()
        self.outcome = Outcome()
        self._kernels: list[WarmKernel] = []
        self._stop = threading.Event()
        self._depth = 0
        self._asked: dict[tuple[Path, int | None], Digests] = {}

    def __enter__(self) -> Reports:
        self._depth += 1
        return self

    def __exit__(self, *exception: object) -> None:
        self._depth -= 1
        if not self._depth:
            self._close()

    def account(self, account: int | str, file: Path | None = None) -> Path:
        """Make an account's report and return its file. `account` is an id or a name."""
        self.outcome = Outcome()
        account_id = self._warehouse.resolve_account(account)
        target = file or self._root / "reports" / self._account_file(account_id)
        digests = self._digests(ACCOUNT, ("account_id",), account_id)
        self._work([self._account_task(account_id, target, digests)], named=file)
        self._raise_first()
        return target

    def statement(self, account: int | str, month: str | None = None, file: Path | None = None) -> Path:
        """Make an account's statement of a month, as 2026-02, or of the last whole one, and return its file.

        Raises UsageError for what is no month, or one that has not begun.
        """
        self.outcome = Outcome()
        account_id = self._warehouse.resolve_account(account)
        chosen = statement_month(self._warehouse, month)
        target = file or self._root / "reports" / self._statement_file(account_id, chosen)
        self._work(self._statement_tasks({account_id: target}, chosen), named=file)
        self._raise_first()
        return target

    def compare(self, site: int | str, run_a: int | str, run_b: int | str, file: Path | None = None) -> Path:
        """Make the report of run B beside run A, each named as for `run`, and return its file."""
        self.outcome = Outcome()
        site_id = self._warehouse.resolve_site(site)
        pair = [resolve_run(self._warehouse, site_id, run) for run in (run_a, run_b)]
        found = self._warehouse.sql(
            "select id, run_number, run_title, shares_number from runs where site_id = $site and id in ($a, $b)",
            {"site": site_id, "a": pair[0], "b": pair[1]},
        ).fetchall()
        titles = {source_id: title for source_id, _, title, _ in found}
        files = {
            source_id: names.run_file(number, source_id, is_shared=is_shared)
            for source_id, number, _, is_shared in found
        }
        a, b = pair
        target = file or self._folder(site_id) / names.pair_file(files[a], files[b])
        title = f"{titles[b]} beside {titles[a]}"
        self._work([self._pair_task(site_id, a, b, title, target, files)], named=file)
        self._link_runs(site_id, target.parent, self._newest_runs(site_id, None))
        self._raise_first()
        return target

    def overview(
        self, site: int | str, file: Path | None = None, extra: dict[str, Any] | None = None
    ) -> Path:
        """Make a site's overview and return its file. `extra` are further parameters of the notebook.

        Raises UsageError for one that the notebook lacks, or that says what the report is of.
        """
        self.outcome = Outcome()
        parameters = free_parameters(OVERVIEW, extra or {})
        site_id = self._warehouse.resolve_site(site)
        folder = self._folder(site_id)
        target = file or folder / INDEX_FILE
        tasks = self._overview_tasks({site_id: target}, parameters)
        self._work(tasks, named=file)
        self._raise_first()
        return target

    def run(
        self, site: int | str, run: int | str, file: Path | None = None, extra: dict[str, Any] | None = None
    ) -> Path:
        """Make a run's report and return its file. `run` is a run_id, or a source id as a number.

        `extra` are further parameters of the notebook, as for `overview`.
        """
        self.outcome = Outcome()
        parameters = free_parameters(RUN_DETAIL, extra or {})
        site_id = self._warehouse.resolve_site(site)
        source_id = resolve_run(self._warehouse, site_id, run)
        ((number, title, is_shared),) = self._warehouse.sql(
            "select run_number, run_title, shares_number from runs where site_id = $site and id = $id",
            {"site": site_id, "id": source_id},
        ).fetchall()
        target = file or self._folder(site_id) / names.run_file(number, source_id, is_shared=is_shared)
        links = self._links(target.parent, site_id)
        digests = self._digests(RUN_DETAIL, ("site_id", "id"), site_id)
        self._work(
            [self._run_task(site_id, source_id, title, target, links, digests, parameters)], named=file
        )
        self._link_runs(site_id, target.parent, self._newest_runs(site_id, None))
        self._raise_first()
        return target

    def site(self, site: int | str, folder: Path | None = None, last: int | None = None) -> Path:
        """Make a site's overview and the reports of its `last` runs (None: all) in a folder; return it."""
        self.outcome = Outcome()
        site_id = self._warehouse.resolve_site(site)
        made = folder or self._folder(site_id)
        self._sites({site_id: made}, last)
        self._raise_first()
        return made

    def all(self, folder: Path | None = None, last: int | None = None) -> Path:
        """Make every site's and account's reports, each account's statement of the last whole month, and the index.

        Returns the index.
        """
        target = (folder or self._root / "reports") / INDEX_FILE
        labels = self._warehouse.sql(
            "select site_id, label from sites where is_live order by site_id"
        ).fetchall()
        folders = {site: target.parent / names.site_folder(site, label) for site, label in labels}
        live = self._warehouse.sql("select account_id from accounts where not is_deleted").fetchall()
        return self.some(folders, target, last, [account_id for (account_id,) in live])

    def some(
        self,
        folders: dict[int, Path],
        index: Path,
        last: int | None = None,
        accounts: Iterable[int] = (),
    ) -> Path:
        """Make the reports of some sites, each in its folder, of their accounts, and the index; return it.

        Of `accounts` the report and the statement of the last whole month are made too.
        """
        self.outcome = Outcome()
        refuse_foreign([index])
        if not _is_made(index, "index-"):
            self._index(index)
        owners = self._warehouse.sql("select site_id, account_id from sites").fetchall()
        statements = sorted(accounts)
        pages = {
            account_id for site_id, account_id in owners if site_id in folders and account_id is not None
        }
        month = statement_month(self._warehouse, None)
        self._sites(
            folders,
            last,
            {a: index.parent / self._account_file(a) for a in sorted(pages.union(statements))},
            {a: index.parent / self._statement_file(a, month) for a in statements},
        )
        self._index(index)
        self._raise_first()
        return index

    def _sites(
        self,
        folders: dict[int, Path],
        last: int | None,
        accounts: Mapping[int, Path] = MappingProxyType({}),
        statements: Mapping[int, Path] = MappingProxyType({}),
    ) -> None:
        """Make the runs of the sites, then their overviews, the statements of the last whole month, the accounts."""
        for folder in folders.values():
            check_folder(folder)
        refuse_foreign(
            [*(folder / INDEX_FILE for folder in folders.values()), *accounts.values(), *statements.values()]
        )
        only = next(iter(folders)) if len(folders) == 1 else None
        runs = [run for run in self._newest_runs(only, last) if run[0] in folders]
        lacking = [
            site_id
            for site_id in sorted({run[0] for run in runs})
            if INDEX_FILE not in self._links(folders[site_id], site_id)
        ]
        new_accounts = {
            account_id: file
            for account_id, file in accounts.items()
            if not _is_made(file, f"account-{account_id}-")
        }
        total = len(new_accounts) + len(lacking) + len(runs) + len(folders) + len(accounts) + len(statements)
        with Progress(total, is_quiet=self._options.is_quiet) as progress, self:
            self._accounts(new_accounts, progress)
            self._overviews({site_id: folders[site_id] for site_id in lacking}, progress)
            links = {site_id: self._links(folder, site_id) for site_id, folder in folders.items()}
            digests = self._digests(RUN_DETAIL, ("site_id", "id"), only)
            tasks = [
                self._run_task(
                    site_id,
                    source_id,
                    title,
                    folders[site_id] / names.run_file(number, source_id, is_shared=is_shared),
                    links[site_id],
                    digests,
                    {},
                )
                for site_id, source_id, number, title, is_shared in runs
            ]
            self._work(tasks, progress)
            every = runs if last is None else self._newest_runs(only, None)
            for site_id, its in groupby(every, itemgetter(0)):
                if site_id in folders:
                    self._link_runs(site_id, folders[site_id], list(its))
            self._overviews(folders, progress)
            month = statement_month(self._warehouse, None)
            self._work(self._statement_tasks(statements, month), progress)
            self._accounts(accounts, progress)

    def _accounts(self, files: Mapping[int, Path], progress: Progress) -> None:
        if files:
            digests = self._digests(ACCOUNT, ("account_id",), next(iter(files)) if len(files) == 1 else None)
            tasks = [self._account_task(account_id, file, digests) for account_id, file in files.items()]
            self._work(tasks, progress)

    def _overviews(self, folders: dict[int, Path], progress: Progress) -> None:
        files = {site_id: folder / INDEX_FILE for site_id, folder in folders.items()}
        self._work(self._overview_tasks(files, {}), progress)

    def _link_runs(self, site_id: int, folder: Path, runs: list[tuple[Any, ...]]) -> None:
        """Link the pages of a site's runs in a folder with each other and with the comparisons made."""
        pages = [
            RunPage(id_, number, cut(title), names.run_file(number, id_, is_shared=is_shared))
            for _, id_, number, title, is_shared in runs
        ]
        link_runs(folder, site_id, pages)

    def _newest_runs(self, site_id: int | None, last: int | None) -> list[tuple[Any, ...]]:
        """Return (site_id, id, run_number, run_title, shares_number) of the newest runs of a site, or of each."""
        query = """
            select site_id, id, run_number, run_title, shares_number from runs
            where $site is null or site_id = $site
            qualify $last is null
                or row_number() over (partition by site_id order by started_at desc, id desc) <= $last
            order by site_id, started_at, id
        """
        return self._warehouse.sql(query, {"site": site_id, "last": last}).fetchall()

    def _run_task(
        self,
        site_id: int,
        source_id: int,
        title: str,
        target: Path,
        links: frozenset[str],
        digests: Digests,
        extra: dict[str, Any],
    ) -> Task:
        parameters = {"run": source_id, "links": sorted(links), "interactive": self._options.is_interactive}
        parameters |= extra
        stamp = f"run-{site_id}-{source_id}-{digests.of(site_id, source_id, title=title, **parameters)}"
        return Task(RUN_DETAIL, self._of(site_id) | parameters, target, title, stamp)

    def _overview_tasks(self, files: Mapping[int, Path], extra: dict[str, Any]) -> list[Task]:
        """Return the overviews of sites, each into its file; what they show is asked of all of them at once."""
        only = next(iter(files)) if len(files) == 1 else None
        if not files:
            return []
        digests = self._digests(OVERVIEW, ("site_id",), only)
        where = "true" if only is None else f"s.site_id = {only}"
        sites = self._warehouse.sql(
            "select s.site_id, s.label, s.account_id, coalesce(a.account_name, '') from sites as s "
            f"left join accounts as a on a.account_id = s.account_id where {where}"
        ).fetchall()
        runs: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
        for run in self._newest_runs(only, names.HISTORY_LIMIT):
            runs[run[0]].append(run)
        tasks = {}
        for site_id, label, account_id, account_name in sites:
            if site_id not in files:
                continue
            target = files[site_id]
            links = self._links(target.parent, site_id) & {INDEX_LINK}
            if account_id is not None:
                file = names.account_file(account_id, account_name)
                if _is_made(target.parent.parent / file, f"account-{account_id}-"):
                    links |= {f"../{file}"}
            parameters: dict[str, Any] = {
                "linked": _linked_runs(runs[site_id], target.parent),
                "links": sorted(links),
                "interactive": self._options.is_interactive,
                "with_balance": self._options.with_balance,
            }
            parameters |= extra
            stamp = f"site-{site_id}-{digests.of(site_id, **parameters)}"
            tasks[site_id] = Task(OVERVIEW, self._of(site_id) | parameters, target, label, stamp)
        return [tasks[site_id] for site_id in files]

    def _digests(self, notebook: Path, keys: tuple[str, ...], owner: int | None) -> Digests:
        """Return the digests of what a notebook shows, asked once for all owners or for one."""
        found = self._asked.get((notebook, owner)) or self._asked.get((notebook, None))
        if found is None:
            found = self._asked[notebook, owner] = Digests(self._warehouse, notebook, keys, owner)
        return found

    def _pair_task(
        self, site_id: int, a: int, b: int, title: str, target: Path, files: dict[int, str]
    ) -> Task:
        made = {
            file
            for source_id, file in files.items()
            if _is_made(target.parent / file, f"run-{site_id}-{source_id}-")
        }
        links = sorted(self._links(target.parent, site_id) | made)
        parameters = {"run_a": a, "run_b": b, "links": links}
        key = digest(code_digest(COMPARE), self._warehouse.version, links)
        stamp = f"compare-{site_id}-{a}-{b}-{key}"
        return Task(COMPARE, self._of(site_id) | parameters, target, title, stamp)

    def _account_task(self, account_id: int, target: Path, digests: Digests) -> Task:
        sites = self._account_sites[account_id]
        parameters = {
            "warehouse": str(self._root),
            "version": self._warehouse.version,
            "account": account_id,
            "linked": [
                site_id for site_id, label in sites if self._overview_link(site_id, label, target.parent)
            ],
            "links": ([INDEX_FILE] if _is_made(target.parent / INDEX_FILE, "index-") else [])
            + self._statements(account_id, target.parent),
        }
        title = self._account_name(account_id) or f"Account {account_id}"
        key = digests.of(account_id, linked=parameters["linked"], links=parameters["links"])
        return Task(ACCOUNT, parameters, target, title, f"account-{account_id}-{key}")

    def _statement_tasks(self, files: Mapping[int, Path], month: str) -> list[Task]:
        if not files:
            return []
        only = next(iter(files)) if len(files) == 1 else None
        digests = self._digests(STATEMENT, ("account_id",), only)
        return [self._statement_task(account_id, month, file, digests) for account_id, file in files.items()]

    def _statement_task(self, account_id: int, month: str, target: Path, digests: Digests) -> Task:
        file = self._account_file(account_id)
        parameters = {
            "warehouse": str(self._root),
            "version": self._warehouse.version,
            "account": account_id,
            "month": month,
            "links": [file] if _is_made(target.parent / file, f"account-{account_id}-") else [],
        }
        key = digests.of(account_id, month=month, links=parameters["links"])
        title = f"{self._account_name(account_id) or f'Account {account_id}'}: statement of {month}"
        return Task(STATEMENT, parameters, target, title, f"statement-{account_id}-{month}-{key}")

    def _statement_file(self, account_id: int, month: str) -> str:
        return names.statement_file(account_id, self._account_name(account_id), month)

    def _statements(self, account_id: int, folder: Path) -> list[str]:
        """Return the file names of the account's statements in a folder, the latest month first."""
        pattern = self._statement_file(account_id, "[12][0-9][0-9][0-9]-[01][0-9]")
        found = (file for file in folder.glob(pattern) if _is_made(file, f"statement-{account_id}-"))
        return sorted((file.name for file in found), reverse=True)

    def _account_name(self, account_id: int) -> str:
        """Return the account's name, empty where it has none."""
        return self._account_names.get(account_id, "")

    @cached_property
    def _account_names(self) -> dict[int, str]:
        query = "select account_id, coalesce(account_name, '') from accounts"
        return dict(self._warehouse.sql(query).fetchall())

    @cached_property
    def _account_sites(self) -> dict[int, list[tuple[int, str]]]:
        """Return by account the ids and labels of its sites that are not deleted."""
        sites: dict[int, list[tuple[int, str]]] = defaultdict(list)
        query = "select account_id, site_id, label from sites where is_live and account_id is not null order by site_id"
        for account_id, site_id, label in self._warehouse.sql(query).fetchall():
            sites[account_id].append((site_id, label))
        return sites

    def _account_file(self, account_id: int) -> str:
        return names.account_file(account_id, self._account_name(account_id))

    def _of(self, site_id: int) -> dict[str, Any]:
        return {"warehouse": str(self._root), "version": self._warehouse.version, "site": site_id}

    def _folder(self, site_id: int) -> Path:
        ((label,),) = self._warehouse.sql(f"select label from sites where site_id = {site_id}").fetchall()
        return self._root / "reports" / names.site_folder(site_id, label)

    def _links(self, folder: Path, site_id: int) -> frozenset[str]:
        """Return which of the pages above a run's report exist, as addresses relative to it."""
        places = {
            INDEX_FILE: (folder / INDEX_FILE, f"site-{site_id}-"),
            INDEX_LINK: (folder.parent / INDEX_FILE, "index-"),
        }
        return frozenset(link for link, (file, prefix) in places.items() if _is_made(file, prefix))

    def _overview_link(self, site_id: int, label: str, folder: Path) -> str | None:
        """Return the address of a site's overview from a page in `folder`, None where it does not exist."""
        link = f"{names.site_folder(site_id, label)}/{INDEX_FILE}"
        return link if _is_made(folder / link, f"site-{site_id}-") else None

    def _index(self, target: Path) -> None:
        sites = self._warehouse.rows(read_query("index_sites"))
        accounts = {site["account_id"]: site["account_name"] or "" for site in sites}
        account_links = {
            account_id: file
            for account_id, file in ((id_, names.account_file(id_, name)) for id_, name in accounts.items())
            if _is_made(target.parent / file, f"account-{account_id}-")
        }
        for site in sites:
            site["link"] = self._overview_link(site["site_id"], site["label"], target.parent)
            site["account_link"] = account_links.get(site["account_id"])
        context = {
            "sites": list(map(as_shown, sites)),
            "as_of": self._warehouse.as_of,
            "version": self._warehouse.version,
            "words": ALERTS_IN_SHORT,
        }
        links = [(site["link"], site["account_link"]) for site in sites]
        key = digest(code_digest(OVERVIEW), self._warehouse.version, links)
        publish(target, page("index.html.j2", "All sites", f"index-{key}", **context))
        self.outcome.made.add(target)

    def _raise_first(self) -> None:
        if self.outcome.failed:
            file, error = next(iter(self.outcome.failed.items()))
            if len(self.outcome.failed) == 1:
                raise error
            msg = f"{len(self.outcome.failed)} reports failed, the first {file.name}: {error}"
            raise ReportError(msg)

    def _work(
        self, tasks: Sequence[Task], progress: Progress | None = None, named: Path | None = None
    ) -> None:
        """Make the tasks on up to `jobs` kernels. A failed one is noted and does not stop the others.

        Raises UsageError for a file of the warehouse's, and for one that is there, is none of ours and not `named`.
        """
        for task in tasks:
            refuse_own_file(task.target)
        refuse_foreign(task.target for task in tasks if task.target != named)
        for folder in {task.target.parent for task in tasks}:
            check_folder(folder)
            sweep(folder)
        if named:
            check_place(named)
        pending: queue.SimpleQueue[Task] = queue.SimpleQueue()
        for task in self._changed(tasks, progress):
            pending.put(task)
        count = min(self._options.jobs, pending.qsize())
        self._kernels += [WarmKernel(self._stop) for _ in range(count - len(self._kernels))]
        with self, ThreadPoolExecutor(count or 1) as pool:
            try:
                workers = [
                    pool.submit(self._worker, pending, kernel, progress) for kernel in self._kernels[:count]
                ]
                for worker in workers:
                    worker.result()
            except BaseException:
                self._stop.set()
                raise

    def _close(self) -> None:
        """End the kernels, in a thread as all that is done with them."""

        def close() -> None:
            for kernel in self._kernels:
                with kernel.in_use:  # still, where a second signal ended the wait for the workers
                    kernel.close()
            end_event_loop()

        if self._kernels:
            closing = threading.Thread(target=close)
            closing.start()
            closing.join()
            self._kernels.clear()

    def _changed(self, tasks: Iterable[Task], progress: Progress | None) -> list[Task]:
        if not self._options.only_changed:
            return list(tasks)
        changed = []
        for task in tasks:
            if stamp_of(task.target) == task.stamp:
                self.outcome.unchanged.add(task.target)
                if progress:
                    progress.advance()
            else:
                changed.append(task)
        return changed

    def _worker(
        self, pending: queue.SimpleQueue[Task], kernel: WarmKernel, progress: Progress | None
    ) -> None:
        try:
            with kernel.in_use:
                while not self._stop.is_set():
                    task = pending.get_nowait()
                    try:
                        self._make(task, kernel)
                        self.outcome.made.add(task.target)
                        self.outcome.failed.pop(task.target, None)
                    except Igny8Error as error:
                        self.outcome.failed[task.target] = error
                    if self._options.is_isolated:
                        kernel.close()
                    if progress:
                        progress.advance()
        except (queue.Empty, Stopped):
            pass
        finally:
            end_event_loop()

    def _make(self, task: Task, kernel: WarmKernel) -> None:
        executed = execute(task.notebook, task.parameters, kernel)
        publish(
            task.target,
            notebook_page(
                executed, task.title, task.stamp, is_interactive=bool(task.parameters.get("interactive"))
            ),
        )


def _is_made(file: Path, prefix: str) -> bool:
    """Whether a file is a published report whose stamp begins so."""
    return stamp_of(file).startswith(prefix)


def _linked_runs(runs: Iterable[tuple[Any, ...]], folder: Path) -> list[int]:
    """Return the source ids of those of a site's runs whose report lies in a folder, under its present name."""
    return sorted(
        source_id
        for site_id, source_id, number, _, is_shared in runs
        if _is_made(
            folder / names.run_file(number, source_id, is_shared=is_shared), f"run-{site_id}-{source_id}-"
        )
    )
