"""Connections to MLflow, with bounded time-outs and errors of one line."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import sqlite3
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tenure.errors import SourceError, StorageError, TenureError, first_line
from tenure.file_modes import make_folder
from tenure.tracking.location import Location
from tenure.tracking.refusal import refusal

if TYPE_CHECKING:
    from mlflow import MlflowClient

ENVIRONMENT = {
    # With MLflow's defaults, 120 s and 7 retries, a server that hangs delays a run by a quarter of an hour.
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT": "120",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "GIT_PYTHON_REFRESH": "quiet",
}
"""Environment variables that are set unless the user set them."""

STORAGE_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES}
SQLITE_STORAGE_TEXTS = ("disk is full", "readonly database", "unable to open database", "disk I/O error")


def connect(location: Location) -> MlflowClient:
    """A client of ``location``; the first use of a new SQLite file creates its tables (some seconds).

    Raises:
        SourceError: the server cannot be reached.
        StorageError: the folder or file cannot be written.
    """
    location.reach()
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    if location.sqlite_file is not None:
        try:
            make_folder(location.sqlite_file.parent)
        except OSError as error:
            raise StorageError(f"cannot write {location.sqlite_file.parent}: {error.strerror}") from error
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    with mlflow_errors(location):
        from mlflow import MlflowClient, set_registry_uri, set_tracking_uri

        # Artifact addresses such as runs:/ and models:/ are resolved against the process-wide URIs.
        set_tracking_uri(location.uri)
        set_registry_uri(location.uri)
        # Importing MLflow resets the level.
        logging.getLogger("mlflow").setLevel(logging.ERROR)
        return MlflowClient(location.uri, location.uri)


@contextlib.contextmanager
def mlflow_errors(location: Location) -> Iterator[None]:
    """Convert errors of MLflow, its HTTP client, its database and its artifact store.

    Raises:
        SourceError: MLflow cannot be reached, does not answer in time, or refuses the request.
        StorageError: the disk under a local store is full or cannot be written.
    """
    try:
        yield
    except TenureError:
        raise
    except Exception as error:
        if not _comes_from_mlflow(error):
            raise
        text = first_line(error)
        if _is_storage(error):
            raise StorageError(f"MLflow at {location.shown}: {text}") from error
        refused = refusal(_http_status(error), location.shown)
        raise SourceError(refused or f"MLflow at {location.shown}: {text}") from error


def _comes_from_mlflow(error: BaseException) -> bool:
    origins = ("mlflow", "requests", "urllib3", "sqlalchemy", "sqlite3", "psycopg", "psycopg2", "boto3", "botocore")
    return isinstance(error, OSError) or type(error).__module__.split(".")[0] in origins


def _http_status(error: Exception) -> int:
    """Status of an answer that MLflow's client could not use, 0 for another error."""
    from mlflow.exceptions import MlflowException

    return int(error.get_http_status_code()) if isinstance(error, MlflowException) else 0  # type: ignore[no-untyped-call]


def _is_storage(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, OSError) and error.errno in STORAGE_ERRORS:
            return True
        if isinstance(error, sqlite3.Error) and any(text in str(error) for text in SQLITE_STORAGE_TEXTS):
            return True
        error = error.__cause__ or error.__context__
    return False
