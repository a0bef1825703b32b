"""The house rules: one direction of imports, and a repository that holds sources only."""

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
MAY_IMPORT = {
    "etl": {"igny8_analysis.etl"},
    "warehouse": {"igny8_analysis.etl", "igny8_analysis.warehouse"},
}


def sources() -> Iterator[Path]:
    """Every file of the repository, without asking git: all that .gitignore does not name."""
    ignored = [line.rstrip("/") for line in (ROOT / ".gitignore").read_text(encoding="utf-8").split()]
    for folder, folders, names in os.walk(ROOT):
        here = Path(folder)
        folders[:] = [name for name in folders if name != ".git" and not is_ignored(here / name, ignored)]
        yield from (here / name for name in names if not is_ignored(here / name, ignored))


def is_ignored(path: Path, patterns: list[str]) -> bool:
    """As git understands it: a leading slash is for the top folder alone."""
    from_top = f"/{path.relative_to(ROOT)}"
    return any(fnmatch(from_top if p.startswith("/") else path.name, p) for p in patterns)


SOURCES = sorted(sources())


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imported(code: str) -> set[str]:
    """Modules that the code imports, functions' own imports included; `from a import b` is `a.b`."""
    modules = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, "imports are absolute"
            modules |= {f"{node.module}.{alias.name}" for alias in node.names}
    return modules


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_go_one_way(package: str) -> None:
    for path in (ROOT / package).rglob("*.py"):
        ours = {
            module
            for module in imported(path.read_text(encoding="utf-8"))
            if module.startswith("igny8_analysis")
        }
        back = {module for module in ours if ".".join(module.split(".")[:2]) not in MAY_IMPORT[package]}
        assert not back, f"{name(path)} imports {back}: data and imports go etl → warehouse → igny8_analysis"


def test_our_modules_are_imported_by_their_whole_names() -> None:
    """A folder's own name is that of a module of its owner's, where the package is installed."""
    folders = {path.name for path in (ROOT / "igny8_analysis").iterdir() if path.is_symlink()}
    assert folders == {"etl", "warehouse", "notebooks"}
    for path in MODULES.values():
        short = {m for m in imported(path.read_text(encoding="utf-8")) if m.split(".")[0] in folders}
        assert not short, f"{name(path)} imports {short}: say igny8_analysis.…"


def needed(path: Path) -> set[str]:
    """Modules of ours that a module imports when it runs, in functions too; not what only its types name."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = [ast.Pass()]
    found = set()
    for name_ in imported(ast.unparse(tree)):
        parts = name_.split(".")
        modules = [".".join(parts[:n]) for n in range(len(parts), 0, -1)]
        found |= {next((module for module in modules if module in MODULES), "")}
    return found - {""}


MODULES = {
    ".".join((*Path(folder).relative_to(ROOT).parts, name.removesuffix(".py"))).removesuffix(
        ".__init__"
    ): Path(folder, name)
    for folder, _, names in os.walk(ROOT / "igny8_analysis", followlinks=True)
    for name in names
    if name.endswith(".py")
}


def test_no_module_imports_what_imports_it() -> None:
    needs = {module: needed(path) - {module} for module, path in MODULES.items()}
    while free := {module for module in needs if not needs[module] & needs.keys()}:
        needs = {module: needs[module] for module in needs.keys() - free}
    in_circles = {module: needs[module] & needs.keys() for module in needs}
    assert not in_circles, f"imports go one way; these go round: {in_circles}"


def test_notebooks_show_and_hold_no_outputs() -> None:
    for path in (path for path in SOURCES if path.suffix == ".ipynb"):
        cells = [
            cell
            for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
            if cell["cell_type"] == "code"
        ]
        made = [cell for cell in cells if cell["outputs"] or cell["execution_count"] is not None]
        assert not made, f"{name(path)}: clear all outputs"
        texts = ["".join(cell["source"]) for cell in cells]
        lines = [line for text in texts if not text.startswith("%%") for line in text.splitlines()]
        code = "\n".join(line for line in lines if not line.lstrip().startswith("%"))
        assert {module.split(".")[0] for module in imported(code)} <= {"igny8_analysis"}, (
            f"{name(path)}: a notebook imports igny8_analysis alone"
        )


def test_files_are_small() -> None:
    large = [name(path) for path in SOURCES if path.stat().st_size > 1_000_000]
    assert large == [], "what is above 1 MB is made, not committed"


def test_no_file_names_a_registry_or_leaves_work_undone() -> None:
    registry = re.compile(r"pypi\.org|pythonhosted|npmjs\.|--(extra-)?index-url|--find-links")
    undone = re.compile(r"\b(TODO|FIXME|XXX)\b")
    for path in SOURCES:
        if path.suffix in {".png", ".jpg", ".woff2", ".gz"} or path == Path(__file__):
            continue
        text = path.read_text(encoding="utf-8")
        assert not registry.search(text), f"{name(path)}: versions are pinned, addresses are not"
        assert not undone.search(text), f"{name(path)}: do it, or file it elsewhere"


def test_sql_is_filled_in_one_way() -> None:
    """By `{{ name }}` (`etl/templates.py`), never by Python's `{name}`."""
    other = re.compile(r"(?<!\{)\{[a-z_]\w*\}(?!\})")
    files = [*(ROOT / "etl").rglob("*.sql"), *(ROOT / "igny8_analysis" / "queries").glob("*.sql")]
    assert [name(file) for file in files if other.search(file.read_text(encoding="utf-8"))] == []


