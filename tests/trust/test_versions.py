"""A warehouse directory belongs to its owner: what no load of ours left unfinished is never removed or written over."""

import fcntl
import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from igny8_analysis import WarehouseNotFound, connect
from igny8_analysis.etl import lake
from igny8_analysis.etl import loading as loading_module
from igny8_analysis.etl.errors import LoadError
from igny8_analysis.etl.loading import loading, locked
from igny8_analysis.load import Abandoned, load
from igny8_analysis.load import _goes_on_from as goes_on_from
from igny8_analysis.rebuild import rebuild
from igny8_analysis.reports.names import site_folder
from tests.cases import AS_OF, items, make_source, run, site
from tests.command import igny8
from tests.lakes import grow, in_lake
from tests.pages import notebooks_here
from tests.trust.processes import assert_told

FOREIGN_ID = "20200101T000000Z-0007"


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The n-th has n runs and n keywords."""
    folder = tmp_path_factory.mktemp("sources")
    urls = ["sqlite:///nosuch"]
    for count in (1, 2, 3, 4):
        rows = [run(n, f"2026-02-0{n}T08:00:00Z") for n in range(1, count + 1)]
        file = folder / f"{count}.sqlite"
        make_source(file, [site(1, "a.example")], rows, items("keywords", "new", count))
        urls.append(f"sqlite:///{file}")
    return urls


@pytest.fixture(scope="module")
def loaded(sources: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three loads."""
    root = tmp_path_factory.mktemp("loaded") / "data"
    for source in sources[1:4]:
        load(source, root, is_full=True)
    return root


@pytest.fixture
def root(loaded: Path, tmp_path: Path) -> Path:
    """A warehouse of one's own, of three loads."""
    shutil.copytree(loaded, tmp_path / "data")
    return tmp_path / "data"


def ids(root: Path) -> list[str]:
    return [version.id for version in lake.list_versions(root)]


def contents(root: Path) -> dict[str, int | None]:
    """Every path, and of files when they changed."""
    return {
        str(path.relative_to(root)): path.stat().st_mtime_ns if path.is_file() else None
        for path in sorted(root.rglob("*"))
    }


COUNTS = "select load_number, sum(items)::bigint from lake.pipeline_items group by 1 order by 1"


def history(root: Path) -> list[tuple[int, int]]:
    """The loads that the current version's lake has the counts of, and how many items each."""
    counts = in_lake(root, COUNTS)
    assert [(number,) for number, _ in counts] == in_lake(
        root, "select load_number from lake.loads order by 1"
    )
    return counts


def history_told(root: Path) -> list[tuple[int, int]]:
    """The same, as who reads the warehouse finds it."""
    with connect(root) as warehouse:
        counts = warehouse.sql(COUNTS.replace("lake.", "")).fetchall()
    assert counts == history(root)
    return counts


def plant(root: Path) -> list[Path]:
    """Folders of other people in versions/, each with a file: one of any name, two that look like ours."""
    versions = root / "versions"
    planted = [versions / "v1" / "model.bin", versions / FOREIGN_ID / "notes.txt", versions / ".note"]
    planted += [versions / "20200101T000000Z-0008" / "manifest.json", versions / "unfinished" / "x"]
    for file in planted:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("precious", encoding="utf-8")
    (versions / "20200101T000000Z-0008" / "unfinished").write_text("", encoding="utf-8")
    return planted


def leftover(root: Path, number: int = 5) -> Path:
    """What a killed load leaves."""
    folder = root / "versions" / f"20260101T000000Z-{number:04d}"
    (folder / "lake").mkdir(parents=True)
    (folder / "unfinished").write_text("", encoding="utf-8")
    (folder / "lake" / "runs.parquet").write_text("half", encoding="utf-8")
    return folder


def test_only_what_a_load_of_ours_left_is_swept(root: Path, tmp_path: Path) -> None:
    planted, left = plant(root), leftover(root)
    empty, link = root / "versions" / "20260101T000000Z-0006", root / "versions" / "20260101T000000Z-0009"
    empty.mkdir()
    link.symlink_to(leftover(tmp_path))
    before = ids(root)
    with loading(root) as this:
        this.sweep()
    assert not left.exists()
    assert not empty.exists()
    assert all(file.read_text(encoding="utf-8") == "precious" for file in planted)
    assert (link / "lake" / "runs.parquet").exists()
    assert (ids(root), this.warnings) == (before, [])


