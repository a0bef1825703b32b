"""A warehouse directory under everything that happens to one, in any order: nothing of anybody is lost.

The loads are real but for their data: a version holds the tables that grow, and a view that tells its instant. A kill
is an exception at a change of a file after which no other change goes through, so that nothing can be tidied up.
"""

import errno
import os
import shutil
import sys
import tempfile
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from igny8_analysis import Warehouse, WarehouseNotFound, connect
from igny8_analysis.etl import lake, loading
from igny8_analysis.etl.history import growing_rows
from tests.conftest import sampled
from tests.trust.faults import CHANGES

EXAMPLES = (50, 200)
EXAMPLES_SOAK = 5_000
STEPS = 14
BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
FOREIGN = (
    "versions/v1/model.bin",
    "versions/unfinished/x",
    "versions/.note",
    "versions/20200101T000000Z-0001/notes.txt",
    "versions/20200101T000000Z-0002/manifest.json",
    "versions/20990101T000000Z-0090/lake/runs.parquet",
    "demo.txt",
)

ran: Counter[str] = Counter()


class Killed(BaseException):
    """The process is dead."""


class Faults:
    """What a load's changes of files meet: a kill at the step of that number, folders without rights."""

    def __init__(self) -> None:
        self.is_on = False
        self.steps_left: int | None = None
        self.denied: set[Path] = set()

    def __enter__(self) -> None:
        self.is_on = True

    def __exit__(self, *exception: object) -> None:
        self.is_on = False

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        is_change = event in CHANGES or (event == "open" and bool(arguments[2] & os.O_CREAT))
        if not self.is_on or not (is_change or event == "shutil.rmtree"):
            return
        path = Path(str(arguments[0]))
        if any(path.is_relative_to(folder) for folder in self.denied):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        if is_change and self.steps_left is not None:
            if self.steps_left == 0:
                raise Killed
            self.steps_left -= 1


faults = Faults()
scratch = duckdb.connect()


class SourceError(Exception):
    """A load that fails."""


def make(version: lake.Version, previous: lake.Version | None, template: Path) -> dict[str, Any]:
    """A version's files, and what its manifest says of them."""
    shutil.copyfile(template, version.database)
    for table in ("loads", "pipeline_items"):
        before = f" union all from {growing_rows(scratch, previous, table)}" if previous else ""
        scratch.execute(
            f"copy (select {version.number}::bigint as load_number{before}) to '{version.lake / table}.parquet'"
        )
    tables: dict[str, Any] = {
        table: {"rows": 1, "bytes": 1, "sha256": lake.sha256(version.lake / f"{table}.parquet")}
        for table in ("loads", "pipeline_items")
    }
    tables |= {name: {"rows": 0, "bytes": 0} for name in ("runs", "value_findings", "quarantine")}
    return {
        "version": version.id,
        "load_number": version.number,
        "as_of": BEGAN.isoformat(),
        "source": {"kind": "model", "missing": []},
        "reconciliation": {"runs": {"source": 0}},
        "tables": tables,
        "database_bytes": version.database.stat().st_size,
        "database_crc32": lake.crc32(version.database),
        "duration_seconds": 0.1,
    }


@cache
def database() -> Path:
    """A file that `connect` takes for a warehouse."""
    file = Path(tempfile.mkdtemp(prefix="igny8-model-")) / "template.duckdb"
    with duckdb.connect(file) as connection:
        connection.execute(f"create table current_load as select '{BEGAN.isoformat()}'::timestamptz as as_of")
    return file


