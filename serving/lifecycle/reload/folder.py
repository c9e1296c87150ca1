"""Detects changes of a bundle's folder without reading its files."""

from __future__ import annotations

import os
from pathlib import Path

Fingerprint = tuple[str, tuple[tuple[str, int, int, int], ...]]
"""The folder's resolved path, and name, inode, size and modification time of each file; () if it does not exist."""


def fingerprint(folder: Path) -> Fingerprint:
    """The fingerprint of a folder, or of a symbolic link's target. A folder that cannot be read counts as missing."""
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