def test_loads_build_and_demo_leave_foreign_folders_alone(
    sources: list[str], loaded: Path, tmp_path: Path
) -> None:
    root = tmp_path / "data"
    planted = plant(root)
    (root / "versions" / "20200101T000000Z-0008" / "manifest.json").unlink()
    assert_told(igny8("etl", "--source", sources[0], "--warehouse", root), 5, "nosuch")
    planted = [file for file in planted if file.exists()]
    grow(sources[1], root, AS_OF)
    rebuild(str(lake.find_version(loaded).lake), root)
    assert [version.number for version in lake.list_versions(root)] == [9, 8]
    assert all(file.read_text(encoding="utf-8") == "precious" for file in planted)
    assert len(planted) == 4


@pytest.mark.parametrize("current", ["as it was", "missing", "damaged", "set back"])
def test_a_load_that_fails_changes_nothing(root: Path, current: str) -> None:
    leftover(root)
    plant(root)
    if current == "missing":
        (root / "current").unlink()
    elif current != "as it was":
        name = ids(root)[-1] if current == "set back" else "../../etc"
        (root / "current").write_text(name, encoding="utf-8")
    before = contents(root)
    for command in (
        ["etl", "--source", "sqlite:///nosuch", "--warehouse"],
        ["build", "--lake", root, "--out"],
    ):
        done = igny8(*command, root)
        assert_told(done, 4 if current in ("missing", "damaged") and command[0] == "etl" else 5)
        assert contents(root) == before


def test_without_current_all_stop_and_say_how_to_choose(root: Path, sources: list[str]) -> None:
    (root / "current").unlink()
    before = contents(root)
    there = ids(root)
    choose = f"there are {', '.join(there)}: choose one with igny8 versions --use ID"
    assert_told(igny8("etl", "--source", sources[4], "--warehouse", root), 4, "`current` is missing", choose)
    assert_told(igny8("sites", "--warehouse", root), 4, "`current` is missing", choose)
    with pytest.raises(WarehouseNotFound, match="--use"):
        connect(root)
    listed = igny8("versions", "--warehouse", root, "--format", "json")
    assert [(row["version"], row["is_current"]) for row in json.loads(listed.stdout)] == [
        (id_, False) for id_ in there
    ]
    assert (listed.returncode, "--use" in listed.stderr) == (0, True)
    with connect(root, there[1]) as warehouse:
        assert warehouse.version == there[1]
    assert contents(root) == before
    assert igny8("versions", "--use", there[0], "--warehouse", root).returncode == 0
    assert history_told(root) == [(1, 1), (2, 2), (3, 3)]


@pytest.mark.parametrize("name", [FOREIGN_ID, "nonsense"])
def test_a_current_that_names_nothing_is_told(root: Path, sources: list[str], name: str) -> None:
    (root / "current").write_text(name, encoding="utf-8")
    assert_told(igny8("sites", "--warehouse", root), 4, "current", "igny8 versions --use ID")
    assert_told(igny8("etl", "--source", sources[4], "--warehouse", root), 4, "igny8 versions --use ID")
    assert len(ids(root)) == 3


def test_a_folder_in_the_place_of_current_is_named(root: Path) -> None:
    (root / "current").unlink()
    (root / "current").mkdir()
    assert_told(
        igny8("versions", "--use", ids(root)[0], "--warehouse", root), 5, f"{root}/current: Is a directory"
    )


def test_a_rollback_and_what_comes_after(root: Path, sources: list[str]) -> None:
    third, second, first = ids(root)
    before = contents(root)
    done = igny8("versions", "--use", first, "--warehouse", root)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"the counts of load 2, 3, which stay in {third}" in done.stdout
    after = contents(root)
    assert {path for path in before if before[path] != after.get(path)} == {"current"}
    assert before.keys() == after.keys()
    assert history_told(root) == [(1, 1)]
    with loading(root) as this:
        this.prune(keep=1)
    assert ids(root) == [third, first], "the newest, and the current one"
    report = load(sources[4], root)
    assert (ids(root)[0], report.version[-4:]) == (report.version, "0004")
    assert history_told(root) == [(1, 1), (4, 4)]
    with connect(root, third) as warehouse:
        assert warehouse.sql("select load_number from loads order by 1").fetchall() == [(1,), (2,), (3,)]
    assert_told(igny8("versions", "--use", second, "--warehouse", root), 4, second, "igny8 versions")
    with locked(root):
        assert_told(igny8("versions", "--use", third, "--warehouse", root), 5, "another load is running")


