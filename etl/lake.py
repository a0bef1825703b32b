"""Versions of a warehouse directory, as readers see them: named, published, held while they are read.

A version is published if it has our name and a manifest; `current` names the one in use.
"""

import fcntl
import hashlib
import itertools
import json
import os
import re
import shutil
import stat
import threading
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from igny8_analysis.etl.contracts import LAKE_TABLES
from igny8_analysis.etl.errors import Igny8Error, LoadError, UsageError, WarehouseNotFound
from igny8_analysis.etl.files import is_there, open_regular, read_text

FORMAT = 1
BLOCK_BYTES = 1 << 20
VERSION_ID = re.compile(r"[0-9]{1,8}T[0-9]{6}Z-[0-9]{4,9}")
LAST_NUMBER = 10**9 - 1
OWN_FILES = (
    "current",
    "current.new",
    "load.lock",
    "alerts_posted.json",
    "alerts.lock",
    "demo.sqlite",
    "demo.sqlite-journal",
)
SHOWN = 5
KEEP = 5  # versions that stay, where nobody says how many


@dataclass(frozen=True)
class Version:
    """A version's folder: `lake/*.parquet`, `*_as_read.parquet`, `warehouse.duckdb` and `manifest.json`."""

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

    @property
    def marker(self) -> Path:
        """There from the first while a load makes the version, and while a prune removes it."""
        return self.path / "unfinished"

    def manifest(self) -> dict[str, Any]:
        """What the load wrote about itself. Raises WarehouseNotFound where it cannot be read by this program."""
        manifest = self._read_manifest()
        if manifest and (format_ := manifest["format"]) > FORMAT:
            raise WarehouseNotFound(
                f"version {self.id} has format {format_}, this program reads up to {FORMAT}; upgrade igny8-analysis"
            )
        if manifest is None or not _is_complete(manifest):
            raise WarehouseNotFound(
                f"version {self.id} in {self.path.parent.parent} cannot be read: its manifest is damaged; "
                "load again with igny8 etl, or choose another with igny8 versions --use ID"
            )
        return manifest

    def is_as_written(self, *tables: str) -> bool:
        """Whether these tables of its lake can be read and hold what the load wrote."""
        try:
            told = self.manifest()["tables"]
            return all(sha256(self.lake / f"{name}.parquet") == told[name]["sha256"] for name in tables)
        except (Igny8Error, OSError, KeyError):
            return False

    @property
    def is_newer(self) -> bool:
        """Whether a newer program wrote it, in a format that this one does not know."""
        manifest = self._read_manifest()
        return manifest is not None and manifest["format"] > FORMAT

    @property
    def is_published(self) -> bool:
        """Whether it is a whole version: of our name, with a manifest that is one."""
        manifest = self._read_manifest()
        return manifest is not None and (manifest["format"] > FORMAT or _is_complete(manifest))

    def refuse_what_is_no_file(self) -> None:
        """Raise WarehouseNotFound where a FIFO, say, has a file's place: whoever opened it would wait without end."""
        for folder, _, names in os.walk(self.path):
            for name in names:
                file = Path(folder, name)
                with suppress(OSError):  # gone meanwhile, or a link to nothing: told by what reads it
                    if not stat.S_ISREG(file.stat().st_mode):
                        raise WarehouseNotFound(
                            f"{file} is no regular file, so version {self.id} cannot be read: restore it, or choose "
                            "another with igny8 versions --use ID"
                        )

    def _read_manifest(self) -> dict[str, Any] | None:
        with suppress(OSError, ValueError, RecursionError):
            match json.loads(read_text(self.manifest_file)):
                case {"format": int()} as manifest:
                    return dict(manifest)
        return None


