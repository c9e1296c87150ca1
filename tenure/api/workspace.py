"""The folder with the intermediate files of a model."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path

from tenure.errors import StorageError
from tenure.file_modes import make_folder


class Workspace:
    """A folder with one subfolder per stage.

    Without a path it is a temporary folder, which is deleted when the last object that needs it is gone, and at the
    latest when the interpreter ends.

    Args:
        folder: where the files are kept; None for a temporary folder.

    Raises:
        StorageError: the folder cannot be created.
    """

    def __init__(self, folder: Path | str | None = None) -> None:
        try:
            if folder is None:
                self.folder = Path(tempfile.mkdtemp(prefix="tenure-"))
                weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
            else:
                self.folder = Path(folder).absolute()
                make_folder(self.folder)
        except OSError as error:
            raise StorageError(
                f"cannot create the folder {folder or tempfile.gettempdir()}: {error.strerror}"
            ) from error
        self.raw = self.folder / "raw"
        self.valid = self.folder / "valid"
        self.features = self.folder / "features"
        self.studies = self.folder / "studies.log"
        self.trials = self.folder / "trials"
        self.candidates = self.folder / "candidates"
        self.champion = self.folder / "champion"
        self.evaluation = self.folder / "evaluation"
