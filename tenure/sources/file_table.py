"""A table in one file, as a source: what all formats of files have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import TypeVar

from tenure.contract import settings
from tenure.sources.address import Address
from tenure.sources.protocol import Batch
from tenure.sources.watchdog import watched, watched_once

Found = TypeVar("Found")


class FileTable(ABC):
    """Reads a local file as it is, and one in a store under the contract's ``timeout_s``."""

    def __init__(self, address: Address, source: settings.Source) -> None:
        self._address = address
        self._settings = source

    @property
    def shown(self) -> str:
        return self._address.shown

    @abstractmethod
    def columns(self) -> list[str]:
        """As ``Source.columns``."""

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[Batch]:
        wanted = self.columns() if columns is None else list(columns)
        if self._address.scheme is None:
            return self._read(wanted)
        return watched(lambda: self._read(wanted), self._settings.timeout_s, self.shown)

    def close(self) -> None:  # noqa: B027 a file holds no connection
        """Does nothing: the file is open only while it is read."""

    @abstractmethod
    def _read(self, wanted: list[str]) -> Generator[Batch, None, None]:
        """The rows, with the columns of ``wanted``."""

    def _once(self, read: Callable[[], Found]) -> Found:
        """The result of ``read``, which looks into the file."""
        if self._address.scheme is None:
            return read()
        return watched_once(read, self._settings.timeout_s, self.shown)
