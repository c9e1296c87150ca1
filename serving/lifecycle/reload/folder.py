"""What a bundle's folder looks like from outside: enough to tell that it changed, without reading it."""

from __future__ import annotations

import os
from pathlib import Path

Fingerprint = tuple[str, tuple[tuple[str, int, int, int], ...]]
"""Where the folder really is, and of each file name, inode, size and time of change; () if there is no folder."""


def fingerprint(folder: Path) -> Fingerprint:
    """Look at a folder, through a symbolic link if it is one. What cannot be seen is not there."""
    try:
        place = str(folder.resolve())
        with os.scandir(place) as listing:
            files = [
                (entry.name, found.st_ino, found.st_size, found.st_mtime_ns)
                for entry in listing
                for found in [entry.stat(follow_symlinks=False)]
            ]
    except OSError:
        return str(folder), ()
    return place, tuple(sorted(files))