def test_the_lock_names_versions_only() -> None:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line) for line in lines), lines


def test_every_dependency_is_locked_and_has_its_reason() -> None:
    locked = {
        re.sub(r"[-_.]+", "-", line.split("==")[0]).lower()
        for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    }
    reasons = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    extras = PROJECT["optional-dependencies"]
    for requirement in [
        *PROJECT["dependencies"],
        *extras["test"],
        *extras["lab"],
        *extras["spark"],
        *extras["bench"],
    ]:
        dependency = re.split(r"[^\w-]", requirement)[0]
        assert dependency.lower() in locked, f"{dependency} is not in requirements.lock: make lock"
        assert f"`{dependency}`" in reasons, f"{dependency} has no line in CONTRIBUTING.md"


def test_every_make_target_is_in_the_readme() -> None:
    targets = re.findall(r"^(\w+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert {"demo", "test", "check", "lint", "bench", "soak", "docs", "lab", "clean"} == set(targets)
    assert [target for target in targets if f"make {target}" not in readme] == []


def test_the_changelog_tells_of_this_version() -> None:
    assert f"## {PROJECT['version']}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def without_encoding(code: str) -> list[int]:
    """Lines that read or write text in whatever encoding the machine's locale has."""
    lines = []
    for call in (node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)):
        called = ast.unparse(call.func).rpartition(".")[2]
        named = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        if called in ("open", "fdopen"):
            modes = [ast.unparse(a) for a in call.args if isinstance(a, ast.Constant)] + [
                named.get("mode", "''")
            ]
            is_text = not any("b" in mode for mode in modes) and not ast.unparse(call.func).startswith(
                ("os.open", "tarfile.open")
            )
        else:
            is_text = called in ("read_text", "write_text") and isinstance(call.func, ast.Attribute)
            is_text = is_text or named.get("text") == "True"
        if is_text and "encoding" not in named:
            lines.append(call.lineno)
    return lines


def test_files_and_pipes_are_utf_8_whatever_the_locale() -> None:
    """What ruff's rule cannot see: it knows a path only where it was made on the spot."""
    code = {name(path): path.read_text(encoding="utf-8") for path in SOURCES if path.suffix == ".py"}
    found = {path: lines for path, text in code.items() if (lines := without_encoding(text))}
    assert found == {}


def test_who_makes_reports_waits_for_no_library_that_a_kernel_draws_with() -> None:
    code = "import sys, igny8_analysis.reports.make; sys.exit('altair' in sys.modules or 'IPython' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
