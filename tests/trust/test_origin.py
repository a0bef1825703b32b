"""Where code comes from: this package and its interpreter, never the current folder nor what Jupyter finds."""

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from igny8_analysis.reports.engine import WarmKernel
from igny8_analysis.warehouse import spark
from tests.command import igny8
from tests.pages import notebooks_here
from tests.trust.processes import Done

ROOT = Path(__file__).parents[2]
IGNY8 = Path(sys.executable).with_name("igny8")
MODULES = (
    "igny8_analysis", "etl", "notebooks", "click", "duckdb", "polars", "altair", "papermill", "nbconvert", "jinja2",
    "ipykernel", "ipykernel_launcher", "IPython", "jupyterlab", "jupyter_client", "jupyter_core", "traitlets", "rich",
    "pyarrow", "sqlglot", "enum", "json", "typing", "sitecustomize", "usercustomize",
)  # fmt: skip


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """A folder full of modules and configuration, each of which leaves `ran` when it runs."""
    folder = tmp_path / "work"
    (folder / "warehouse").mkdir(parents=True)
    mark = f"import os; os.close(os.open({str(tmp_path / 'ran')!r}, os.O_CREAT | os.O_WRONLY))\n"
    for module in MODULES:
        (folder / f"{module}.py").write_text(mark, encoding="utf-8")
    home = folder / "home"
    for file in (
        folder / "warehouse" / "__init__.py",
        home / ".ipython" / "profile_default" / "startup" / "00.py",
        home / ".ipython" / "profile_default" / "ipython_config.py",
        home / ".ipython" / "profile_default" / "ipython_kernel_config.py",
        home / ".jupyter" / "jupyter_config.py",
        home / ".jupyter" / "jupyter_nbconvert_config.py",
        home / "startup.py",
        folder / "jupyter_config.py",
        folder / "ipython_kernel_config.py",
    ):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(mark, encoding="utf-8")
    shared = home / ".local" / "share" / "jupyter"
    kernel = {
        "argv": [str(folder / "kernel"), "{connection_file}"],
        "display_name": "x",
        "language": "python",
    }
    for name in ("python3", "igny8"):
        (shared / "kernels" / name).mkdir(parents=True)
        (shared / "kernels" / name / "kernel.json").write_text(json.dumps(kernel), encoding="utf-8")
    (folder / "kernel").write_text(f"#!/bin/sh\ntouch {tmp_path / 'ran'}\n", encoding="utf-8")
    (folder / "kernel").chmod(0o755)
    for template in ("base", "lab", "classic", ""):
        (shared / "nbconvert" / "templates" / template).mkdir(parents=True, exist_ok=True)
        (shared / "nbconvert" / "templates" / template / "conf.json").write_text(
            json.dumps({"preprocessors": {"1": {"type": "click.Preprocessor"}}}), encoding="utf-8"
        )
        (shared / "nbconvert" / "templates" / template / "report.html.j2").write_text(
            "gone", encoding="utf-8"
        )
    return folder


def run(folder: Path, *words: object, **environment: str) -> Done:
    home = folder / "home"
    hostile = {
        "HOME": str(home),
        "JUPYTER_PATH": str(home / ".local" / "share" / "jupyter"),
        "JUPYTER_CONFIG_DIR": str(home / ".jupyter"),
        "JUPYTER_PREFER_ENV_PATH": "0",
        "JUPYTER_DEFAULT_PROVISIONER_NAME": "nobody",
        "IPYTHONDIR": str(home / ".ipython"),
        "PYTHONSTARTUP": str(home / "startup.py"),
        "PYTHONOPTIMIZE": "2",
        "PYTHONINSPECT": "",
        "MPLBACKEND": "module://click",
    }
    return subprocess.run(
        [*map(str, words)], cwd=folder, env=os.environ | hostile | environment, capture_output=True, encoding="utf-8",
        check=False, timeout=300,
    )  # fmt: skip


def test_no_module_of_the_current_folder_runs(planted: Path, demo_warehouse: Path, tmp_path: Path) -> None:
    where = ("--warehouse", demo_warehouse)
    for words in (
        ("--version",),
        ("sites", *where),
        ("sql", "select 1", "--format", "json", *where),
        ("export", "sites", "-o", tmp_path / "sites.parquet", *where),
        ("lab", "--notebooks", tmp_path / "notebooks", *where, "--", "--version"),
    ):
        done = run(planted, IGNY8, *words)
        assert (done.returncode, done.stderr) == (0, "")
        assert not (tmp_path / "ran").exists(), words


