"""PostgreSQL through ADBC: Arrow batches out of one repeatable-read, read-only transaction.

libpq waits for a server without end and deaf to signals. So each call has a thread of its own, which is waited for in
time and left behind when that is over; then its socket is shut, which ends the thread too.
"""

import hashlib
import os
import queue
import re
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

import duckdb
import pyarrow as pa
from adbc_driver_manager import Error
from adbc_driver_postgresql import dbapi

from igny8_analysis.etl.errors import LoadError
from igny8_analysis.etl.secrets import without_passwords
from igny8_analysis.etl.sources.source import SEE_ALL_ROWS, Relation, WrittenRows, trimmed
from igny8_analysis.etl.templates import filled

CONNECT_TIMEOUT_SECONDS = "15"
STATEMENT_TIMEOUT_MINUTES = 15
APPLICATION_NAME = "igny8-analysis"

# How long the client waits: for a connection, whatever connect_timeout says; for the first rows beyond what the server
# may take for a statement; for more of them once they flow; and for a call to end that was told to.
CONNECTING_SECONDS = 300
GRACE_SECONDS = 30
STALLED_SECONDS = 60
ENDING_SECONDS = 2
POLL_SECONDS = 0.1

# Small batches, since what is waited for is a whole one.
BATCH_SIZE = {"adbc.postgresql.batch_size_hint_bytes": str(1 << 20)}
KEEPALIVE = (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))

# The isolation level must come before the first query, whose start is the snapshot.
SESSION = (
    "set transaction isolation level repeatable read, read only",
    f"set application_name to '{APPLICATION_NAME}'",
    f"set local statement_timeout to '{STATEMENT_TIMEOUT_MINUTES}min'",
    "set local row_security to off",  # rows that a policy hides are an error, not a smaller source
    "set client_encoding to 'UTF8'",  # whatever PGCLIENTENCODING or the role says
    "set local timezone to 'UTC'",
    "set local datestyle to 'ISO, YMD'",
    "set local intervalstyle to 'iso_8601'",
    "set local extra_float_digits to 1",
    "set local bytea_output to 'hex'",
    "set local lc_monetary to 'C'",
)

# A role's limits for a transaction as a whole would end a load that each statement's own limit lets through.
PATIENCE = """
select pg_catalog.set_config(name, '0', true) from pg_catalog.pg_settings
where name in ('idle_in_transaction_session_timeout', 'transaction_timeout')
"""

LIBPQ = "[libpq]"
HINTS = {
    "row-level security": SEE_ALL_ROWS,
    "permission denied": "grant SELECT on it to the reading role",
    "statement timeout": f"one query took over {STATEMENT_TIMEOUT_MINUTES} minutes: load when the source is less busy",
}

T = TypeVar("T")
Socket = tuple[int, int]  # its number, which another takes once it is closed, and its inode

RELATIONS = """
select n.nspname, c.relname, pg_catalog.pg_table_is_visible(c.oid), a.attname,
    pg_catalog.format_type(a.atttypid, null), pg_catalog.has_column_privilege(c.oid, a.attnum, 'select'),
    pg_catalog.row_security_active(c.oid)
from pg_catalog.pg_class as c
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relkind in ('r', 'v', 'm', 'p', 'f') and not c.relispartition
    and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg!_t%' escape '!'
    and pg_catalog.has_schema_privilege(n.oid, 'usage')
    and (c.relname like 'igny8!_%' escape '!' or c.relname = any($1) or n.nspname || '.' || c.relname = any($1))
order by n.nspname, c.relname, a.attnum
"""

