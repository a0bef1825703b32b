"""The wheel behaves like the checkout: SQL, notebooks and template travel inside it."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.cases import make_source, run, site
from tests.test_architecture import ROOT, SOURCES
from tests.trust.processes import assert_told
from tests.trust.test_home import NOWHERE

FOLDERS = {"etl", "warehouse", "igny8_analysis", "notebooks"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, str(ROOT)], check=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def igny8(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of an environment that holds the wheel and, borrowed from this one, what it requires: no extra."""
    folder = tmp_path_factory.mktemp("required")
    for name in required("igny8-analysis"):
        for top in {file.parts[0] for file in distribution(name).files or [] if file.parts[0] != ".."}:
            found = Path(sysconfig.get_path("purelib"), top)
            if found.exists() and not (folder / top).exists():
                (folder / top).symlink_to(found)
    return environment_of(wheel, tmp_path_factory.mktemp("environment"), folder)


@pytest.fixture(scope="module")
def igny8_with_lab(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with all that this environment has."""
    folder = tmp_path_factory.mktemp("environment-with-lab")
    return environment_of(wheel, folder, Path(sysconfig.get_path("purelib")))


def environment_of(wheel: Path, folder: Path, borrowed: Path) -> Path:
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    install = ["install", "--quiet", "--no-deps", "--no-index", str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", "--python", str(python), *install], check=True)
    # After the install: pip must not take this environment's editable install for one to replace.
    site_packages = next(folder.glob("lib/python*/site-packages"))
    (site_packages / "borrowed.pth").write_text(str(borrowed), encoding="utf-8")
    return folder / "bin" / "igny8"


def required(name: str) -> set[str]:
    """Names of the distributions that one requires without its extras, and of those that they require."""
    found: set[str] = set()
    pending = [Requirement(name)]
    while pending:
        wanted = pending.pop()
        for text in distribution(wanted.name).requires or []:
            requirement = Requirement(text)
            extras = wanted.extras or {""}
            if requirement.marker is None or any(requirement.marker.evaluate({"extra": e}) for e in extras):
                if canonicalize_name(requirement.name) not in found:
                    pending.append(requirement)
                found.add(canonicalize_name(requirement.name))
    return found


def plain_environment() -> dict[str, str]:
    """Of the outside nothing but where nbconvert's templates and the kernel's description are."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "IGNY8"))}
    return kept | {"JUPYTER_PATH": str(Path(sys.prefix) / "share" / "jupyter")}


def test_everything_travels_inside(wheel: Path) -> None:
    names = {
        path.relative_to(ROOT).as_posix() for path in SOURCES if path.relative_to(ROOT).parts[0] in FOLDERS
    }
    here = {name if name.startswith("igny8_analysis/") else f"igny8_analysis/{name}" for name in names}
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert here == inside, "the wheel holds one package, and all of it"


@pytest.mark.slow
def test_demo_runs_in_an_empty_folder(igny8: Path, tmp_path: Path) -> None:
    """With a home that cannot be written, as in `tests/trust/test_home.py`."""
    environment = plain_environment() | NOWHERE
    found = subprocess.run(
        [igny8.with_name("python"), "-c", "import igny8_analysis; print(igny8_analysis.__file__)"],
        cwd=tmp_path, env=environment, check=True, capture_output=True, encoding="utf-8",
    )  # fmt: skip
    assert Path(found.stdout).is_relative_to(igny8.parent.parent), "the checkout ran, not the wheel"

    done = subprocess.run(
        [igny8, "demo"], check=False, cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    assert "home" not in (done.stdout + done.stderr).replace(str(tmp_path), "").lower()
    assert (tmp_path / "data" / "current").is_file()
    reports = tmp_path / "data" / "reports"
    assert (reports / "index.html").is_file()
    assert len(list(reports.glob("*/index.html"))) >= 10
    assert len(list(reports.glob("*/run-*.html"))) >= 30
    lab = subprocess.run(
        [igny8, "lab"], check=False, cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8"
    )
    assert_told(lab, 5, "pip install 'igny8-analysis[lab]'")


@pytest.mark.slow
def test_it_runs_beside_foreign_modules_of_its_folders_names(igny8_with_lab: Path, tmp_path: Path) -> None:
    """Load, report and Lab, in a folder that has an etl.py, a warehouse and notebooks of its owner."""
    source = make_source(tmp_path / "s.sqlite", [site(1, "a.example")], [run(1, "2026-02-01T08:00:00Z")])
    for file in (
        "etl.py",
        "warehouse/__init__.py",
        "notebooks/__init__.py",
        "notebooks/mine.ipynb",
        "jupyterlab.py",
    ):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text("raise SystemExit('a module of somebody else ran')", encoding="utf-8")
    environment = plain_environment() | {"HOME": str(tmp_path), "PYTHONPATH": str(tmp_path)}
    for command in ([str(igny8_with_lab)], [str(igny8_with_lab.with_name("python")), "-m", "igny8_analysis"]):
        for words in (["etl", "--source", f"sqlite:///{source}"], ["sites"], ["report", "overview", "1"]):
            done = subprocess.run(
                [*command, *words],
                check=False,
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                encoding="utf-8",
            )
            assert done.returncode == 0, done.stderr
    del environment["PYTHONPATH"]  # with it Jupyter would be told to run that jupyterlab.py
    lab = subprocess.Popen(
        [igny8_with_lab, "lab", "--", "--no-browser", "--port", "0", *(["--allow-root"] if not os.geteuid() else [])],
        cwd=tmp_path, env=environment, stderr=subprocess.PIPE, encoding="utf-8",
    )  # fmt: skip
    try:
        assert lab.stderr
        lines = []
        for line in lab.stderr:
            lines.append(line)
            if "is running at" in line:
                break
        assert "is running at" in lines[-1], "".join(lines)
        assert (tmp_path / "igny8-notebooks" / "overview.ipynb").is_file()
    finally:
        lab.kill()
        lab.communicate()


def test_the_sdist_makes_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--directory", str(tmp_path)]
    subprocess.run([*build, "--target", "sdist"], cwd=ROOT, check=True, capture_output=True)
    shutil.unpack_archive(next(tmp_path.glob("*.tar.gz")), tmp_path / "sources", filter="data")
    (unpacked,) = (tmp_path / "sources").iterdir()
    subprocess.run([*build, "--target", "wheel"], cwd=unpacked, check=True, capture_output=True)
    assert checksums(next(tmp_path.glob("*.whl"))) == checksums(wheel)


def checksums(wheel: Path) -> dict[str, int]:
    with zipfile.ZipFile(wheel) as archive:
        return {
            info.filename: info.CRC for info in archive.infolist() if not info.filename.endswith("RECORD")
        }


def test_a_checkout_without_links_is_told(tmp_path: Path) -> None:
    """What git makes of links where the system has none: files that hold where they would lead."""
    checkout = tmp_path / "checkout"
    (checkout / "igny8_analysis").mkdir(parents=True)
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "igny8_analysis/__init__.py"):
        shutil.copy(ROOT / name, checkout / name)
    for name in ("etl", "warehouse", "notebooks"):
        (checkout / "igny8_analysis" / name).write_text(f"../{name}", encoding="utf-8")
    build = [sys.executable, "-m", "hatchling", "build", "--directory", str(tmp_path), "--target", "wheel"]
    done = subprocess.run(build, cwd=checkout, check=False, capture_output=True, encoding="utf-8")
    assert done.returncode != 0
    assert (
        "igny8_analysis/etl, igny8_analysis/warehouse, igny8_analysis/notebooks should be links"
        in done.stderr
    )
    assert "Traceback" not in done.stderr
