"""The errors a person may see: one line that says what is wrong, where, and what would work."""


class Igny8Error(Exception):
    """Base of every error that is told in one line; `exit_code` is the command's exit status."""

    exit_code = 1


class UsageError(Igny8Error):
    """What was asked for cannot be asked: a bad page, date, query or name of a view."""

    exit_code = 2


class LoadError(Igny8Error):
    """A source, a load or an output failed; what was there before is untouched."""

    exit_code = 5


class WarehouseNotFound(Igny8Error):  # noqa: N818 (the name is part of the public interface)
    """There is no warehouse, no such version of it, or one that this program cannot read."""

    exit_code = 4


DAMAGED = "the version of the data is damaged: load again with igny8 etl, or choose another: igny8 versions --use ID"
DAMAGE = ("Corrupt", "invalidated", "deserialize", "ould not read")
CLASSES_OF_DAMAGE = ("Error", "IOException", "InternalException", "FatalException", "SerializationException")


def is_damage(error: Exception) -> bool:
    """Whether an error of DuckDB, which has no class for it, tells of a file that is not as it was written."""
    return tells_damage(type(error).__name__, str(error))


def tells_damage(name: str, text: str) -> bool:
    """The same of an error's class and text, where the error was in another process."""
    return name in CLASSES_OF_DAMAGE and any(word in text for word in DAMAGE)
