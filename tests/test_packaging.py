"""The wheel behaves like the checkout: SQL, notebooks and template travel inside it."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from tests.test_architecture import ROOT, SOURCES

pytestmark = pytest.mark.xdist_group("wheel")  # one process builds it
FOLDERS = {"etl", "warehouse", "igny8_analysis", "notebooks"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, str(ROOT)], check=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def igny8(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of an environment that holds the wheel and borrows its dependencies from this one."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    install = ["install", "--quiet", "--no-deps", "--no-index", str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", "--python", str(python), *install], check=True)
    # After the install: pip must not take this environment's editable install for one to replace.
    site_packages = next(folder.glob("lib/python*/site-packages"))
    (site_packages / "borrowed.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return folder / "bin" / "igny8"


def test_everything_travels_inside(wheel: Path) -> None:
    names = {
        path.relative_to(ROOT).as_posix() for path in SOURCES if path.relative_to(ROOT).parts[0] in FOLDERS
    }
    here = {name if name.startswith("igny8_analysis/") else f"igny8_analysis/{name}" for name in names}
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert here == inside, "the wheel holds one package, and all of it"


def test_demo_runs_in_an_empty_folder(igny8: Path, tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "IGNY8"))}
    environment["JUPYTER_PATH"] = str(Path(sys.prefix) / "share" / "jupyter")
    found = subprocess.run(
        [igny8.with_name("python"), "-c", "import igny8_analysis; print(igny8_analysis.__file__)"],
        cwd=tmp_path, env=environment, check=True, capture_output=True, encoding="utf-8",
    )  # fmt: skip
    assert Path(found.stdout).is_relative_to(igny8.parent.parent), "the checkout ran, not the wheel"

    done = subprocess.run(
        [igny8, "demo"], check=False, cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "data" / "current").is_file()
    reports = tmp_path / "data" / "reports"
    assert (reports / "index.html").is_file()
    assert len(list(reports.glob("*/index.html"))) >= 10
    assert len(list(reports.glob("*/run-*.html"))) >= 30
