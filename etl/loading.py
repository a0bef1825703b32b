"""Changing a warehouse directory: one load at a time, published by one rename, swept and pruned.

Only what a load of ours made and did not finish is removed: a folder with a version's name, no manifest, and the marker
that was written into it first, or nothing at all. What goes wrong after publishing is a warning.
"""

import errno
import fcntl
import json
import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from igny8_analysis.etl import lake
from igny8_analysis.etl.errors import LoadError, UsageError, WarehouseNotFound
from igny8_analysis.etl.files import flush, is_there, open_regular, write_durably
from igny8_analysis.etl.lake import Version

LOCK = "load.lock"
PENDING = "current.new"
ROOT_MODE = 0o700
UNUSABLE = {"?": "the beginning of options", "\\": "a folder's end"}
ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*:/", re.IGNORECASE)
"""How an address begins, of whose slashes a path keeps one."""
TRIES = 1_000  # to lock a file that others make and remove meanwhile


@contextmanager
def locked(root: Path) -> Iterator[list[Path]]:
    """Hold the directory's one load lock, which ends with its process. Raises LoadError if another load runs,
    UsageError for an address, a place within another warehouse's versions, or one that DuckDB cannot write to.

    Gives what was made for it, folders of the path and the lock: where the work fails, what is on that list then
    is removed again, so that a first load that fails leaves nothing.
    """
    if ADDRESS.match(str(root)):
        raise UsageError(f"{root} is an address, and a warehouse is a directory: name one on a disk")
    if unusable := next((sign for sign in UNUSABLE if sign in str(root.absolute())), None):
        raise UsageError(
            f"{root} cannot be a warehouse: DuckDB takes {unusable} in a path for {UNUSABLE[unusable]}; "
            "name another directory"
        )
    if outer := lake.owner_of(root):
        raise UsageError(
            f"{root} lies among the versions of the warehouse {outer}, and would go with one of them"
        )
    made: list[Path] = []
    descriptor = None
    try:
        descriptor = _lock(root, made)
        yield made
    except BaseException:
        for path in reversed(made):
            with suppress(OSError):
                path.rmdir() if path.is_dir() else path.unlink()
        raise
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _lock(root: Path, made: list[Path]) -> int:
    """Lock the file that the path names while it is locked: one that a failed first load removed locks nobody out."""
    path = root / LOCK
    for _ in range(TRIES):
        is_new = False
        try:
            make_folder(root, made, ROOT_MODE)
            descriptor = open_regular(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, is_own=True)
            is_new = True
        except NotADirectoryError:
            raise LoadError(
                f"{root} cannot be a warehouse: a file stands in its place; name another directory"
            ) from None
        except FileNotFoundError:  # the folder is gone again
            continue
        except FileExistsError:
            try:
                descriptor = open_regular(path, os.O_RDWR, is_own=True)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise LoadError(
                    f"{path} cannot be locked ({error.strerror}): move it out of the way"
                ) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if lake.is_same(descriptor, path):
                made.extend([path] if is_new else [])
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            raise LoadError(f"another load is running on {root}; wait for it to end and try again") from None
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
    raise LoadError(f"{path} cannot be made: name a directory on a disk, which keeps what is written to it")


def make_folder(folder: Path, made: list[Path], mode: int = 0o777) -> None:
    """Make the folder and those above it; each that was not there comes onto the list. Raises OSError."""
    if folder.exists():
        return
    make_folder(folder.parent, made)
    with suppress(FileExistsError):
        folder.mkdir(mode)
        made.append(folder)
        flush(folder.parent)


@contextmanager
def loading(root: Path) -> Iterator["Loading"]:
    """A load on a locked directory; what it made is removed again where it fails before it publishes.

    Raises LoadError if another load runs, and WarehouseNotFound where it cannot be told which version to go on from.
    """
    with locked(root) as made:
        this = Loading(root, made)
        try:
            yield this
        except BaseException:
            with suppress(OSError, WarehouseNotFound):
                if this.version and lake.current_version(root) != this.version:
                    _remove(this.version)
            raise


