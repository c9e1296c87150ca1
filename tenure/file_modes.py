"""Files for their owner alone, whatever the umask: tables, models and logs hold what is known about customers.

Folders have the mode 0700 and files 0600, from the moment that they appear. What a library of another project writes,
such as MLflow's database, is private by the umask of the process (``keep_files_private``) and by the folder around it.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600
OTHERS = 0o077
"""Permissions of anyone but the owner."""


def keep_files_private() -> None:
    """From now on, whatever this process and its children write is for its user alone. For a process's entry point."""
    # The only way to read the umask is to set it.
    os.umask(os.umask(OTHERS) | OTHERS)


def make_folder(folder: Path) -> None:
    """Create ``folder`` and its missing parents; those that exist stay as they are.

    Raises:
        OSError: it cannot be created, or is a file.
    """
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        if folder == folder.parent:
            break
        folder = folder.parent
    for each in reversed(missing):
        each.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)


def create_file(path: Path) -> BinaryIO:
    """A new file, open for writing.

    Raises:
        OSError: it cannot be created, or is there.
    """
    # O_EXCL does not follow a symbolic link that somebody put there.
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE), "wb")


def write_file(path: Path, content: bytes) -> None:
    """Write a new file; when this returns, its content is on the disk.

    Raises:
        OSError: it cannot be written, or is there.
    """
    with create_file(path) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def copy_mode(source: Path, target: Path) -> None:
    """Give ``target`` the permissions of ``source``, if there is such a file.

    Raises:
        OSError: the permissions cannot be read or set.
    """
    try:
        status = source.stat()
    except FileNotFoundError:
        return
    if stat.S_ISREG(status.st_mode):
        target.chmod(stat.S_IMODE(status.st_mode) & 0o777)


def close_folder(folder: Path) -> bool:
    """Take all permissions on ``folder`` from anyone but its owner; returns whether there were any.

    Raises:
        OSError: the permissions cannot be set.
    """
    mode = stat.S_IMODE(folder.stat().st_mode)
    if not mode & OTHERS:
        return False
    folder.chmod(mode & ~OTHERS)
    return True