def _is_complete(manifest: dict[str, Any]) -> bool:
    """Whether a manifest holds what this program reads of it."""
    match manifest:
        case {
            "version": str(),
            "load_number": int(),
            "as_of": str(as_of),
            "source": {"kind": str(), "missing": list(missing), **source},
            "reconciliation": dict(measures),
            "tables": {"runs": _, "value_findings": _, "quarantine": _} as tables,
            "database_bytes": int(),
            "duration_seconds": int() | float(),
        }:
            with suppress(ValueError):
                datetime.fromisoformat(as_of)
                changes = source.get("changes", [])
                return (
                    bool(measures)
                    and all(isinstance(measure, dict) for measure in measures.values())
                    and len({tuple(measure) for measure in measures.values()}) == 1
                    and all(isinstance(name, str) for name in missing)
                    and isinstance(changes, list)
                    and all(_has(change, str, "object", "change") for change in changes)
                    and all(_has(table, int, "rows", "bytes") for table in tables.values())
                )
    return False


def _has(part: Any, kind: type, *names: str) -> bool:
    return isinstance(part, dict) and all(isinstance(part.get(name), kind) for name in names)


def bytes_of(manifest: dict[str, Any]) -> int:
    """What a version takes on the disk by its manifest: database, lake, and what the next load goes on from."""
    as_read = manifest.get("as_read")
    kept = as_read.values() if isinstance(as_read, dict) else ()
    parts = [*manifest["tables"].values(), *(part for part in kept if _has(part, int, "bytes"))]
    return sum([manifest["database_bytes"], *(part["bytes"] for part in parts)])


def current_version(root: Path) -> Version | None:
    """The version that `current` names, whether it is there or not; None where there is no such file.

    Raises WarehouseNotFound for a damaged one.
    """
    file = root / "current"
    try:
        name = read_text(file).strip()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise WarehouseNotFound(f"{file} cannot be read: {error.strerror}; {how_to_choose(root)}") from None
    if not VERSION_ID.fullmatch(name):
        raise WarehouseNotFound(f"{file} names no version; {how_to_choose(root)}")
    return Version(root / "versions" / name)


def list_versions(root: Path) -> list[Version]:
    """Published versions, newest load first, whatever `current` says."""
    return [version for version in version_folders(root) if version.is_published]


def version_folders(root: Path) -> list[Version]:
    """What has the name of a version, the highest number first: published, unfinished or neither."""
    with suppress(OSError):
        folders = [Version(path) for path in (root / "versions").iterdir() if VERSION_ID.fullmatch(path.name)]
        return sorted(folders, key=lambda v: (v.number, v.id), reverse=True)
    return []


def find_version(root: Path, version_id: str | None = None) -> Version:
    """The current version, or the one named. Raises WarehouseNotFound."""
    if version_id is not None:
        version = next((v for v in list_versions(root) if v.id == version_id), None)
        if version is None and (list_versions(root) or is_there(root / "current")):
            raise WarehouseNotFound(f"there is no version {version_id} in {root}; igny8 versions lists them")
    else:
        version = current_version(root)
    if version is None:
        if any(is_there(v.manifest_file) for v in version_folders(root)):
            raise WarehouseNotFound(
                f"no version is in use in {root}, `current` is missing; {how_to_choose(root)}"
            )
        raise WarehouseNotFound(
            f"there is no warehouse in {root}; make one with igny8 etl --source URL or igny8 demo, "
            "or name its directory with --warehouse"
        )
    if not is_there(version.path):
        raise WarehouseNotFound(
            f"{root / 'current'} names version {version.id}, which is not there; {how_to_choose(root)}"
        )
    version.manifest()
    version.refuse_what_is_no_file()
    return version


def how_to_choose(root: Path) -> str:
    """What to do where `current` names no version that can be used."""
    ids = [version.id for version in list_versions(root)]
    if not ids:
        return f"no whole version is there: restore {root / 'versions'} and `current` from a backup"
    more = f" and {len(ids) - SHOWN} older" if len(ids) > SHOWN else ""
    return f"there are {', '.join(ids[:SHOWN])}{more}: choose one with igny8 versions --use ID"


