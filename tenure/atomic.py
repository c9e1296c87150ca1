"""Files that appear whole or not at all.

A file is written under a temporary name beside its target and renamed once it is complete: on POSIX systems ``rename``
replaces the target in one step, so a reader sees the old file or the new one, never a part of it. A new file is for
its owner alone (see ``tenure.file_modes``); one that replaces another has the permissions of that one.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from tenure.errors import StorageError
from tenure.file_modes import copy_mode, create_file, make_folder


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path to write to; it becomes ``path`` if the ``with`` block succeeds, and is removed otherwise.

    The parent folder of ``path`` is created where it is missing.

    Raises:
        StorageError: the parent folder cannot be created, or the file cannot be renamed.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with storage_errors(path):
        make_folder(path.parent)
        temporary.unlink(missing_ok=True)
        create_file(temporary).close()
    try:
        yield temporary
        with storage_errors(path):
            copy_mode(path, temporary)
            temporary.replace(path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` in UTF-8.

    Raises:
        StorageError: the disk is full or cannot be written.
    """
    with replacing(path) as temporary, storage_errors(path):
        temporary.write_text(text, encoding="utf-8")


def write_bytes(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path``.

    Raises:
        StorageError: the disk is full or cannot be written.
    """
    with replacing(path) as temporary, storage_errors(path):
        temporary.write_bytes(content)


def copy_file(source: Path, path: Path) -> None:
    """Copy the file ``source`` to ``path``.

    Raises:
        StorageError: ``source`` cannot be read, or the disk is full or cannot be written.
    """
    with replacing(path) as temporary, storage_errors(path):
        shutil.copyfile(source, temporary)


@contextlib.contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn an ``OSError`` of a write into an error that names ``path``.

    Raises:
        StorageError: an ``OSError`` was raised inside the ``with`` block.
    """
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error).splitlines()[0]
        raise StorageError(f"cannot write {path}: {reason}") from error
