"""The location of MLflow: a server, a database, or by default SQLite in Tenure's home."""

from __future__ import annotations

import itertools
import os
import re
import socket
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tenure.errors import InputError, SourceError

URI_VARIABLE = "MLFLOW_TRACKING_URI"
FALLBACK_VARIABLE = "TENURE_TRACKING_URI"
"""Set for a cluster's steps, so that none writes its models to SQLite in its pod. ``MLFLOW_TRACKING_URI``, which
Kubeflow's MLflow plugin sets, takes precedence: the plugin has opened a run there."""

HOME_VARIABLE = "TENURE_HOME"
DEFAULT_HOME = ".tenure"

PATIENCE_VARIABLE = "TENURE_TRACKING_PATIENCE_S"
"""Seconds to wait for a server that cannot be reached; 0 by default, for commands at a terminal. A step of a pipeline
waits for a restart, since Kubeflow Pipelines 2.17.0 retries a step that lost its pod but not one that failed."""

REACH_TIMEOUT_S = 5.0
REACH_ATTEMPTS = 3
LONGEST_PAUSE_S = 10.0
PORTS = {"http": 80, "https": 443, "postgresql": 5432, "mysql": 3306, "mssql": 1433}


@dataclass(frozen=True)
class Location:
    """A tracking store and registry."""

    uri: str
    artifact_root: Path | None
    """Folder of artifacts; None if the server decides."""

    @property
    def shown(self) -> str:
        """The URI without credentials, for messages."""
        return re.sub(r"//[^@/]*@", "//", self.uri)

    @property
    def sqlite_file(self) -> Path | None:
        """The database file, if there is one."""
        scheme, _, path = self.uri.partition(":///")
        return Path(path) if scheme.split("+")[0] == "sqlite" else None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is registered; decided without importing MLflow, which takes seconds."""
        return self.sqlite_file is not None and not self.sqlite_file.exists()

    def reach(self) -> None:
        """Check that a server answers at ``uri``, since MLflow would wait for minutes.

        Raises:
            SourceError: no server answers after a few attempts and ``TENURE_TRACKING_PATIENCE_S``.
            InputError: ``TENURE_TRACKING_PATIENCE_S`` is not a number.
        """
        parts = urlsplit(self.uri)
        scheme = parts.scheme.split("+")[0]
        if scheme not in PORTS:
            return
        deadline = time.monotonic() + _patience_s()
        for attempt in itertools.count(1):
            try:
                if scheme in ("http", "https"):
                    _ask(f"{self.shown.rstrip('/')}/health")
                else:
                    address = (parts.hostname or "localhost", parts.port or PORTS[scheme])
                    socket.create_connection(address, REACH_TIMEOUT_S).close()
            except OSError as error:
                if attempt >= REACH_ATTEMPTS and time.monotonic() >= deadline:
                    why = "no answer in time" if isinstance(error, TimeoutError) else _reason(error)
                    raise SourceError(f"MLflow at {self.shown} cannot be reached: {why}") from error
                time.sleep(min(0.5 * attempt, LONGEST_PAUSE_S))
            else:
                return


def resolve(tracking_uri: str | None = None, home: Path | str | None = None) -> Location:
    """The location by argument, by environment, or else in Tenure's home.

    Args:
        tracking_uri: any MLflow tracking URI; ``None`` or empty for the variable ``MLFLOW_TRACKING_URI``, then
            ``TENURE_TRACKING_URI``.
        home: Tenure's home; by default ``TENURE_HOME`` or ``.tenure``.
    """
    folder = Path(home or os.environ.get(HOME_VARIABLE) or DEFAULT_HOME).absolute()
    configured = tracking_uri or os.environ.get(URI_VARIABLE) or os.environ.get(FALLBACK_VARIABLE)
    uri = configured or f"sqlite:///{folder / 'mlflow.db'}"
    # A server stores artifacts; a database does not.
    is_database = uri.split(":", 1)[0].split("+")[0] in ("sqlite", "postgresql", "mysql", "mssql")
    return Location(uri, folder / "mlartifacts" if is_database else None)


def _patience_s() -> float:
    text = os.environ.get(PATIENCE_VARIABLE) or "0"
    try:
        return float(text)
    except ValueError:
        raise InputError(f"{PATIENCE_VARIABLE} is '{text}', not a number of seconds") from None


def _ask(url: str) -> None:
    """Send a request; any HTTP answer shows that a server is reachable."""
    try:
        with urllib.request.urlopen(url, timeout=REACH_TIMEOUT_S):  # noqa: S310 (the caller's own tracking server)
            pass
    except urllib.error.HTTPError:
        return
    except urllib.error.URLError as error:
        if isinstance(error.reason, OSError):
            raise error.reason from None
        raise


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