# Whatever may change the values of rows, or which rows are seen, and leaves xmin as it is.
TABLE_STATE = """
select
    c.relkind = 'r' and not c.relhassubclass
        and (select a.amname = 'heap' from pg_catalog.pg_am as a where a.oid = c.relam),
    c.relrowsecurity,
    pg_catalog.has_table_privilege(c.oid, 'select'),
    cast($3 as text) is null or (
        select a.atttypid in (20, 21, 23) from pg_catalog.pg_attribute as a
        where a.attrelid = c.oid and a.attname = $3 and not a.attisdropped
    ),
    pg_catalog.concat_ws(
        ' ', current_user, pg_catalog.inet_server_addr(), pg_catalog.inet_server_port(), d.oid, d.datname,
        pg_catalog.pg_postmaster_start_time(), pg_catalog.pg_is_in_recovery(), c.oid,
        pg_catalog.pg_relation_filenode(c.oid),
        (select s.stats_reset from pg_catalog.pg_stat_bgwriter as s) -- also by what recovers from a crash
    ),
    (
        select pg_catalog.string_agg(
            pg_catalog.concat_ws(
                ' ', a.attnum, a.attname, a.atttypid, a.atttypmod, pg_catalog.pg_get_expr(v.adbin, v.adrelid)
            ),
            '; ' order by a.attnum
        )
        from pg_catalog.pg_attribute as a
        left join pg_catalog.pg_attrdef as v on v.adrelid = a.attrelid and v.adnum = a.attnum
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    ),
    -- of every enum: a column's may stand behind a domain, in an array or in a row
    (
        select pg_catalog.string_agg(e.enumlabel, ',' order by e.enumtypid, e.enumsortorder)
        from pg_catalog.pg_enum as e
    ),
    -- and of every composite type
    (
        select pg_catalog.string_agg(
            pg_catalog.concat_ws(' ', a.attrelid, a.attnum, a.attname, a.atttypid, a.attisdropped),
            '; ' order by a.attrelid, a.attnum
        )
        from pg_catalog.pg_attribute as a
        join pg_catalog.pg_class as t on t.oid = a.attrelid and t.relkind = 'c'
    ),
    pg_catalog.txid_snapshot_xmin(pg_catalog.txid_current_snapshot()),
    pg_catalog.txid_snapshot_xmax(pg_catalog.txid_current_snapshot())
from pg_catalog.pg_class as c
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
join pg_catalog.pg_database as d on d.datname = pg_catalog.current_database()
where n.nspname = $1 and c.relname = $2
"""

# The catalogue is of the snapshot, the functions and the locks of all that was read are of now. A snapshot does not
# hold back who truncates a table, writes it anew or puts another in its place before the table is first read: of rows
# written later than the snapshot it sees none.
REPLACED = """
select distinct now_.identity
from pg_catalog.pg_locks as l
cross join lateral pg_catalog.pg_identify_object(cast('pg_catalog.pg_class' as regclass), l.relation, 0) as now_
left join pg_catalog.pg_class as c on c.oid = l.relation
left join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where l.locktype = 'relation' and l.pid = pg_catalog.pg_backend_pid()
    and now_.type <> 'index' and now_.schema not in ('pg_catalog', 'pg_toast')
    and (
        now_.identity is distinct from pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)
        or coalesce(pg_catalog.pg_relation_filenode(l.relation), 0) <> c.relfilenode
    )
order by now_.identity
"""

# What a timestamp looks like in this session needs no second look; of other texts only what a cast takes is cast.
UTC_DATE = """
case
    when {{ text }} like '____-__-__ __:__:%+00' then left({{ text }}, 10)
    when {{ text }} ~ ('^(?!0000)[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[T ](([01][0-9]|2[0-3]):[0-5][0-9]'
        || '(:[0-5][0-9]([.][0-9]+)?)?|24:00(:00([.]0+)?)?)( ?(Z|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?))?$')
    then case
        when cast(substr({{ text }}, 9, 2) as integer) <= extract(day from
            make_date(cast(left({{ text }}, 4) as integer), cast(substr({{ text }}, 6, 2) as integer), 1)
            + interval '1 month - 1 day')
        then cast(cast(cast({{ text }} as timestamptz) at time zone 'UTC' as date) as text)
    end
end"""

AMOUNT = """
case
    when length({{ text }}) <= 1000 and {{ text }} ~ '^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?0*[0-9]{1,4})?$'
    then case
        when abs(round(cast({{ text }} as numeric), {{ places }})) < 1e12
        then round(cast({{ text }} as numeric), {{ places }})
    end
end"""


