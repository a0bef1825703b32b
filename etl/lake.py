"""Versions of a warehouse directory: named, locked, published by one rename, swept and pruned.

A version is visible when `current` names it; any folder numbered after it is an unfinished load's leftover.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from igny8_analysis.etl.errors import LoadError, WarehouseNotFound

FORMAT = 1
BLOCK_BYTES = 1 << 20
VERSION_ID = re.compile(r"[0-9]+T[0-9]{6}Z-[0-9]+")


@dataclass(frozen=True)
class Version:
    """A version's folder: `lake/*.parquet`, `warehouse.duckdb` and `manifest.json`."""

    path: Path

    @property
    def id(self) -> str:
        """The version's name: `<as_of>-<number>`, e.g. 20260301T120000Z-0007."""
        return self.path.name

    @property
    def number(self) -> int:
        """The number of the load that made it."""
        return int(self.id.rpartition("-")[2])

    @property
    def lake(self) -> Path:
        """Folder of the Parquet tables."""
        return self.path / "lake"

    @property
    def database(self) -> Path:
        """The DuckDB file."""
        return self.path / "warehouse.duckdb"

    @property
    def manifest_file(self) -> Path:
        """What the load wrote about itself: written last, removed first."""
        return self.path / "manifest.json"

    def manifest(self) -> dict[str, Any]:
        """What the load wrote about itself. Raises WarehouseNotFound where it cannot be read by this program."""
        try:
            manifest = json.loads(self.manifest_file.read_text())
            format_ = manifest["format"]
        except (OSError, ValueError, KeyError, TypeError):
            raise WarehouseNotFound(
                f"version {self.id} in {self.path.parent.parent} cannot be read; load again with igny8 etl"
            ) from None
        if not isinstance(format_, int) or format_ > FORMAT:
            raise WarehouseNotFound(
                f"version {self.id} has format {format_}, this program reads up to {FORMAT}; upgrade igny8-analysis"
            )
        return dict(manifest)


def current_version(root: Path) -> Version | None:
    """The version that readers see; None before the first load. Raises WarehouseNotFound for a damaged file."""
    file = root / "current"
    try:
        name = file.read_text(errors="replace").strip()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise WarehouseNotFound(f"{file} cannot be read: {error.strerror}") from None
    if not VERSION_ID.fullmatch(name):
        raise WarehouseNotFound(
            f"{file} names no version; write into it the name of the newest complete folder in {root / 'versions'}"
        )
    return Version(root / "versions" / name)


def list_versions(root: Path) -> list[Version]:
    """Published versions, newest load first."""
    current = current_version(root)
    if current is None:
        return []
    versions = [v for v in _folders(root) if v.number <= current.number and v.manifest_file.exists()]
    return sorted(versions, key=lambda v: v.number, reverse=True)


def find_version(root: Path, version_id: str | None = None) -> Version:
    """The current version, or the one named. Raises WarehouseNotFound."""
    current = current_version(root)
    if current is None:
        raise WarehouseNotFound(
            f"there is no warehouse in {root}; make one with igny8 etl --source URL or igny8 demo, "
            "or name its directory with --warehouse"
        )
    if version_id is None:
        version = current
    else:
        by_id = {v.id: v for v in list_versions(root)}
        if version_id not in by_id:
            raise WarehouseNotFound(f"there is no version {version_id} in {root}; igny8 versions lists them")
        version = by_id[version_id]
    version.manifest()
    return version


def parquet_files(lake: Path, table: str) -> str:
    """The lake table's file, or a pattern of its files where it is a folder of parts."""
    path = lake / f"{table}.parquet"
    return f"{path}/**/*.parquet" if path.is_dir() else str(path)


def digest(*files: Path) -> str:
    """SHA-256 of the files' content, one after the other."""
    total = hashlib.sha256()
    for block in _blocks(*files):
        total.update(block)
    return total.hexdigest()


def checksum(file: Path) -> int:
    """CRC-32 of the file's content: tells damage, ten times as fast as a digest."""
    total = 0
    for block in _blocks(file):
        total = zlib.crc32(block, total)
    return total


def _blocks(*files: Path) -> Iterator[bytes]:
    for file in files:
        with file.open("rb") as content:
            while block := content.read(BLOCK_BYTES):
                yield block


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Hold the directory's one load lock; it ends with its process. Raises LoadError if another load runs."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / "load.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LoadError(f"another load is running on {root}; wait for it to end and try again") from None
        yield


def new_version(root: Path, as_of: datetime, at_least: int = 1) -> Version:
    """Make the folder of the next version, numbered `at_least` or higher; nobody sees it before `publish`."""
    number = max((v.number + 1 for v in _folders(root)), default=1)
    number = max(number, at_least)
    version = Version(root / "versions" / f"{as_of.astimezone(UTC):%Y%m%dT%H%M%SZ}-{number:04d}")
    version.lake.mkdir(parents=True)
    return version


def write_manifest(version: Version, manifest: dict[str, Any]) -> None:
    """Write what the load says about itself; the last file of a version."""
    _write_durably(version.manifest_file, json.dumps({"format": FORMAT, **manifest}, indent=2) + "\n")


def publish(root: Path, version: Version) -> None:
    """Make the version the current one, by one atomic rename; all that it holds is on the disk by then."""
    for path in (*version.path.rglob("*"), version.path, version.path.parent):
        _flush(path)
    pending = root / "current.new"
    _write_durably(pending, version.id + "\n")
    pending.replace(root / "current")
    _flush(root)


def sweep(root: Path) -> None:
    """Remove what unfinished loads left: every folder of `versions/` that was never current."""
    published = {v.path for v in list_versions(root)}
    for leftover in root.glob("versions/*"):
        if leftover not in published and leftover.is_dir() and not leftover.is_symlink():
            shutil.rmtree(leftover)
    (root / "current.new").unlink(missing_ok=True)


def prune(root: Path, keep: int) -> None:
    """Keep the newest `keep` versions (the current one is the newest)."""
    for version in list_versions(root)[keep:]:
        version.manifest_file.unlink()
        shutil.rmtree(version.path)


def _folders(root: Path) -> list[Version]:
    return [Version(path) for path in root.glob("versions/*-*") if VERSION_ID.fullmatch(path.name)]


def _write_durably(path: Path, text: str) -> None:
    with path.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