@pytest.mark.slow
def test_a_report_is_the_same_wherever_it_is_made(
    planted: Path, demo_warehouse: Path, tmp_path: Path
) -> None:
    """A foreign kernel, start-up files, Jupyter's configuration and templates change not a byte."""
    words = ("report", "overview", "101", "--quiet", "--warehouse", str(demo_warehouse), "-o")
    with notebooks_here():
        plain = igny8(*words, str(tmp_path / "plain.html"))
    done = run(planted, IGNY8, *words, tmp_path / "planted.html")
    assert (plain.returncode, done.returncode, done.stderr) == (0, 0, "")
    assert not (tmp_path / "ran").exists()
    assert (tmp_path / "planted.html").read_bytes() == (tmp_path / "plain.html").read_bytes()


@pytest.mark.slow
def test_no_configuration_of_the_system_reaches_a_reports_kernel(tmp_path: Path) -> None:
    """What IPython reads for everybody, beneath the interpreter's folder or /etc: the former is planted, and read."""
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    packages = next((environment / "lib").glob("python*/site-packages"))
    (packages / "ours.pth").write_text(f"{sysconfig.get_path('purelib')}\n{ROOT}\n", encoding="utf-8")
    configuration = environment / "etc" / "ipython"
    (configuration / "startup").mkdir(parents=True)
    for file in ("ipython_config.py", "ipython_kernel_config.py", "startup/00.py"):
        mark = f"open({str(tmp_path / 'ran')!r}, 'a', encoding='utf-8').write('{file} ')"
        (configuration / file).write_text(mark, encoding="utf-8")
    python = environment / "bin" / "python"
    theirs = "from IPython import start_ipython; start_ipython(['-c', '1'])"
    subprocess.run(
        [python, "-c", theirs], check=True, capture_output=True, env=os.environ | {"HOME": str(tmp_path)}
    )
    assert (tmp_path / "ran").read_text(encoding="utf-8") == "ipython_config.py startup/00.py "
    (tmp_path / "ran").unlink()
    ours = (
        "from igny8_analysis.reports.engine import WarmKernel; kernel = WarmKernel(); "
        "print(kernel.run(['6 * 7'])[0][0]['data']); kernel.close()"
    )
    done = run(tmp_path, python, "-c", ours)
    assert (done.returncode, done.stdout) == (0, "{'text/plain': '42'}\n"), done.stderr
    assert not (tmp_path / "ran").exists()


def test_no_folder_that_a_reports_kernel_is_in_is_on_its_path() -> None:
    """Two hold it: -P, and that IPython is told to leave it out."""
    kernel = WarmKernel()
    ((output,),) = kernel.run(
        ["import os, sys; [p for p in sys.path if not p or os.path.realpath(p) == os.getcwd()]"]
    )
    kernel.close()
    assert output["data"]["text/plain"] == "[]"


def test_no_module_beside_sparks_program_runs_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python would put the folder of a program before its own modules."""
    (tmp_path / "json.py").write_text("raise SystemExit('ran')", encoding="utf-8")
    (tmp_path / "job.py").write_text("import json; print(json.dumps({'step': 'its own'}))", encoding="utf-8")
    monkeypatch.setattr(spark, "JOB", tmp_path / "job.py")
    steps: list[str] = []
    spark._run_job({"master": "none"}, tmp_path / "plan.json", steps.append)
    assert steps == ["its own"]


def test_as_a_module_the_current_folder_is_left_out_too(demo_warehouse: Path, tmp_path: Path) -> None:
    for module in ("click", "duckdb", "etl", "warehouse", "notebooks"):
        (tmp_path / f"{module}.py").write_text("raise SystemExit('ran')", encoding="utf-8")
    done = run(tmp_path, sys.executable, "-m", "igny8_analysis", "sites", "--warehouse", demo_warehouse)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_persons_own_modules_do_not_stand_in_the_way(demo_warehouse: Path, tmp_path: Path) -> None:
    """In Python that imports the package beside an etl.py, a warehouse and notebooks of one's own."""
    for module in ("etl", "warehouse", "notebooks", "cli", "reports"):
        (tmp_path / f"{module}.py").write_text("X = 1", encoding="utf-8")
    code = "import etl, warehouse, notebooks, igny8_analysis as i, sys; print(etl.X, i.connect(sys.argv[1]).version)"
    done = run(tmp_path, sys.executable, "-c", code, demo_warehouse)
    assert (done.returncode, done.stdout[:2], done.stderr) == (0, "1 ", "")


def test_what_python_path_leaves_empty_reaches_no_kernel(tmp_path: Path) -> None:
    """An empty or relative folder in PYTHONPATH is the current one; a kernel does not have it."""
    code = "import os; from igny8_analysis.processes import own_environment; print(own_environment().get('PYTHONPATH'))"
    asked = {"PYTHONPATH": os.pathsep.join(["", "relative", str(tmp_path / "absolute"), "."])}
    assert run(tmp_path, sys.executable, "-P", "-c", code, **asked).stdout == f"{tmp_path / 'absolute'}\n"
