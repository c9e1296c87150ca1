"""Shared memory in which several processes count, one page a worker.

A worker writes only to its own page, so counting needs no lock and no system call; the worker that answers a scrape
adds up all pages. A page outlives its worker: the successor continues from the old numbers, so nothing is lost or
counted twice.

    header      directory bytes used | cells used | pid          64 bytes
    cells       float64                                          64 KiB
    directory   length, first cell, width, key as JSON; …        448 KiB

A page that is never written takes no memory.
"""

from __future__ import annotations

import json
import mmap
import struct
from collections.abc import Iterator

HEADER_BYTES = 64
CELLS = 8_192
DIRECTORY_BYTES = 448 * 1024
PAGE_BYTES = HEADER_BYTES + 8 * CELLS + DIRECTORY_BYTES
SPILL_CELLS = 64
"""The first cells; series that do not fit on a full page write there, and are not read."""

_ENTRY = struct.Struct("<III")

Key = tuple[str, ...]
"""Name of the family, and its label values."""


class Page:
    """One worker's numbers."""

    def __init__(self, memory: memoryview) -> None:
        self._header = memory[:HEADER_BYTES].cast("Q")
        self.cells = memory[HEADER_BYTES : HEADER_BYTES + 8 * CELLS].cast("d")
        """A cell is read and written atomically by 64-bit processors."""
        self._directory = memory[HEADER_BYTES + 8 * CELLS : PAGE_BYTES]
        self._places: dict[Key, tuple[int, int]] = {}
        self._read_bytes = 0

    @property
    def pid(self) -> int:
        """The process that writes the page; 0 before the first one."""
        return self._header[2]

    @pid.setter
    def pid(self, value: int) -> None:
        self._header[2] = value

    def place(self, key: Key, width: int) -> int | None:
        """Index of the first of ``width`` adjacent cells for ``key``, new ones at 0; None if the page is full."""
        self._read_directory()
        if key in self._places:
            return self._places[key][0]
        text = json.dumps(key).encode()
        used, first = self._read_bytes, max(self._header[1], SPILL_CELLS)
        end = used + _ENTRY.size + len(text)
        if end > DIRECTORY_BYTES or first + width > CELLS or width > SPILL_CELLS:
            return None
        _ENTRY.pack_into(self._directory, used, len(text), first, width)
        self._directory[used + _ENTRY.size : end] = text
        # The entry is valid once the header holds its end: a worker killed before that has written nothing.
        self._header[1] = first + width
        self._header[0] = end
        self._read_directory()
        return first

    def series(self) -> Iterator[tuple[Key, list[float]]]:
        """Every key with its cells."""
        self._read_directory()
        for key, (first, width) in self._places.items():
            yield key, list(self.cells[first : first + width])

    def _read_directory(self) -> None:
        end = self._header[0]
        while self._read_bytes < end:
            length, first, width = _ENTRY.unpack_from(self._directory, self._read_bytes)
            start = self._read_bytes + _ENTRY.size
            key = tuple(json.loads(bytes(self._directory[start : start + length])))
            self._places[key] = (first, width)
            self._read_bytes = start + length


class Pages:
    """The pages of ``workers`` processes. Made before they are forked."""

    def __init__(self, workers: int) -> None:
        self._memory = memoryview(mmap.mmap(-1, workers * PAGE_BYTES))
        starts = range(0, workers * PAGE_BYTES, PAGE_BYTES)
        self._pages = [Page(self._memory[start : start + PAGE_BYTES]) for start in starts]

    def __len__(self) -> int:
        return len(self._pages)

    def __getitem__(self, worker: int) -> Page:
        return self._pages[worker]

    def __iter__(self) -> Iterator[Page]:
        return iter(self._pages)
