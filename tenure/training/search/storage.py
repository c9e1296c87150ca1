"""Where studies are kept: a journal file on one machine, a database on a cluster."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optuna.storages.journal import JournalFileBackend

from tenure.errors import ContractError, SourceError, StorageError
from tenure.file_modes import PRIVATE_FILE, make_folder
from tenure.sources.address import VARIABLE

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

TABLES_PAUSES_S = (0.2, 0.5, 1.0, 2.0)
"""Before a look at whether another worker has made the tables by now."""


class ProcessLock:
    """A lock that its process cannot leave behind: the kernel drops it when the process ends, however it ends.

    Optuna's own lock files outlive a killed worker, and the next one waits half a minute for them.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1

    def acquire(self) -> bool:
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        return True

    def release(self) -> None:
        os.close(self._descriptor)


class Journal(JournalFileBackend):
    """Optuna's journal file, with failures seen that it would write over: a torn last line, a file that is gone.

    Raises:
        StorageError: if the file is gone or was replaced since it was opened.
    """

    def __init__(self, path: Path) -> None:
        make_folder(path.parent)
        lock: Any = ProcessLock(path.with_name(f"{path.name}.lock"))
        super().__init__(str(path), lock)
        self._path = path
        lock.acquire()
        try:
            _drop_torn_line(path)
        finally:
            lock.release()
        self._inode = path.stat().st_ino

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        try:
            same = self._path.stat().st_ino == self._inode
        except FileNotFoundError:
            same = False
        if not same:
            raise StorageError(f"the studies at {self._path} disappeared while the search was running")
        super().append_logs(logs)


def open_storage(address: str) -> BaseStorage:
    """Open the studies at ``address``: a file's path, or a SQLAlchemy URL; ``${NAME}`` is read from the environment.

    On a cluster the URL comes from a Secret: the graph holds the variable's name, not the password.

    Raises:
        StorageError: if the file cannot be opened.
        ContractError: if the variable is not set.
        SourceError: if the database cannot be reached.
    """
    from optuna.storages import JournalStorage

    address = _from_environment(address)
    with storage_errors(address):
        if "://" not in address:
            try:
                return JournalStorage(Journal(Path(address)))
            except (ValueError, KeyError, TypeError) as error:
                raise StorageError(f"{address} is not a file of studies: {_first_line(error)}") from error
        return _database(address)


def _database(address: str) -> BaseStorage:
    """Workers that start side by side on an empty database make its tables at once: all but one are refused, and find
    the tables made when they look again.
    """
    from optuna.storages import RDBStorage
    from sqlalchemy.exc import IntegrityError, ProgrammingError

    for pause_s in TABLES_PAUSES_S:
        try:
            return RDBStorage(address, engine_kwargs={"pool_pre_ping": True})
        except (IntegrityError, ProgrammingError):
            time.sleep(pause_s)
    return RDBStorage(address, engine_kwargs={"pool_pre_ping": True})


@contextlib.contextmanager
def storage_errors(address: str) -> Iterator[None]:
    """Turn the errors of a storage into one line that names it, without the password in its URL.

    Raises:
        StorageError: a file that cannot be read or written, or does not hold studies.
        SourceError: a database that cannot be reached, or returns an error.
    """
    from optuna.exceptions import StorageInternalError
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

    try:
        yield
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise SourceError(f"cannot use {_public(address)} for studies: {_first_line(error)}") from error
    except (StorageInternalError, SQLAlchemyError) as error:
        cause = error.__cause__ or error
        raise SourceError(f"the studies at {_public(address)}: {_first_line(cause)}") from error
    except OSError as error:
        raise StorageError(f"cannot keep studies at {_public(address)}: {error.strerror or error}") from error


def _from_environment(address: str) -> str:
    """
    Raises:
        ContractError: a variable that is not set.
    """
    match = VARIABLE.fullmatch(address)
    if match is None:
        return address
    value = os.environ.get(match[1])
    if not value:
        raise ContractError(f"the studies are at the address in {match[1]}, which is not set: does its Secret exist?")
    return value


def _drop_torn_line(path: Path) -> None:
    """Cut off a last line without an end: what a full disk left of a write, and what the next one would glue to."""
    with path.open("r+b") as file:
        content = file.read()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            file.truncate(whole)


def _public(address: str) -> str:
    if "://" not in address:
        return address
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(address).render_as_string(hide_password=True)
    except (ArgumentError, ValueError):
        return address.split("://", 1)[0] + "://…"


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