class Loading:
    """A load under way: it goes on from `previous`, makes `version`, and gathers `warnings` and versions `held`."""

    def __init__(self, root: Path, made: list[Path]) -> None:
        """Look which version to go on from; nothing is changed."""
        self.root = root
        self.previous = _version_to_go_on_from(root)
        self.version: Version | None = None
        self.warnings: list[str] = []
        self.held: list[str] = []
        self._made = made

    def sweep(self) -> None:
        """Remove what unfinished loads left. To be called when the source has been opened."""
        if self.previous and not is_there(self.root / "current"):  # its load was killed at the last step
            _switch(self.root, self.previous)
            with suppress(OSError):  # on the version in use a marker says nothing
                self.previous.marker.unlink()
        with suppress(OSError):  # what is in the way is told at the switch
            _remove_pending(self.root / PENDING)
        for folder in lake.version_folders(self.root):
            if (
                folder in (self.version, self.previous)
                or is_there(folder.manifest_file)
                or not _is_folder(folder)
            ):
                continue
            try:
                if is_there(folder.marker):
                    os.close(open_regular(folder.marker, is_own=True))
                    _remove(folder)
                elif not any(folder.path.iterdir()):
                    folder.path.rmdir()
            except OSError as error:
                self._warn(f"{folder.path}, left by an unfinished load, cannot be removed", error)

    def begin(self, as_of: datetime, at_least: int = 1) -> Version:
        """Make the folder of the next version, numbered `at_least` or higher; nobody sees it before `publish`."""
        versions = self.root / "versions"
        make_folder(versions, self._made)
        version = self._next(as_of, at_least)
        version.path.mkdir()
        self.version = version
        write_durably(version.marker, "")
        flush(version.path)
        version.lake.mkdir()
        return version

    def rename(self, as_of: datetime, at_least: int) -> Version:
        """Give the version under way another instant, and a number of `at_least` or higher."""
        assert self.version
        version = self._next(as_of, at_least)
        self.version.path.rename(version.path)
        self.version = version
        return version

    def publish(self, manifest: dict[str, Any]) -> None:
        """Write the manifest and make the version current, by one rename; all it holds is on the disk by then."""
        assert self.version
        version = self.version
        for folder, _, files in os.walk(version.path, topdown=False):
            for name in files:
                flush(Path(folder, name))
            flush(Path(folder))
        write_manifest(version, manifest)
        flush(version.path.parent)
        _switch(self.root, version)
        self._made.clear()
        try:
            flush(self.root)
            version.marker.unlink()
        except OSError as error:
            self._warn(f"version {version.id} is published, yet", error)

    def prune(self, keep: int) -> None:
        """Keep the newest `keep` versions, the current one, and those that are being read."""
        try:
            current = lake.current_version(self.root)
            for version in lake.list_versions(self.root)[keep:]:
                if version != current and not version.is_newer:
                    self._prune(version)
        except (OSError, WarehouseNotFound) as error:
            self._warn("old versions cannot be looked for", error)

    def _prune(self, version: Version) -> None:
        try:
            if not _is_folder(version):
                raise OSError(errno.EINVAL, "it is a link")
            descriptor = open_regular(version.manifest_file, os.O_RDWR, is_own=True)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(version)
            finally:
                os.close(descriptor)
        except BlockingIOError:
            self.held.append(version.id)
        except OSError as error:
            self._warn(f"the old version {version.id} cannot be removed", error)

    def _next(self, as_of: datetime, at_least: int) -> Version:
        taken = (folder.number for folder in lake.version_folders(self.root) if folder != self.version)
        number = max(at_least, 1 + max(taken, default=0))
        if number > lake.LAST_NUMBER:
            raise LoadError(
                f"there is no number after {number - 1:,}: move the folder of that number out of "
                f"{self.root / 'versions'} and load again"
            )
        return Version(self.root / "versions" / f"{as_of.astimezone(UTC):%Y%m%dT%H%M%SZ}-{number:04d}")

    def _warn(self, what: str, error: Exception) -> None:
        self.warnings.append(f"{what}: {getattr(error, 'strerror', None) or error}")


def write_manifest(version: Version, manifest: dict[str, Any]) -> None:
    """Write what the load says about itself, whole or not at all: with it the version is one."""
    pending = version.path / "manifest.json.new"
    write_durably(pending, json.dumps({"format": lake.FORMAT, **manifest}, indent=2) + "\n")
    pending.rename(version.manifest_file)
    flush(version.path)


def use_version(root: Path, version_id: str) -> Version:
    """Make a published version the current one, and change nothing else; the next load goes on from it.

    Raises WarehouseNotFound for one that cannot be read, LoadError where a load runs.
    """
    version = lake.find_version(root, version_id)
    with locked(root):
        os.close(lake.hold(version))
        _switch(root, version)
        flush(root)
    return version


def _version_to_go_on_from(root: Path) -> Version | None:
    """The current version; None before the first load. Raises WarehouseNotFound where it cannot be told."""
    folders = lake.version_folders(root)
    for folder in folders:
        if folder.is_newer:
            folder.manifest()
    current = lake.current_version(root)
    if current and is_there(current.path):
        current.refuse_what_is_no_file()
        return current
    whole = [folder for folder in folders if is_there(folder.manifest_file)]
    if current is None and not whole:
        return None
    if current is None and len(whole) == 1 and whole[0].is_published and is_there(whole[0].marker):
        return whole[0]
    return lake.find_version(root)


def _switch(root: Path, version: Version) -> None:
    pending = root / PENDING
    _remove_pending(pending)
    try:
        write_durably(pending, version.id + "\n")
        pending.replace(root / "current")
    except OSError as error:
        with suppress(OSError):
            pending.unlink()
        raise OSError(error.errno, error.strerror, str(root / "current")) from error


def _remove_pending(pending: Path) -> None:
    """Remove what a load left that was killed as it switched. Raises OSError where the file is not of ours."""
    if is_there(pending):
        descriptor = open_regular(pending, is_own=True)
        text = os.read(descriptor, 100).decode("utf-8", "replace").strip()
        os.close(descriptor)
        if text and not lake.VERSION_ID.fullmatch(text):
            raise OSError(errno.EEXIST, f"{pending} is in the way: move it elsewhere", str(pending))
        pending.unlink()


def _remove(version: Version) -> None:
    """The marker first, then the manifest, then the rest: what is left where this is cut short is swept."""
    if not is_there(version.marker):
        write_durably(version.marker, "")
        flush(version.path)
    version.manifest_file.unlink(missing_ok=True)
    flush(version.path)
    for path in version.path.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path != version.marker:
            path.unlink()
    version.marker.unlink()
    version.path.rmdir()


def _is_folder(version: Version) -> bool:
    with suppress(OSError):
        return stat.S_ISDIR(version.path.lstat().st_mode)
    return False
