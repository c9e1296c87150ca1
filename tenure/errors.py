"""Every error that Tenure raises on purpose.

    TenureError                     exit status 1: something else that we foresaw
    ├── InputError                  exit status 2: what the user handed in is wrong
    │   ├── ContractError               the contract: an unknown key, a column the table lacks
    │   ├── DataError                   the data: unreadable, empty, one class, too many bad rows
    │   └── BundleError                 a bundle that must not be loaded
    ├── SourceError                 exit status 3: a database, bucket or registry is down or hangs
    ├── BusyError                   exit status 4: another run holds this home
    ├── StorageError                exit status 5: the disk is full or cannot be written
    ├── ServingError                exit status 6: the model server did not start or answer as it must
    └── VerdictError                exit status 7: the run worked, its model was not blessed

The message is one line that says what is wrong and where; the trace is behind ``--verbose``.
"""

from __future__ import annotations


class TenureError(Exception):
    """Root of the tree. ``exit_status`` is what the CLI leaves with."""

    exit_status = 1


class InputError(TenureError):
    """What the user handed in is wrong."""

    exit_status = 2


class ContractError(InputError):
    """The contract cannot be read, or says something that cannot hold."""


class DataError(InputError):
    """The data cannot be read, or does not meet the contract."""


class BundleError(InputError):
    """A bundle that must not be loaded: changed, incomplete, or not a bundle."""


class SourceError(TenureError):
    """A system that we read from or write to is down, hangs or refuses."""

    exit_status = 3


class BusyError(TenureError):
    """Another run holds the lock of this home."""

    exit_status = 4


class StorageError(TenureError):
    """The disk is full, read-only, or otherwise refuses a write."""

    exit_status = 5


class ServingError(TenureError):
    """The model server did not start, or does not answer as it must."""

    exit_status = 6


class VerdictError(TenureError):
    """The pipeline worked, and its model was rejected or the comparison was inconclusive."""

    exit_status = 7


__all__ = [
    "BundleError",
    "BusyError",
    "ContractError",
    "DataError",
    "InputError",
    "ServingError",
    "SourceError",
    "StorageError",
    "TenureError",
    "VerdictError",
]
