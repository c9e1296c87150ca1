"""The home: the folder of all runs, artifacts, models and caches on a laptop. Only its owner may look into it.

.tenure/
├── mlflow.db, mlartifacts/   tracking and registry
├── runs/<run id>/            run.json, events.jsonl, run.log, and the reports people open
├── artifacts/                outputs of the steps
├── cache/                    index of the outputs that may be reused
├── studies/                  studies of the parameter search, resumable
├── keys/                     the key that signs bundles, and in trusted/ its public half
└── lock                      held by the run in progress
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from tenure.errors import StorageError
from tenure.file_modes import close_folder, make_folder

HOME_VARIABLE = "TENURE_HOME"
TRACKING_VARIABLE = "MLFLOW_TRACKING_URI"
DEFAULT_HOME = ".tenure"


@dataclass(frozen=True)
class Home:
    """Paths under a home. Nothing is created until ``create``."""

    folder: Path

    @classmethod
    def at(cls, folder: Path | str | None = None) -> Home:
        """The home at ``folder``, else at ``TENURE_HOME``, else ``.tenure`` in the current folder."""
        return cls(Path(folder or os.environ.get(HOME_VARIABLE) or DEFAULT_HOME).absolute())

    @property
    def is_default(self) -> bool:
        """Whether commands use this home without ``--home``."""
        return self == Home.at()

    @property
    def runs(self) -> Path:
        return self.folder / "runs"

    @property
    def artifacts(self) -> Path:
        return self.folder / "artifacts"

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    @property
    def studies(self) -> Path:
        return self.folder / "studies"

    @property
    def bundles(self) -> Path:
        return self.folder / "bundles"

    @property
    def lock(self) -> Path:
        return self.folder / "lock"

    @property
    def tracking_uri(self) -> str:
        """``MLFLOW_TRACKING_URI`` if it is set, else SQLite in the home."""
        return os.environ.get(TRACKING_VARIABLE) or f"sqlite:///{self.folder / 'mlflow.db'}"

    def close(self) -> bool:
        """Take from other users what permissions they have on the home; returns whether they had any.

        A home of an earlier release, or one that was made by hand, may be open to them.
        """
        # Somebody else's home is theirs to close, and one on a file system without permissions cannot be.
        with contextlib.suppress(OSError):
            return close_folder(self.folder)
        return False

    def create(self) -> None:
        """Create the folders that a run needs.

        Raises:
            StorageError: if the home cannot be written.
        """
        try:
            for folder in (self.runs, self.artifacts, self.cache, self.studies):
                make_folder(folder)
        except OSError as error:
            raise StorageError(f"cannot create the home {self.folder}: {error.strerror or error}") from error
