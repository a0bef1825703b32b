"""What the README and the other pages tell people to do works."""

import re
import shlex
from pathlib import Path

import adbc_driver_manager
import click
import pytest

from igny8_analysis import Warehouse, connect
from igny8_analysis.cli import cli
from igny8_analysis.etl import demo as demo_data
from igny8_analysis.load import load
from tests.command import igny8
from tests.conftest import run_sql
from tests.test_architecture import ROOT

GENERATED = ("cli", "dictionary")
PAGES = [page for page in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")) if page.stem not in GENERATED]


@pytest.mark.slow
def test_the_read_only_role_can_load_and_nothing_else(
    reader_url: str, postgres_url: str, demo: Warehouse, tmp_path: Path
) -> None:
    load(reader_url, tmp_path, as_of=demo_data.AS_OF)
    with connect(tmp_path) as warehouse:
        statistics = "select * from run_statistics order by site_id"
        assert warehouse.sql(statistics).fetchall() == demo.sql(statistics).fetchall()

    run_sql(postgres_url, "create table users (password text)")
    for refused in ("select * from users", "delete from igny8_sites", "create table mine (id int)"):
        with pytest.raises(adbc_driver_manager.Error, match=r"permission denied|read-only"):
            run_sql(reader_url, refused)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_and_files_it_names_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    commands = set(cli.list_commands(click.Context(cli)))
    named = set(re.findall(r"(?:^|`|&& |bin/)(?:    )?igny8 ([a-z]+)", text, re.MULTILINE))
    assert named - commands == set()
    paths = re.findall(
        r"`((?:etl|warehouse|igny8_analysis|notebooks|tests|docs|benchmarks)/(?:\w[\w./]*)?)`", text
    )
    assert [path for path in paths if not (ROOT / path).exists()] == []
    links = re.findall(r"\]\(([^)#]+)", text)
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_it_shows_are_what_the_command_takes(page: Path) -> None:
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("    igny8 "):
            words = shlex.split(re.split(r" >>? | \| ", line)[0], comments=True)[1:]
            command: click.Command = cli
            while isinstance(command, click.Group):
                found = command.get_command(click.Context(command), words.pop(0))
                assert found is not None, line
                command = found
            command.make_context("igny8", words).close()


def test_what_follows_runs_on_the_sample(demo_warehouse: Path) -> None:
    text = (
        (ROOT / "README.md")
        .read_text(encoding="utf-8")
        .split("What follows runs on the sample")[1]
        .split("Your own data are two steps away")[0]
    )
    lines = [
        shlex.split(line, comments=True)[1:] for line in text.splitlines() if line.startswith("    igny8 ")
    ]
    assert {"forecast", "explain", "sql", "report"} <= {words[0] for words in lines}
    for words in lines:
        if words[0] != "report":
            done = igny8(*words, "--warehouse", str(demo_warehouse))
            assert (done.returncode, done.stderr) == (0, ""), words
