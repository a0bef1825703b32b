"""The fixtures keep their word: a database is real and empty, whatever the test before it left in its own."""

import pytest

from tests.conftest import lacking, run_sql, shared_folder
from tests.trust.processes import query


@pytest.mark.parametrize("turn", ["first", "second"])
def test_each_test_has_an_empty_database_of_a_real_server(postgres_url: str, turn: str) -> None:
    assert query(postgres_url, "select count(*) from pg_tables where schemaname = 'public'") == [(0,)]
    assert query(postgres_url, "select version() like 'PostgreSQL %'") == [(True,)]
    run_sql(postgres_url, "create table left_behind (id int)")


def test_what_is_missing_skips_at_home_and_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no moon"):
        lacking("no moon")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no moon"):
        lacking("no moon")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> None:
    (shared_folder(tmp_path_factory) / "made-by-one-process").touch(exist_ok=False)


@pytest.mark.parametrize("turn", range(6))
@pytest.mark.usefixtures("made")
def test_what_a_module_makes_is_made_by_one_process(turn: int) -> None:
    """A second process that made it would find the first one's file."""