# A column of these types needs no look at its text, which takes the server several times as long; to group rows by
# texts takes it half as long again as by these.
INSTANTS = ("timestamp with time zone", "timestamp without time zone")
SMALL_INTEGERS = ("smallint", "integer")
INTEGERS = (*SMALL_INTEGERS, "bigint")
NUMBERS = (*INTEGERS, "numeric")
DATE_OF_INSTANT = "cast({{ column }} as date)"  # the session's time zone is UTC
AMOUNT_OF_NUMBER = """
case
    when abs(round(cast({{ column }} as numeric), {{ places }})) < 1e12
    then round(cast({{ column }} as numeric), {{ places }})
end"""


class Stalled(Exception):  # noqa: N818 (told as a LoadError)
    """The server did not answer in time."""


class Left(Exception):  # noqa: N818 (it is no error)
    """The wait was ended from another thread."""


class Call(threading.Thread, Generic[T]):
    """A call under way in a thread of its own, to be waited for or left behind."""

    def __init__(self, call: Callable[[], T]) -> None:
        """Begin it."""
        super().__init__(daemon=True)
        self._call = call
        self._answers: queue.SimpleQueue[tuple[T | None, Exception | None]] = queue.SimpleQueue()
        self.start()

    def run(self) -> None:
        """Keep what the call gives, or its error."""
        try:
            self._answers.put((self._call(), None))
        except Exception as error:
            self._answers.put((None, error))

    def result(self, seconds: float, is_left: threading.Event | None = None) -> T:
        """What the call gives or raises. Raises Stalled after the seconds, and Left as soon as `is_left` is set."""
        end = time.monotonic() + seconds
        while True:
            with suppress(queue.Empty):  # short waits, for one that has no end hears no Ctrl-C
                found, error = self._answers.get(timeout=min(POLL_SECONDS, seconds))
                if error:
                    raise error
                return cast(T, found)
            if is_left and is_left.is_set():
                raise Left
            if time.monotonic() > end:
                raise Stalled(f"the server did not answer for {seconds:.0f} s")


