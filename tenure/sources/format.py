"""What a format of tables offers: which addresses it reads, and how it opens one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from tenure.contract import settings

if TYPE_CHECKING:
    from tenure.sources.address import Address
    from tenure.sources.protocol import Source


class Match(IntEnum):
    """How surely an address is one of a format."""

    NO = 0
    POSSIBLE = 1
    """The format can read it, unless another one is surer."""
    LIKELY = 2
    """A folder with files of the format."""
    SURE = 3
    """The scheme or the suffix is the format's own."""


@dataclass(frozen=True)
class Sniffed:
    """How a table is written, and how that was found."""

    source: settings.Source
    """The section ``source`` of a contract."""
    notes: tuple[str, ...] = ()
    """What was assumed, with the evidence for it: a sentence each, in lower case and without a full stop."""


class Format(ABC):
    """A format of tables; its module's ``FORMAT``.

    The module is imported whenever the format of an address is detected, so what it needs to read a table is imported
    in ``open``. The contract's ``source.format`` is the module's name, or the name of the entry point.
    """

    is_files: ClassVar[bool] = False
    """Whether a table is a file or a folder of files, which can be copied to an object store as it is."""

    @abstractmethod
    def match(self, address: Address) -> Match:
        """Whether a contract that names no format means this one by ``address``. No file is read."""

    @abstractmethod
    def open(self, address: Address, source: settings.Source) -> Source:
        """The table at ``address``; nothing is read before its columns or batches are asked for.

        Raises:
            ContractError: a setting that the format needs is missing.
        """

    def sniff(self, address: Address, source: settings.Source) -> Sniffed:  # noqa: ARG002
        """``source`` with the settings that the table's content shows, such as a delimiter; unchanged by default.

        Raises:
            DataError, SourceError: as ``Source.columns``.
        """
        return Sniffed(source)

    def version(self, address: Address, source: settings.Source) -> str | None:  # noqa: ARG002
        """A text that changes whenever the table does; None, as by default, where it may change without a sign.

        Raises:
            DataError, SourceError: as ``Source.columns``.
        """
        return None


class FileFormat(Format):
    """A format whose tables are files: local, or in a store that fsspec reads."""

    is_files = True
    suffixes: ClassVar[tuple[str, ...]]
    """In lower case, such as ``.csv``: a file whose name ends in one is surely of this format."""

    def match(self, address: Address) -> Match:
        return Match.SURE if in_files(address) and address.path.lower().endswith(self.suffixes) else Match.NO

    def version(self, address: Address, source: settings.Source) -> str | None:
        from tenure.sources.file_version import local_version, store_version

        return local_version(address) if address.scheme is None else store_version(address, source)


def in_files(address: Address) -> bool:
    """Whether ``address`` is a path, or in a store that fsspec reads."""
    if address.scheme is None:
        return True
    # Imported on demand: a local table needs no fsspec.
    from fsspec import available_protocols

    return address.scheme in available_protocols()


def is_folder(address: Address) -> bool:
    """Whether ``address`` is a local folder; one in a store cannot be told from a file without asking the store."""
    return address.scheme is None and Path(address.uri).is_dir()