class Directory(RuleBasedStateMachine):
    """What is known of the directory: each version's history, the current one, foreign files, readers."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="igny8-model-"))
        self.root = self.folder / "data"
        faults.steps_left, faults.denied = None, set()
        self.published: dict[str, list[int]] = {}
        self.current: str | None = None
        self.foreign: dict[Path, str] = {}
        self.readers: list[Warehouse] = []
        self.away: dict[str, list[int]] = {}
        self.connected: str | None = None
        self.clock = 0
        self.template = database()

    @initialize(is_empty=st.sampled_from([False, False, False, True]))
    def begin(self, is_empty: bool) -> None:
        if not is_empty:
            self.load(3)

    def teardown(self) -> None:
        for id_ in self.published:
            self.has_its_history(id_)
        faults.denied.clear()
        for reader in self.readers:
            reader.close()
        shutil.rmtree(self.folder)

    # What happens

    @rule(keep=st.integers(1, 3))
    def load(self, keep: int) -> None:
        ran["load"] += 1
        if self.must_stop():
            self.stops()
            return
        self.load_now(keep)
        self.current = self.newest()
        for folder in lake.version_folders(self.root):
            is_left = folder.id not in self.published and loading.is_there(folder.marker)
            assert not is_left or folder.lake in faults.denied or folder.path in faults.denied, "swept"

    @rule(keep=st.integers(1, 3), after=st.sampled_from(["opening", "making"]))
    def load_that_fails(self, keep: int, after: str) -> None:
        ran["load that fails"] += 1
        if self.must_stop():
            self.stops()
            return
        is_first = not self.root.exists()
        before = self.files()
        was_unfinished = self.is_unfinished_first()
        with pytest.raises(SourceError):
            self.load_now(keep, fails_after=after)
        if was_unfinished and after == "making":
            self.current = self.newest()
        assert not (is_first and self.root.exists()), "a first load that fails leaves nothing"
        assert self.files() <= before | ({"current"} if was_unfinished else set()), "nothing new is left"

    @rule(keep=st.integers(1, 2), step=st.integers(0, 24))
    def load_that_is_killed(self, keep: int, step: int) -> None:
        ran["load that is killed"] += 1
        if self.must_stop():
            self.stops()
            return
        was_unfinished = self.is_unfinished_first()
        first = self.newest()
        may_go = set(self.may_be_pruned(keep - 1))
        faults.steps_left = step
        with suppress(Killed):
            self.load_now(keep, is_checked=False)
        faults.steps_left = None
        there = {version.id for version in lake.list_versions(self.root)}
        assert set(self.published) - there <= may_go, "no version goes but by --keep"
        (new,) = (there - set(self.published)) or {None}
        history = self.published.get((first if was_unfinished else self.current) or "", [])
        self.published = {id_: numbers for id_, numbers in self.published.items() if id_ in there}
        if new:
            self.published[new] = [*history, lake.Version(Path(new)).number]
        found = lake.current_version(self.root)
        named = found.id if found else None
        assert named in {self.current, new, first if was_unfinished else new}
        self.current = named

    @rule()
    def lose_current(self) -> None:
        if (self.root / "current").exists():
            ran["lose current"] += 1
            (self.root / "current").unlink()
            self.current = None

    @rule(data=st.data())
    @precondition(lambda self: self.published)
    def roll_back(self, data: st.DataObject) -> None:
        ran["roll back"] += 1
        chosen = data.draw(st.sampled_from(sorted(self.published)))
        before = self.files() | {"current", "load.lock"}
        loading.use_version(self.root, chosen)
        self.current = chosen
        assert self.files() <= before

    @rule(data=st.data())
    @precondition(lambda self: self.published)
    def set_current_by_hand(self, data: st.DataObject) -> None:
        ran["set current by hand"] += 1
        chosen = data.draw(st.sampled_from([*sorted(self.published), "20000101T000000Z-0001"]))
        (self.root / "current").write_text(chosen, encoding="utf-8")
        self.current = chosen

    @rule(data=st.data())
    @precondition(lambda self: self.not_read())
    def move_a_folder_away(self, data: st.DataObject) -> None:
        ran["move a folder away"] += 1
        chosen = data.draw(st.sampled_from(self.not_read()))
        (self.folder / "away").mkdir(exist_ok=True)
        shutil.move(self.root / "versions" / chosen, self.folder / "away" / chosen)
        self.away[chosen] = self.published.pop(chosen)

    @rule(data=st.data())
    @precondition(lambda self: self.away)
    def restore_a_folder(self, data: st.DataObject) -> None:
        ran["restore a folder"] += 1
        chosen = data.draw(st.sampled_from(sorted(self.away)))
        shutil.move(self.folder / "away" / chosen, self.root / "versions" / chosen)
        self.published[chosen] = self.away.pop(chosen)

    @rule(place=st.sampled_from(FOREIGN))
    def plant(self, place: str) -> None:
        ran["plant a foreign file"] += 1
        file = self.root / place
        if file in self.foreign or (place.endswith("manifest.json") and not self.published):
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"precious {place}", encoding="utf-8")
        self.foreign[file] = f"precious {place}"

    @rule(data=st.data(), is_all=st.booleans())
    @precondition(lambda self: self.published)
    def take_rights_away(self, data: st.DataObject, is_all: bool) -> None:
        """In a version's folder: nothing in it can be removed; or in its lake: what is left reads as nothing."""
        ran["take rights away"] += 1
        chosen = self.root / "versions" / data.draw(st.sampled_from(sorted(self.published)))
        faults.denied.add(chosen if is_all else chosen / "lake")

    @rule()
    def give_rights_back(self) -> None:
        if faults.denied:
            ran["give rights back"] += 1
            faults.denied.clear()

    @rule(data=st.data())
    @precondition(lambda self: self.published and len(self.readers) < 3)
    def open_a_reader(self, data: st.DataObject) -> None:
        ran["open a reader"] += 1
        self.readers.append(connect(self.root, data.draw(st.sampled_from(sorted(self.published)))))

    @rule()
    def close_a_reader(self) -> None:
        if self.readers:
            ran["close a reader"] += 1
            reader = self.readers.pop(0)
            assert reader.sql("from current_load").fetchall() == [(BEGAN,)]
            reader.close()

    # What must hold

    @invariant()
    def no_foreign_file_is_touched(self) -> None:
        for file, text in self.foreign.items():
            assert file.read_text(encoding="utf-8") == text

    @invariant()
    def no_version_is_lost(self) -> None:
        assert {version.id for version in lake.list_versions(self.root)} == set(self.published)

    def has_its_history(self, id_: str | None) -> None:
        """The version named, or the current one, can be read and holds the counts of all loads it came from."""
        with connect(self.root, id_) as warehouse:
            assert warehouse.version == (id_ or self.current)
            for table in ("loads", "pipeline_items"):
                rows = scratch.execute(
                    f"from '{warehouse.path}/lake/{table}.parquet' order by all"
                ).fetchall()
                assert [number for (number,) in rows] == sorted(self.published[warehouse.version])

    @invariant()
    def readers_read_on_and_their_versions_stay(self) -> None:
        for reader in self.readers:
            assert reader.version in self.published

    @invariant()
    def connecting_works_or_says_what_to_do(self) -> None:
        if self.current in self.published:
            if self.connected != self.current:
                self.has_its_history(None)
            self.connected = self.current
            return
        self.connected = None
        with pytest.raises(WarehouseNotFound) as told:
            connect(self.root)
        assert ("--use" if self.published else "igny8 etl") in str(told.value) or "backup" in str(told.value)

    # How it is done

    def load_now(self, keep: int, fails_after: str | None = None, is_checked: bool = True) -> None:
        self.clock += 1
        as_of = BEGAN + timedelta(days=self.clock)
        with faults, loading.loading(self.root) as this:
            if fails_after == "opening":
                raise SourceError
            previous = this.previous
            this.sweep()
            version = this.begin(as_of)
            manifest = make(version, previous, self.template)
            if fails_after:
                raise SourceError
            this.publish(manifest)
            if is_checked:
                self.published[version.id] = [
                    *(self.published[previous.id] if previous else []),
                    version.number,
                ]
                expected = set(self.may_be_pruned(keep, version.id))
            this.prune(keep)
        if is_checked:
            held = expected & {reader.version for reader in self.readers}
            stay = {id_ for id_ in expected - held if self.root / "versions" / id_ in faults.denied}
            there = {version.id for version in lake.list_versions(self.root)}
            assert set(this.held) == held
            assert set(self.published) - there == expected - held - stay, "no version goes but by --keep"
            assert not stay or this.warnings, "what cannot be removed is told"
            self.published = {id_: numbers for id_, numbers in self.published.items() if id_ in there}

    def may_be_pruned(self, keep: int, current: str | None = None) -> list[str]:
        order = sorted(self.published, key=lambda id_: (lake.Version(Path(id_)).number, id_), reverse=True)
        return [id_ for id_ in order[keep:] if id_ != current]

    def not_read(self) -> list[str]:
        return sorted(set(self.published) - {reader.version for reader in self.readers})

    def newest(self) -> str | None:
        return next(iter(self.may_be_pruned(0)), None)

    def is_unfinished_first(self) -> bool:
        """Whether a first load was killed between its manifest and `current`: the next one ends it."""
        whole = [v for v in lake.version_folders(self.root) if v.manifest_file.exists()]
        return (
            self.current is None
            and len(whole) == 1
            and whole[0].id in self.published
            and whole[0].marker.exists()
        )

    def must_stop(self) -> bool:
        whole = [v for v in lake.version_folders(self.root) if v.manifest_file.exists()]
        if self.current is None:
            return bool(whole) and not self.is_unfinished_first()
        return not (self.root / "versions" / self.current).exists()

    def stops(self) -> None:
        before = self.files()
        with pytest.raises(WarehouseNotFound, match=r"--use|backup"):
            self.load_now(3)
        assert self.files() == before
        ran["load that stops"] += 1

    def files(self) -> set[str]:
        return {str(path.relative_to(self.root)) for path in self.root.rglob("*")}