def test_a_warehouse_of_a_newer_format_is_loaded_into_by_nobody(root: Path, sources: list[str]) -> None:
    """Neither where the newest is newer, nor where that was rolled back; nothing of it is pruned."""
    manifest = lake.find_version(root).manifest_file
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text.replace(f'"format": {lake.FORMAT}', '"format": 1001'), encoding="utf-8")
    for version in (None, ids(root)[1]):
        if version:
            assert igny8("versions", "--use", version, "--warehouse", root).returncode == 0
        before = contents(root)
        for command in (["etl", "--source", sources[4], "--warehouse"], ["build", "--lake", root, "--out"]):
            if command[0] == "build":
                command[2] = root / "versions" / ids(root)[1] / "lake"
            assert_told(igny8(*command, root), 4, "1001", "upgrade igny8-analysis")
        assert contents(root) == before
    assert [row["runs"] for row in json.loads(igny8("versions", "--warehouse", root, "--format", "json").stdout)] == [
        None, 2, 1,
    ]  # fmt: skip


@pytest.mark.parametrize("is_there", [False, True], ids=["no folder", "an empty folder"])
def test_a_first_load_that_fails_leaves_nothing(sources: list[str], tmp_path: Path, is_there: bool) -> None:
    root = tmp_path / "new" / "data"
    if is_there:
        root.mkdir(parents=True)
    before = contents(tmp_path)
    assert_told(igny8("etl", "--source", sources[0], "--warehouse", root), 5, "nosuch")
    assert_told(igny8("build", "--lake", tmp_path, "--out", root), 5, "no lake")
    assert contents(tmp_path) == before

    def stop(step: str) -> None:
        if step in ("write runs", "publish"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load(sources[1], root, progress=stop)
    assert contents(tmp_path) == before


def test_an_interruption_after_the_switch_leaves_what_was_published(
    root: Path, sources: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def switch(*arguments: Any) -> None:
        real(*arguments)
        raise KeyboardInterrupt

    real = loading_module._switch
    monkeypatch.setattr(loading_module, "_switch", switch)
    with pytest.raises(KeyboardInterrupt):
        grow(sources[4], root, AS_OF)
    assert history(root) == [(1, 1), (2, 2), (3, 3), (4, 4)]


def test_a_demo_leaves_a_file_of_somebody_else_alone(tmp_path: Path) -> None:
    (tmp_path / "demo.sqlite").write_text("mine", encoding="utf-8")
    assert_told(igny8("demo", "--warehouse", tmp_path), 5, "demo.sqlite", "--warehouse")
    assert contents(tmp_path).keys() == {"demo.sqlite"}
    assert (tmp_path / "demo.sqlite").read_text(encoding="utf-8") == "mine"


def test_a_lock_that_is_another_file_by_then_is_taken_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failed first load removes its lock just as the next one has opened it; a third then finds the new one."""
    lock, flock, opened = tmp_path / "load.lock", fcntl.flock, []

    def late(descriptor: int, how: int) -> None:
        if not opened:
            opened.append(descriptor)
            lock.unlink()
        flock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", late)
    with locked(tmp_path), pytest.raises(LoadError, match="another load is running"), locked(tmp_path):
        pass


def test_removing_the_lock_never_lets_two_in(tmp_path: Path) -> None:
    """Processes that all fail, and so remove the lock and the folder, are inside one at a time."""
    root, inside = tmp_path / "data", tmp_path / "inside"
    times, processes = 60, 3

    def work() -> None:
        entered = 0
        while entered < times:
            try:
                with locked(root):
                    os.close(os.open(inside, os.O_CREAT | os.O_EXCL))
                    time.sleep(0.0005)
                    inside.unlink()
                    entered += 1
                    raise ZeroDivisionError
            except (ZeroDivisionError, LoadError):
                time.sleep(0.0005)

    children = []
    for _ in range(processes):
        if (child := os.fork()) == 0:
            try:
                work()
                os._exit(0)
            finally:
                os._exit(1)
        children.append(child)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * processes
    assert not inside.exists()


def test_what_cannot_be_removed_after_publishing_is_a_warning(root: Path, sources: list[str]) -> None:
    """By a user who may not write in the old version's folder; the next sweep skips what is left, and tells."""
    oldest = lake.list_versions(root)[-1]
    source = shutil.copy(sources[4].removeprefix("sqlite:///"), root / "s.sqlite")
    give_to_another(root, oldest.lake)
    for number in (4, 5):
        status, out, err = as_another(
            "etl", "--full", "--keep", 2, "--source", f"sqlite:///{source}", "--warehouse", root
        )
        assert (status, f"-000{number}" in out) == (0, True), err
        (line,) = err.splitlines()
        assert line.startswith("igny8: warning: ")
        assert oldest.id in line
        assert [version.number for version in lake.list_versions(root)] == [number, number - 1]
    assert oldest.lake.exists()
    assert not oldest.manifest_file.exists(), "it does not read as whole"


def give_to_another(root: Path, but: Path) -> None:
    """Make it a directory of which its owner may not change one folder."""
    if os.geteuid() != 0:
        but.chmod(0o500)
        return
    for path in (root, *root.rglob("*")):
        os.chown(path, 65534, 65534)
    for path in (but, *but.iterdir()):
        os.chown(path, 0, 0)
    for parent in root.parents:
        if parent.stat().st_uid == 0 and parent.name.startswith(("pytest-", "popen-", "test_")):
            parent.chmod(parent.stat().st_mode | 0o011)


def as_another(*arguments: object) -> tuple[int, str, str]:
    """Run a command in a process of its own, as an ordinary user."""
    read, write = os.pipe()
    if (child := os.fork()) == 0:
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            done = igny8(*arguments)
            os.write(write, json.dumps([done.returncode, done.stdout, done.stderr]).encode())
            os._exit(0)
        finally:
            os._exit(1)
    os.close(write)
    with os.fdopen(read, encoding="utf-8") as answer:
        text = answer.read()
    os.waitpid(child, 0)
    status, out, err = json.loads(text)
    return status, out, err


def test_a_version_that_is_read_is_not_pruned(root: Path, sources: list[str]) -> None:
    third, second, first = ids(root)
    reader, other = connect(root), connect(root, first)
    grow(sources[4], root, AS_OF, keep=1)
    newest = ids(root)[0]
    assert ids(root) == [newest, third, first]
    with loading(root) as this:
        this.prune(keep=1)
    assert (ids(root), this.held) == ([newest, third, first], [third, first])
    assert not (root / "versions" / second).exists()
    with connect(root, third) as again:
        assert again.sql("select count(*) from runs").fetchall() == [(3,)]
    reader.close()
    del other
    with loading(root) as this:
        this.prune(keep=1)
    assert (ids(root), this.held) == ([newest], [])
    with pytest.raises(WarehouseNotFound, match="igny8 versions"):
        connect(root, third)


@pytest.mark.parametrize("damage", ["cut", "bits", "gone", "older"])
@pytest.mark.parametrize("table", ["pipeline_items", "loads"])
def test_a_damaged_history_is_taken_from_the_database(
    root: Path, sources: list[str], table: str, damage: str
) -> None:
    if damage == "older":  # it reads well, and is not what was written
        files = [version.lake / f"{table}.parquet" for version in lake.list_versions(root)]
        shutil.copyfile(files[-1], files[0])
    else:
        harm(lake.find_version(root).lake / f"{table}.parquet", damage)
    grow(sources[4], root, AS_OF)
    assert history(root) == [(1, 1), (2, 2), (3, 3), (4, 4)]


@pytest.mark.slow
def test_a_load_over_a_damaged_history_makes_a_whole_warehouse(root: Path, sources: list[str]) -> None:
    for table in ("pipeline_items", "loads"):
        harm(lake.find_version(root).lake / f"{table}.parquet", "bits")
    load(sources[4], root)
    assert history_told(root) == [(1, 1), (2, 2), (3, 3), (4, 4)]


def harm(file: Path, damage: str) -> None:
    content = bytearray(file.read_bytes())
    if damage == "bits":
        content[len(content) // 3] ^= 255
    file.write_bytes(content if damage == "bits" else content[: len(content) // 2])
    if damage == "gone":
        file.unlink()


def test_a_history_that_is_nowhere_whole_is_told(root: Path, sources: list[str]) -> None:
    version = lake.find_version(root)
    for file in (version.lake / "loads.parquet", version.database):
        harm(file, "cut")
    before = contents(root)
    told_ = igny8("etl", "--source", sources[4], "--warehouse", root)
    assert_told(told_, 5, version.id, "damaged", "igny8 versions --use ID")
    assert contents(root) == before
    assert igny8("versions", "--use", ids(root)[1], "--warehouse", root).returncode == 0
    grow(sources[4], root, AS_OF)
    assert history(root) == [(1, 1), (2, 2), (4, 4)]


@pytest.mark.slow
def test_damage_that_shows_late_is_told(root: Path) -> None:
    """One block after the other is another one's: some are read as the file is opened, some by a query only."""
    database = lake.find_version(root).database
    whole = database.read_bytes()
    commands = (["overview", "1"], ["sql", "from run_stages"], ["history", "1"], ["quality"], ["sites"])
    late: list[int] = []
    for number, at in enumerate(range(3 * 4096 + 100, len(whole), 262_144)):
        content = bytearray(whole)
        content[at] ^= 255
        database.write_bytes(content)
        done = igny8(*commands[number % len(commands)], "--warehouse", root)
        if done.returncode:
            assert_told(done, 4, "igny8 etl")
            late += [at] if "is damaged" in done.stderr else []
    assert len(late) >= 2
    with notebooks_here():
        for at in late:
            content = bytearray(whole)
            content[at] ^= 255
            database.write_bytes(content)
            done = igny8("report", "overview", "1", "--quiet", "--warehouse", root)
            if done.returncode:
                break
    assert_told(done, 4, "igny8 etl")


@pytest.mark.parametrize(
    "key", ["format", "version", "as_of", "source", "tables", "reconciliation", "database_bytes"]
)
def test_an_incomplete_manifest_is_told(root: Path, sources: list[str], key: str) -> None:
    version = lake.find_version(root)
    manifest = json.loads(version.manifest_file.read_text(encoding="utf-8"))
    del manifest[key]
    version.manifest_file.write_text(json.dumps(manifest), encoding="utf-8")
    for words in (["sites"], ["quality"], ["overview", "1"], ["report", "overview", "1"]):
        assert_told(igny8(*words, "--warehouse", root), 4, version.id, "manifest")
    listed = igny8("versions", "--warehouse", root, "--format", "json")
    assert (listed.returncode, len(json.loads(listed.stdout))) == (0, 2)
    if key == "format":
        load(sources[4], root)
        assert history_told(root) == [(1, 1), (2, 2), (3, 3), (4, 4)], "a load mends it"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("source", {"kind": "sqlite", "missing": [1]}),
        ("source", {"kind": "sqlite", "missing": [], "changes": 5}),
        ("source", {"kind": "sqlite", "missing": [], "changes": [{"change": "new"}]}),
        ("tables", "sites"),
        ("tables", {}),
        ("reconciliation", {"runs": 5}),
        ("reconciliation", {"runs": {"source": 1}, "sites": {}}),
        ("duration_seconds", None),
    ],
)
def test_a_manifest_of_another_shape_is_told(root: Path, sources: list[str], key: str, value: Any) -> None:
    """Whatever of it is no more than a command reads, also where only a list of versions does."""
    version = lake.find_version(root)
    manifest = json.loads(version.manifest_file.read_text(encoding="utf-8"))
    manifest[key] = manifest[key] | {value: None} if isinstance(value, str) else value
    version.manifest_file.write_text(json.dumps(manifest), encoding="utf-8")
    for words in (["sites"], ["quality"]):
        assert_told(igny8(*words, "--warehouse", root), 4, version.id, "manifest")
    listed = igny8("versions", "--warehouse", root, "--format", "json")
    assert (listed.returncode, len(json.loads(listed.stdout))) == (0, 2)


def test_what_a_load_cannot_go_on_from_is_built_anew(root: Path, sources: list[str]) -> None:
    version = lake.find_version(root)
    whole = json.loads(version.manifest_file.read_text(encoding="utf-8"))
    tables = ({"runs": "many"}, 5, [1], None)
    for built in (*({"appended": appended} for appended in tables), [], 5):
        version.manifest_file.write_text(json.dumps(whole | {"built": built}), encoding="utf-8")
        _, why_all = goes_on_from(version, root / "copy", False, Abandoned())
        assert why_all == "the manifest of the load before is damaged", built
    for made, maker in (
        ({"engine": "duckdb"}, "igny8 build"),
        ({}, "another version of this program or of DuckDB"),
    ):
        version.manifest_file.write_text(json.dumps(whole | {"definition": None} | made), encoding="utf-8")
        assert goes_on_from(version, root / "copy", False, Abandoned())[1] == f"{maker} made the one before"
    version.manifest_file.write_text(json.dumps(whole | {"built": 5}), encoding="utf-8")
    (root / "copy").unlink()
    done = igny8("etl", "--source", sources[4], "--warehouse", root)
    assert (done.returncode, f"built everything: {why_all}" in done.stdout) == (0, True)
    assert history_told(root) == [(1, 1), (2, 2), (3, 3), (4, 4)]


@pytest.mark.parametrize(("place", "status"), [("load.lock", 5), ("current", 4)])
def test_a_fifo_keeps_nobody_waiting(root: Path, sources: list[str], place: str, status: int) -> None:
    make_fifo(root / place)
    assert_told(igny8("etl", "--source", sources[4], "--warehouse", root), status, place)
    assert (root / place).is_fifo()


def test_a_fifo_at_the_switch_keeps_nobody_waiting(root: Path, sources: list[str]) -> None:
    make_fifo(root / "current.new")
    before = contents(root)
    with pytest.raises(OSError, match="no regular file"):
        grow(sources[4], root, AS_OF)
    assert contents(root) == before


def test_a_fifo_in_other_versions_keeps_nobody_waiting(root: Path, sources: list[str]) -> None:
    fifos = [leftover(root) / "unfinished", lake.list_versions(root)[-1].manifest_file]
    for fifo in fifos:
        make_fifo(fifo)
    done = igny8("etl", "--full", "--keep", "1", "--source", sources[4], "--warehouse", root)
    assert (done.returncode, done.stderr.count("\n"), "warning" in done.stderr) == (0, 1, True), done.stderr
    assert all(fifo.is_fifo() for fifo in fifos)


def make_fifo(path: Path) -> None:
    """A FIFO in the place of a file."""
    path.unlink(missing_ok=True)
    os.mkfifo(path)


@pytest.mark.parametrize("name", ["warehouse.duckdb", "lake/runs.parquet", "lake/loads.parquet"])
def test_a_fifo_in_a_version_keeps_nobody_waiting(root: Path, sources: list[str], name: str) -> None:
    """The version cannot be read; another can be chosen, and is gone on from."""
    newest, *_, oldest = lake.list_versions(root)
    make_fifo(newest.path / name)
    for words in (["sites"], ["etl", "--source", sources[4]], ["versions", "--use", newest.id]):
        assert_told(igny8(*words, "--warehouse", root), 4, name, "no regular file", "versions --use ID")
    chosen = igny8("versions", "--use", oldest.id, "--warehouse", root)
    assert (chosen.returncode, "no regular file" in chosen.stderr) == (0, True)
    grow(sources[4], root, AS_OF)
    assert (newest.path / name).is_fifo()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["warehouse.duckdb", "lake/runs.parquet", "lake/loads.parquet"])
def test_a_load_goes_on_from_a_chosen_version_beside_one_with_a_fifo(
    root: Path, sources: list[str], name: str
) -> None:
    newest, *_, oldest = lake.list_versions(root)
    make_fifo(newest.path / name)
    assert igny8("versions", "--use", oldest.id, "--warehouse", root).returncode == 0
    assert igny8("etl", "--source", sources[4], "--warehouse", root).returncode == 0
    assert (newest.path / name).is_fifo()


def test_a_lock_that_cannot_be_made_is_told(sources: list[str]) -> None:
    """Where a folder says that a file is not there, and does not take one either."""
    assert_told(
        igny8("etl", "--source", sources[4], "--warehouse", "/proc/self"), 5, "load.lock cannot be made"
    )


def test_a_link_that_leads_to_itself_is_told(root: Path, sources: list[str], tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for words in (
        ["etl", "--source", sources[4], "--warehouse", loop / "data"],
        ["export", "runs", "-o", loop / "runs.parquet", "--warehouse", root],
        ["report", "overview", "1", "-o", loop / "site.html", "--quiet", "--warehouse", root],
        ["lab", "--notebooks", loop / "mine", "--warehouse", root],
    ):
        assert_told(igny8(*words), 5, str(loop))


def test_a_number_that_no_version_can_have_is_told(root: Path, sources: list[str]) -> None:
    """A folder of somebody's has the last number there is: what came after it would be no version's name."""
    (root / "versions" / "20260301T120000Z-999999999" / "theirs").mkdir(parents=True)
    before = contents(root)
    assert_told(igny8("etl", "--source", sources[4], "--warehouse", root), 5, "no number after 999,999,999")
    assert contents(root) == before


@pytest.mark.parametrize("what", ["link", "folder", "another user's"])
def test_a_lock_that_is_not_ours_is_refused(
    root: Path, sources: list[str], tmp_path: Path, what: str
) -> None:
    lock, target = root / "load.lock", tmp_path / "target"
    if what == "another user's" and os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    lock.unlink()
    if what == "link":
        lock.symlink_to(target)
    elif what == "folder":
        lock.mkdir()
    else:
        lock.touch()
        os.chown(lock, 65534, 65534)
    assert_told(igny8("etl", "--source", sources[4], "--warehouse", root), 5, "load.lock")
    assert not target.exists()


@pytest.mark.parametrize(
    ("umask", "others"),
    [
        (0o053, 0o024),
        pytest.param(0o077, 0o000, marks=pytest.mark.slow),
        pytest.param(0o022, 0o055, marks=pytest.mark.slow),
    ],
)
def test_modes_follow_the_umask(sources: list[str], tmp_path: Path, umask: int, others: int) -> None:
    """And a new warehouse directory is closed to others; one that is there keeps its mode."""
    before = os.umask(umask)
    try:
        with loading(tmp_path / "new" / "data") as this:
            this.begin(AS_OF)
        (tmp_path / "there").mkdir(mode=0o750)
        load(sources[1], tmp_path / "there")
        done = igny8("export", "runs", "-o", tmp_path / "runs.parquet", "--warehouse", tmp_path / "there")
        assert done.returncode == 0
    finally:
        os.umask(before)

    def mode(path: Path) -> int:
        return path.stat().st_mode & 0o777

    assert mode(tmp_path / "new" / "data") == 0o700
    assert mode(tmp_path / "new") == 0o777 & ~umask
    assert mode(tmp_path / "there") == 0o750 & ~umask
    files = [path for path in (tmp_path / "there").rglob("*") if path.is_file()]
    assert {mode(path) & 0o077 for path in (*files, tmp_path / "runs.parquet")} == {others & 0o066}
    folders = [path for path in (tmp_path / "there").rglob("*") if path.is_dir()]
    assert {mode(path) & 0o077 for path in folders} == {others}


def test_what_is_published_is_on_the_disk_before(
    sources: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Power may go at any moment: each name comes after what it names."""
    root = tmp_path / "data"
    done: list[tuple[str, str]] = []
    written: dict[str, int] = {}

    def name_of(path: object) -> str:
        return str(Path(str(path)).relative_to(tmp_path))

    def fsync(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if path.is_relative_to(tmp_path):
            written[name_of(path)] = path.stat().st_mtime_ns
            done.append(("flush", name_of(path)))
        real_fsync(descriptor)

    def rename(source: object, target: object, **options: object) -> None:
        done.append(("rename", name_of(target)))
        real_rename(source, target)  # type: ignore[arg-type]

    real_fsync, real_rename = os.fsync, os.rename
    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "rename", rename)
    monkeypatch.setattr(os, "replace", rename)
    report = load(sources[1], root)
    version = f"data/versions/{report.version}"
    manifest, switch = (
        done.index(("rename", f"{version}/manifest.json")),
        done.index(("rename", "data/current")),
    )
    held = [path for path in (root / "versions" / report.version).rglob("*") if path.name != "manifest.json"]
    for path in held:
        assert ("flush", name_of(path)) in done[:manifest], f"{path} before the manifest"
        if path.is_file():
            assert written[name_of(path)] == path.stat().st_mtime_ns, f"{path} changed after it was flushed"
    assert ("flush", f"{version}/manifest.json.new") in done[:manifest]
    assert {("flush", version), ("flush", "data/versions")} <= set(done[manifest:switch])
    assert ("flush", "data/current.new") in done[manifest:switch]
    assert ("flush", "data") in done[switch:]
    assert ("flush", ".") in done, "the directory's own name"

    done.clear()
    grow(sources[1], root, AS_OF, keep=1)
    removal = [step for step in done if step[1].startswith(version)]
    assert [name for _, name in removal] == [f"{version}/unfinished", version, version], (
        "marker, manifest, rest"
    )


def test_nothing_of_yours_is_made_among_versions(root: Path, sources: list[str]) -> None:
    """A warehouse or notebooks in a version's folder would go with it."""
    inside, before = lake.find_version(root).path / "mine", contents(root)
    for words in (["etl", "--source", sources[4]], ["demo"]):
        assert_told(igny8(*words, "--warehouse", inside), 2, "among the versions of the warehouse")
    built = igny8("build", "--lake", lake.find_version(root).lake, "--out", inside)
    assert_told(built, 2, "among the versions of the warehouse")
    copied = igny8("lab", "--notebooks", inside, "--warehouse", root)
    assert_told(copied, 2, "belongs to the warehouse")
    assert contents(root) == before


def test_what_the_next_load_goes_on_from_counts_among_a_versions_bytes(root: Path) -> None:
    def told() -> int:
        rows = json.loads(igny8("versions", "--format", "json", "--warehouse", root).stdout)
        return int(rows[0]["bytes"])

    version, before = lake.find_version(root), told()
    manifest = version.manifest()
    for as_read, more in (({"runs": {"bytes": 1000}, "credit_usage": None, "old": {}}, 1000), ([], 0)):
        version.manifest_file.write_text(json.dumps(manifest | {"as_read": as_read}), encoding="utf-8")
        assert told() == before + more


def test_the_warehouses_own_files_are_no_output(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = lake.find_version(root)
    own = [
        root / "current",
        root / "load.lock",
        root / "alerts.lock",
        version.database,
        version.lake / "runs.parquet",
        version.path / "new",
    ]
    (tmp_path / "link").symlink_to(version.path)
    own += [root / "reports" / ".." / "current", tmp_path / "link" / "x.parquet", root / "versions" / "x"]
    (root / "reports").mkdir()
    before = contents(root)
    for file in own:
        assert_told(
            igny8("export", "runs", "-o", file, "--warehouse", root),
            2,
            "belongs to the warehouse",
            "elsewhere",
        )
    for words in (["overview", "1"], ["account", "1"]):
        done = igny8("report", *words, "-o", version.manifest_file, "--warehouse", root)
        assert_told(done, 2, "belongs to the warehouse")
    for words in (["site", "1"], ["all"]):
        assert_told(
            igny8("report", *words, "-o", version.path, "--warehouse", root), 2, "belongs to the warehouse"
        )
    monkeypatch.chdir(root)
    assert_told(igny8("export", "runs", "-o", "current", "--warehouse", "."), 2, "belongs to the warehouse")
    assert contents(root) == before


@pytest.mark.parametrize("moved", ["versions", "version"])
def test_own_files_that_are_kept_elsewhere_are_no_output(root: Path, tmp_path: Path, moved: str) -> None:
    """A store on another disk, by a link: named through the link, or where it is."""
    version = lake.find_version(root)
    folder = root / "versions" if moved == "versions" else version.path
    store = tmp_path / "store" / folder.name
    store.parent.mkdir()
    folder.rename(store)
    folder.symlink_to(store)
    before = contents(store)
    for file in (version.database, version.lake / "runs.parquet", version.database.resolve()):
        for words in (["export", "runs"], ["report", "overview", "1"]):
            told = igny8(*words, "-o", file, "--warehouse", root)
            assert_told(told, 2, "belongs to the warehouse", "elsewhere")
    assert contents(store) == before


def test_a_page_of_somebody_else_is_not_written_over(root: Path, tmp_path: Path) -> None:
    for words, page in (
        (["site", "1"], "index.html"), (["all"], "index.html"), (['all'], f"{site_folder(1, 'a.example')}/index.html"),
    ):  # fmt: skip
        folder = tmp_path / f"{words[0]}-{page.replace('/', '-')}"
        (folder / page).parent.mkdir(parents=True)
        (folder / page).write_text("<h1>my own", encoding="utf-8")
        done = igny8("report", *words, "-o", folder, "--quiet", "--warehouse", root)
        assert_told(done, 2, "index.html", "no report of igny8", "another folder")
        assert (folder / page).read_text(encoding="utf-8") == "<h1>my own"
