"""A trained model, and ``tenure.read``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from tenure.api.arrow import InMemory, index_of, is_in_memory, to_arrow
from tenure.api.predictions import Predictions, predict
from tenure.api.workspace import Workspace
from tenure.bundle import Bundle
from tenure.bundle import read as read_bundle
from tenure.bundle.files import read_files, read_signature, write_files
from tenure.contract import Contract
from tenure.errors import InputError
from tenure.signing import TrustRoot
from tenure.text_table import html_table, text_table
from tenure.transform import read_day

HEADERS = ("family", ">cv mean", ">cv std", ">validation", "chosen")


@dataclass(frozen=True)
class Entry:
    """A model family on the leaderboard; ``pandas.DataFrame(model.leaderboard)`` has one row per family."""

    family: str
    cv_mean: float
    """Mean of the objective over the folds of cross-validation."""
    cv_std: float
    """Standard deviation over the folds."""
    validation_score: float
    """The objective on the rows held out in training, before calibration."""
    chosen: bool
    version: str
    """Of the family's bundle."""
    parameters: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, eq=False, repr=False)
class Model:
    """A model that predicts: of ``tenure.train`` or ``tenure.read``."""

    bundle: Bundle
    """The model as it is shipped: contract, transform, ONNX graph, decision, reference distributions."""
    folder: Path
    """Folder of the bundle."""
    objective: str | None = None
    """What the families were compared by; None for a model that was read."""
    leaderboard: tuple[Entry, ...] = ()
    """All families that were trained, in the contract's order; empty for a model that was read."""
    workspace: Workspace | None = None
    """Intermediate files of the training, which ``tenure.evaluate`` needs; None for a model that was read."""

    @property
    def contract(self) -> Contract:
        """The contract that the model was trained under."""
        return self.bundle.contract

    @property
    def name(self) -> str:
        return self.bundle.manifest.name

    @property
    def family(self) -> str:
        return self.bundle.manifest.family

    @property
    def version(self) -> str:
        """Hash of the bundle's content: 12 hexadecimal digits."""
        return self.bundle.version

    def predict(
        self, rows: InMemory, *, explain: int = 0, threshold: float | None = None, day: date | str | None = None
    ) -> Predictions:
        """Predict for rows in memory.

        Args:
            rows: raw columns as in the training table: a pandas or Arrow table, columns by name, or a list of rows.
            explain: number of reasons per row in ``details.reasons``.
            threshold: smallest probability, or value, of a customer to contact, instead of the model's own.
            day: what ``today()`` is for rows without a day (``_today``, or the time column) of their own; today in UTC
                by default.

        Returns:
            The predictions, in the order of ``rows``.

        Raises:
            DataError: a column that the model needs is missing, or holds an invalid value; names column and row.
            InputError: ``explain`` or ``threshold`` is out of range, ``day`` is not a day, or ``rows`` is a path.
        """
        if not is_in_memory(rows):
            raise InputError("predict takes rows in memory: use tenure.score(model, path) for a file")
        return predict(
            self.bundle, to_arrow(rows), index_of(rows), explain=explain, threshold=threshold, day=read_day(day)
        )

    def save(self, folder: Path | str) -> Path:
        """Copy the bundle, with its signature, to ``folder``, to be served or read again; returns the folder.

        Raises:
            BundleError: the folder is not empty.
            StorageError: the disk is full or cannot be written.
        """
        target = Path(folder)
        write_files(target, *read_files(self.folder), read_signature(self.folder))
        return target

    def _leaderboard(self) -> list[tuple[str, str, str, str, str]]:
        return [
            (
                entry.family,
                f"{entry.cv_mean:.4f}",
                f"{entry.cv_std:.4f}",
                f"{entry.validation_score:.4f}",
                "yes" if entry.chosen else "",
            )
            for entry in self.leaderboard
        ]

    @property
    def _heading(self) -> str:
        by = "" if self.objective is None else f", chosen by {self.objective}"
        return f"{self.name} {self.version}: {self.family}{by}"

    def __repr__(self) -> str:
        return f"{self._heading}\n{text_table(HEADERS, self._leaderboard())}" if self.leaderboard else self._heading

    def _repr_html_(self) -> str:
        return html_table(self._heading, HEADERS, self._leaderboard())


def read(folder: Path | str, *, trust: Path | str | None = None) -> Model:
    """Read a model from its bundle. Every file's hash is checked; nothing in a bundle is executed.

    Args:
        folder: the bundle: of ``Model.save``, or of a pipeline's run.
        trust: file or folder of public keys in PEM: the bundle must be signed by one of them.

    Raises:
        SignatureError: no key of ``trust`` signed the bundle.
        InputError: ``trust`` holds no public keys.
        BundleError: the folder is not a bundle, or a file was changed.

    Examples:
        >>> import tenure
        >>> tenure.read("datasets/telco")
        Traceback (most recent call last):
        ...
        tenure.errors.BundleError: datasets/telco: not a bundle: it has no manifest.json
    """
    path = Path(folder)
    root = None if trust is None else TrustRoot.read(trust)
    return Model(read_bundle(path, trust=root), path.absolute())