def hold(version: Version) -> int:
    """A descriptor that keeps the version from being pruned until it is closed. Raises WarehouseNotFound.

    It is a shared lock of the manifest, which a prune locks for itself before it removes anything.
    """
    gone = WarehouseNotFound(
        f"version {version.id} was removed by a load; igny8 versions lists those that stay"
    )
    try:
        descriptor = open_regular(version.manifest_file)
    except OSError:
        raise gone from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise gone from None
    except OSError:  # a file system without locks: what is read there may be pruned
        return descriptor
    if not is_same(descriptor, version.manifest_file):
        os.close(descriptor)
        raise gone
    return descriptor


def is_same(descriptor: int, path: Path) -> bool:
    """Whether the path still names the file that is open."""
    with suppress(OSError):
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    return False


def owner_of(file: Path) -> Path | None:
    """The folder that makes the file, there or not, a warehouse's own: its directory, or a version that lies elsewhere.

    A directory's own are `versions/` and all in it, and beside that `current`, the locks, the note of what was posted
    and the demo's source. Where links lead from there to a version, that is known by its name and what it holds. None
    where the file is of no warehouse.
    """
    for path in (file.absolute(), Path(os.path.realpath(file.parent), file.name)):
        for folder in path.parents:
            is_inside = path.is_relative_to(folder / "versions")
            if (is_inside or path in [folder / name for name in OWN_FILES]) and version_folders(folder):
                return folder
            if VERSION_ID.fullmatch(folder.name) and Version(folder).is_published:
                return folder
    return None


def refuse_own_file(target: Path) -> None:
    """Raise UsageError where the file is, or would be, one that a warehouse is made of."""
    if owner := owner_of(target):
        raise UsageError(f"{target} belongs to the warehouse {owner}: name a place elsewhere")


def sha256(*files: Path) -> str:
    """SHA-256 of the files' content, one after the other."""
    total = hashlib.sha256()
    for block in _blocks(*files):
        total.update(block)
    return total.hexdigest()


def crc32(file: Path) -> int:
    """CRC-32 of the file's content: tells damage, ten times as fast as a digest."""
    total = 0
    for block in _blocks(file):
        total = zlib.crc32(block, total)
    return total


def copy(file: Path, to: Path, is_left: threading.Event) -> int:
    """Copy a file until it `is_left`. Return the checksum of what was copied: one reading for both."""
    total = 0
    with to.open("wb") as copied:
        for block in itertools.takewhile(lambda _: not is_left.is_set(), _blocks(file)):
            total = zlib.crc32(block, total)
            copied.write(block)
    return total


def _blocks(*files: Path) -> Iterator[memoryview]:
    """The files' content, each block in the place of the one before: memory of its own for each took twice the time."""
    block = memoryview(bytearray(BLOCK_BYTES))
    for file in files:
        with file.open("rb", buffering=0) as content:
            while size := content.readinto(block):
                yield block[:size]


def local_lake(lake_uri: str) -> Path | None:
    """The folder of a lake on this machine; None where the address is of another. Raises LoadError for no lake."""
    local = local_path(lake_uri)
    missing = [name for name in LAKE_TABLES if local and not (local / f"{name}.parquet").exists()]
    if missing:
        raise LoadError(f"{local} is no lake: it lacks {', '.join(f'{name}.parquet' for name in missing)}")
    return local


def copy_lake(lake_uri: str, lake: Path) -> dict[str, str]:
    """Copy a local lake's files into the folder `lake`; of another one, return what is to be copied where."""
    local = local_lake(lake_uri)
    if local is None:
        return {f"{lake_uri}/{name}.parquet": str(lake / f"{name}.parquet") for name in LAKE_TABLES}
    for name in LAKE_TABLES:
        source, target = local / f"{name}.parquet", lake / f"{name}.parquet"
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copyfile(source, target)
    return {}


def local_path(uri: str) -> Path | None:
    """The folder that a path or a file:// address names; None for another kind of address."""
    scheme, separator, rest = uri.partition("://")
    if not separator:
        return Path(uri)
    return Path(rest) if scheme == "file" else None
