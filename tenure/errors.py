"""The errors that Tenure raises, and the texts of other errors in one line.

    TenureError                     exit status 1: any other error of Tenure
    ├── InputError                  exit status 2: the input is invalid
    │   ├── ContractError               the contract: an unknown key, a column the table lacks
    │   ├── DataError                   the data: unreadable, empty, one class, too many invalid rows
    │   └── BundleError                 an invalid bundle
    │       └── SignatureError              not signed by a trusted key
    ├── SourceError                 exit status 3: a database, bucket or registry is down
    ├── BusyError                   exit status 4: another run uses this home
    ├── StorageError                exit status 5: the disk is full or cannot be written
    ├── ServingError                exit status 6: the model server did not start, or answers incorrectly
    └── VerdictError                exit status 7: the run succeeded, its model was not blessed

The message is one line that says what is wrong and where; the trace is behind ``--verbose``.
"""

from __future__ import annotations


class TenureError(Exception):
    """Base class. ``exit_status`` is the exit status of the command line."""

    exit_status = 1


class InputError(TenureError):
    """The input is invalid."""

    exit_status = 2


class ContractError(InputError):
    """The contract cannot be read, or is invalid."""


class DataError(InputError):
    """The data cannot be read, or does not meet the contract."""


class BundleError(InputError):
    """The bundle is invalid: changed, incomplete, or not a bundle."""


class SignatureError(BundleError):
    """The bundle is not signed by a trusted key, or its signature is over something else."""


class SourceError(TenureError):
    """A database, object store or registry is down, does not answer in time, or refuses."""

    exit_status = 3


class BusyError(TenureError):
    """Another run has the lock of this home."""

    exit_status = 4


class StorageError(TenureError):
    """The disk is full, read-only, or cannot be written for another reason."""

    exit_status = 5


class ServingError(TenureError):
    """The model server did not start, or answers incorrectly."""

    exit_status = 6


class VerdictError(TenureError):
    """The pipeline succeeded, and its model was rejected or the comparison was inconclusive."""

    exit_status = 7


def one_line(text: object, limit: int | None = None) -> str:
    """A text, or an error's, with single spaces for white space; with a limit cut to so many characters."""
    line = " ".join(str(text).split())
    return line if limit is None or len(line) <= limit else f"{line[: limit - 1]}…"


def first_line(error: BaseException) -> str:
    """The first line of an error's text that is not blank; the error's type if there is none."""
    lines = (line.strip() for line in str(error).splitlines())
    return next((line for line in lines if line), type(error).__name__)


__all__ = [
    "BundleError",
    "BusyError",
    "ContractError",
    "DataError",
    "InputError",
    "ServingError",
    "SignatureError",
    "SourceError",
    "StorageError",
    "TenureError",
    "VerdictError",
    "first_line",
    "one_line",
]