class PostgresSource:
    """A PostgreSQL database at one snapshot; `as_of` is the server's clock at its first query."""

    kind = "postgresql"
    total = "sum"
    exact = 'collate "C"'

    as_of: datetime

    def __init__(self, connection: dbapi.Connection, sockets: set[Socket]) -> None:
        """Take over a fresh connection, which has these sockets."""
        self._connection = connection
        self._sockets = sockets
        self._reading = connection.cursor()
        self._call: Call[Any] | None = None
        self._is_left = threading.Event()
        self._rows_under_way: pa.RecordBatchReader | None = None
        self._is_any_bytes = False
        self.failure: Exception | None = None

    def begin(self) -> None:
        """Begin the read-only transaction and fix its instant. Raises LoadError where no type can be read."""
        for statement in SESSION:
            self._in_time(partial(self._reading.execute, statement), GRACE_SECONDS)
        ((self.as_of, encoding, quotes),) = self._rows(
            "select statement_timestamp(), current_setting('server_encoding'), "
            "current_setting('quote_all_identifiers')"
        )
        self._rows(PATIENCE)
        if quotes != "off":  # the driver asks for types by names, which it then does not know
            raise LoadError(
                "reading from PostgreSQL failed: quote_all_identifiers is on for this role or database; nothing was "
                "loaded, try PGOPTIONS='-c quote_all_identifiers=off' or alter role … set quote_all_identifiers to off"
            )
        self._is_any_bytes = encoding == "SQL_ASCII"  # the server does not know what its texts are written in
        if self._is_any_bytes:  # nor may it refuse those that are no UTF-8
            self._in_time(partial(self._reading.execute, "set client_encoding to 'SQL_ASCII'"), GRACE_SECONDS)

    def relations(self, also: Sequence[str]) -> list[Relation]:
        """Every table and view named `igny8_…` in a schema of the role's, and those named in `also`."""
        found: dict[tuple[str, str], Relation] = {}
        for schema, table, is_visible, column, type_, is_granted, hides_rows in self._rows(
            RELATIONS, (list(also),)
        ):
            name = table if is_visible else f"{schema}.{table}"
            relation = found.setdefault((schema, table), Relation(name, (schema, table), {}, hides_rows))
            relation.columns[column] = is_granted and not hides_rows
            relation.types[column] = type_
        return list(found.values())

    def key(self, column: str, type_: str | None) -> str:
        """SQL for a whole number, or for a text."""
        return column if type_ in INTEGERS else f"cast({column} as text)"

    def utc_date(self, column: str, type_: str | None) -> str:
        """SQL for the date in UTC of a column, or for that as text."""
        sql = DATE_OF_INSTANT if type_ in INSTANTS else UTC_DATE
        return filled(sql, {"column": column, "text": trimmed(column)})

    def amount(self, column: str, type_: str | None, places: int) -> str:
        """SQL for the number that a column holds."""
        if type_ in SMALL_INTEGERS:
            return column
        sql = AMOUNT_OF_NUMBER if type_ in NUMBERS else AMOUNT
        return filled(sql, {"column": column, "text": trimmed(column), "places": places})

    def read(self, query: str) -> pa.RecordBatchReader:
        """Stream the query's rows as Arrow batches; the next query ends the stream."""
        self._reading.close()
        self._reading = cursor = self._connection.cursor()
        cursor.adbc_statement.set_options(**BATCH_SIZE)
        seconds: float = STATEMENT_TIMEOUT_MINUTES * 60 + GRACE_SECONDS
        self._in_time(lambda: cursor.execute(query), seconds)
        self._rows_under_way = reader = cursor.fetch_record_batch()

        def batches(seconds: float) -> Iterator[pa.RecordBatch]:
            try:
                while batch := self._in_time(lambda: next(reader, None), seconds):
                    yield self._texts(batch)
                    seconds = STALLED_SECONDS
            except Exception as error:
                self.failure = error  # whoever reads the batches makes an error of its own of it
                raise

        return pa.RecordBatchReader.from_batches(reader.schema, batches(seconds))

    def written_rows(self, path: tuple[str, ...], id_column: str | None) -> WrittenRows | str:
        """Whether each row of the table tells, by its xmin, what wrote it last; if not, why not."""
        found = self._rows(TABLE_STATE, (*path, id_column))
        if not found:
            return "the table is not in the catalogue"
        ((is_plain, has_policies, is_readable, is_whole, place, columns, words, types, oldest, next_),) = (
            found
        )
        reasons = {
            "it is no plain table": not is_plain,
            "row-level security is on": has_policies,
            "the role may read some of the columns only": not is_readable,
            "its ids are no whole numbers": not is_whole,
        }
        for reason, holds in reasons.items():
            if holds:
                return f"{'.'.join(path)} does not tell which rows changed, {reason}"
        state = f"{place}\n{columns}\n{words}\n{types}"
        return WrittenRows(hashlib.sha256(state.encode()).hexdigest(), oldest, next_)

    def replaced(self) -> list[str]:
        """Which of the tables that were read were written anew, or put in another's place, since the snapshot."""
        return [name for (name,) in self._rows(REPLACED)]

    def interrupt(self) -> None:
        """End the wait for the server, from another thread; nothing can be read afterwards."""
        self._is_left.set()

    def close(self) -> None:
        """End the connection: what was left behind is cancelled, and if need be cut off."""
        call = self._call
        if call and call.is_alive():
            with suppress(Exception):
                Call(self._reading.adbc_cancel).result(ENDING_SECONDS)
            call.join(ENDING_SECONDS)
        if call and call.is_alive():
            for number, _ in self._sockets & _sockets():
                with suppress(OSError), socket.socket(fileno=os.dup(number)) as shared:
                    shared.shutdown(socket.SHUT_RDWR)
        with suppress(Error, Stalled):
            Call(self._close).result(ENDING_SECONDS)

    def _close(self) -> None:
        if self._call:  # it has the connection, however late it ends
            self._call.join()
        if self._rows_under_way:  # it would keep the connection
            self._rows_under_way.close()
        self._connection.close()

    def _rows(self, query: str, parameters: Sequence[object] | None = None) -> list[tuple[Any, ...]]:
        """The rows of a query that takes no time."""

        def rows() -> list[tuple[Any, ...]]:
            with self._connection.cursor() as cursor:
                cursor.execute(query, parameters)
                batches = cursor.fetch_record_batch()
                columns = [[c.to_pylist() for c in self._texts(batch).columns] for batch in batches]
                return [row for batch in columns for row in zip(*batch, strict=True)]

        return self._in_time(rows, STALLED_SECONDS)

    def _texts(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        return _as_utf_8(batch) if self._is_any_bytes else batch

    def _in_time(self, call: Callable[[], T], seconds: float) -> T:
        self._call = under_way = Call(call)
        return under_way.result(seconds, self._is_left)


@contextmanager
def open_postgres(url: str) -> Iterator[PostgresSource]:
    """Connect (password from the URL, PGPASSWORD or ~/.pgpass) and hold one snapshot. Raises LoadError."""
    os.environ.setdefault("PGCONNECT_TIMEOUT", CONNECT_TIMEOUT_SECONDS)
    before = _sockets()
    try:
        with _silent():
            connection = Call(lambda: dbapi.connect(url)).result(CONNECTING_SECONDS)
    except (Error, Stalled) as error:
        raise LoadError(
            f"cannot connect to PostgreSQL: {_message(error, url)}; check the address, the user, the password "
            "(from the URL, PGPASSWORD or ~/.pgpass) and that the server runs"
        ) from None
    sockets = _sockets() - before
    _keep_alive(sockets)
    source = PostgresSource(connection, sockets)
    try:
        source.begin()
        yield source
    except (Error, Stalled, Left, pa.ArrowException, OSError, duckdb.Error) as error:
        failure = source.failure or error
        if isinstance(failure, Left):
            raise KeyboardInterrupt from None
        if not isinstance(failure, Error | Stalled) and LIBPQ not in str(failure):
            raise  # of a file of ours, not of the source
        message = _message(failure, url)
        hint = next((hint for sign, hint in HINTS.items() if sign in message), "load again")
        raise LoadError(f"reading from PostgreSQL failed: {message}; nothing was loaded, {hint}") from None
    finally:
        source.close()


@contextmanager
def _silent() -> Iterator[None]:
    """Without what libpq writes to the terminal: a server's warnings while it connects, as they come."""
    try:
        kept = os.dup(2)
    except OSError:  # it is closed
        yield
        return
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _sockets() -> set[Socket]:
    """The sockets that this process has open."""
    found = set()
    for entry in Path("/dev/fd").iterdir():
        with suppress(OSError):  # the one of this list
            state = os.fstat(int(entry.name))
            if stat.S_ISSOCK(state.st_mode):
                found.add((int(entry.name), state.st_ino))
    return found


def _keep_alive(sockets: set[Socket]) -> None:
    """Have the system find out within a minute that the other machine is gone."""
    for number, _ in sockets:
        with suppress(OSError), socket.socket(fileno=os.dup(number)) as shared:
            shared.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name, value in KEEPALIVE:
                if hasattr(socket, name):
                    shared.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _as_utf_8(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with what is no UTF-8 in its texts replaced."""
    columns = [
        pa.array(
            [
                text if text is None else text.decode("utf-8", "replace")
                for text in c.cast(pa.binary()).to_pylist()
            ]
        )
        if pa.types.is_string(c.type)
        else c
        for c in batch.columns
    ]
    return pa.record_batch(columns, schema=batch.schema)


def _message(error: Exception, url: str) -> str:
    """What libpq or the server says, on one line, without the query, and without a password in it."""
    message = re.split("Query was:|LINE [0-9]+:|SQLSTATE", without_passwords(str(error), url))[0]
    message = " ".join(message.rpartition(LIBPQ)[2].split())
    message = re.sub(r"^([A-Z_]+: )?(Failed to [a-z ]+: |Execution error \[\w+\]: )?", "", message)
    return message.replace("unexpected ", "misplaced ").rstrip(" .")
