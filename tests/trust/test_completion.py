"""What a shell completes is data from the source: bash, zsh and fish get words alone in which nothing acts."""

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.shell_completion import get_completion_class

from igny8_analysis.cli.completion import SHELLS, offer_plain_words
from igny8_analysis.load import load
from tests.cases import AS_OF, make_source, run, site
from tests.command import igny8
from tests.conftest import sampled

IGNY8 = Path(sys.executable).with_name("igny8")
DOMAINS = [
    "zz;touch ran;", "zz$(touch ran)", "zz`touch ran`", "zz\ntouch ran", "zz\nplain,$(touch ran)", "zz*", "zz?",
    "zz[a]", "zz{a,b}", "~root", "zz|x", "zz&x", "zz>ran", "zz'x", 'zz"x', "zz\\x", "zz x", "zz\tx",
    "zz\x1b[31m", "zz\u202egnp",
    "-zz.example", "--help", "!zz", "#zz", "zz,b", "zz:b", "zz%s", "zz=x", "101", "zz\u00e9.example", "shared.example",
    "shared.example", "plain-1.example/path",
]  # fmt: skip
COMMANDS = (
    "overview ", "history ", "run ", "quality ", "compare ", "forecast ", "backtest ", "explain ",
    "export runs --site ", "export ", "report overview ", "report run ", "report account ", "report site ",
    "account ", "settings ",
)  # fmt: skip


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse whose sites, accounts and runs are named to be run by a shell."""
    folder = tmp_path_factory.mktemp("completion")
    sites = [site(n, domain, f"{domain} $(touch ran)\n`id`") for n, domain in enumerate(DOMAINS, 200)]
    runs = [run(1, AS_OF, stages={1: (1, 1, 1)}, site_id=200, run_id="run;touch ran")]
    source = make_source(folder / "source.sqlite", sites, runs, [])
    load(f"sqlite:///{source}", folder / "data", AS_OF)
    return folder / "data"


def offered(shell: str, line: str, warehouse: Path) -> str:
    words = line.split(" ")
    asked = {"_IGNY8_COMPLETE": f"{shell}_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    if shell == "fish":
        asked["COMP_CWORD"] = words[-1]
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (asked | {"IGNY8_WAREHOUSE": str(warehouse)}).items():
            patch.setenv(name, value)
        done = igny8()
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize("shell", sampled(SHELLS, 1))
def test_only_plain_words_are_offered(shell: str, hostile: Path) -> None:
    for line in COMMANDS:
        active = {c for c in offered(shell, f"igny8 {line}", hostile) if not c.isalnum()} - set("._/- ,\n\t")
        assert active == set(), line


@pytest.mark.parametrize("shell", SHELLS)
def test_whatever_completes_offers_plain_words_alone(shell: str) -> None:
    """Also what no command of ours offers yet: the words pass one place, in each shell's class."""
    offer_plain_words()
    words = ["plain-1.example/a", "zz;touch x;", "$(id)", "a b", "new\nline", "*", "é", ""]
    command = click.Command("x", params=[click.Argument(["y"], shell_complete=lambda *_: words)])
    complete = get_completion_class(shell)
    assert complete
    found = complete(command, {}, "x", "_X_COMPLETE").get_completions([], "")
    assert [item.value for item in found] == words[:1]


def test_a_site_goes_by_its_id_where_its_domain_would_not_do(hostile: Path) -> None:
    words = [line.removeprefix("plain,") for line in offered("bash", "igny8 overview ", hostile).split()]
    plain = {"plain-1.example/path"}
    ids = {str(n) for n, domain in enumerate(DOMAINS, 200) if domain not in plain}
    assert set(words) == ids | plain


def test_bash_runs_nothing_of_what_it_completes(hostile: Path, tmp_path: Path) -> None:
    """The real script in a real bash, where a file that a star could match lies in the folder."""
    (tmp_path / "zz-file").touch()
    script = f"""
        export PATH={IGNY8.parent}:$PATH
        eval "$(igny8 completion bash)"
        COMP_WORDS=(igny8 overview ''); COMP_CWORD=2
        _igny8_completion igny8
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=os.environ | {"IGNY8_WAREHOUSE": str(hostile)}, capture_output=True,
        encoding="utf-8", check=True,
    )  # fmt: skip
    assert len(done.stdout.split()) == len(DOMAINS)
    assert set("".join(done.stdout.split())) <= set("abcdefghijklmnopqrstuvwxyz0123456789./-")
    assert [path.name for path in tmp_path.iterdir()] == ["zz-file"]


@pytest.mark.parametrize(
    "asked",
    [
        {}, {"COMP_WORDS": "igny8 'nothing", "COMP_CWORD": "1"}, {"COMP_WORDS": "igny8", "COMP_CWORD": "x"},
        {"COMP_WORDS": "igny8 overview --warehouse /dev/null ", "COMP_CWORD": "4"},
        {"COMP_WORDS": "igny8 overview --version ../.. ", "COMP_CWORD": "4"},
        {"COMP_WORDS": "\udcff", "COMP_CWORD": "0"},
    ],
)  # fmt: skip
def test_a_completion_that_fails_says_nothing(asked: dict[str, str], tmp_path: Path) -> None:
    done = subprocess.run(
        [IGNY8], env=os.environ | {"_IGNY8_COMPLETE": "bash_complete"} | asked, cwd=tmp_path, capture_output=True,
        check=False,
    )  # fmt: skip
    assert done.stderr == b""
    assert done.stdout.strip() == b""