@pytest.fixture
def no_flush(monkeypatch: pytest.MonkeyPatch) -> None:
    """No power is lost here."""
    monkeypatch.setattr("os.fsync", lambda descriptor: None)


@cache
def install() -> None:
    """Once a process: nothing can take it away again."""
    sys.addaudithook(faults)


def explore(examples: int, *, is_random: bool) -> None:
    ran.clear()
    install()
    run_state_machine_as_test(
        Directory,
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=not is_random,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    print(f"\n{examples} examples:", ", ".join(f"{name} {times:,}" for name, times in sorted(ran.items())))


@pytest.mark.parametrize("examples", sampled(EXAMPLES, 1))
def test_nothing_is_lost_in_any_order(no_flush: None, examples: int) -> None:
    explore(examples, is_random=False)
    assert min(ran.values()) >= examples // 40, "each rule had its turn"
    assert len(ran) == 14


def test_a_first_load_that_was_killed_at_the_last_step_is_ended_without_rights_too(no_flush: None) -> None:
    """What the long search found."""
    install()
    state = Directory()
    state.load_that_is_killed(keep=1, step=11)
    assert state.is_unfinished_first()
    faults.denied.add(state.root / "versions" / str(state.newest()))
    state.load(keep=1)
    state.no_version_is_lost()
    state.connecting_works_or_says_what_to_do()
    state.teardown()


@pytest.mark.soak
def test_nothing_is_lost_in_any_order_for_long(no_flush: None) -> None:
    explore(EXAMPLES_SOAK, is_random=True)
