"""One split of a table: the rows to learn from and the test rows, as every method gets them.

The folder of a split holds ``contract.yaml`` (for Tenure, which trains by its own steps), ``learn.parquet`` and
``test.parquet`` with the feature columns and the label (for the others), ``roles.json`` and, of an invented business,
``truth.npy``: each test row's true probability.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.quality.cache import CACHE
from benchmarks.quality.tables import Table, seed_of
from tenure.api.check import ingest_and_validate
from tenure.api.dataset import load as load_dataset
from tenure.api.workspace import Workspace
from tenure.atomic import write_text
from tenure.contract import Contract
from tenure.contract.schema import LABEL_COLUMN, SNAPSHOT_COLUMN
from tenure.features.build import build_features
from tenure.generators.finding import find
from tenure.generators.recovery import truth_of
from tenure.generators.truth import TABLE_FILE
from tenure.stats.clusters import customers_of

KEY, ROLES = "_customer", "roles.json"


@dataclass(frozen=True)
class Split:
    """A split that is on disk."""

    table: str
    number: int
    """From 1."""
    folder: Path

    @cached_property
    def _roles(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / ROLES).read_text(encoding="utf-8"))
        return found

    @property
    def digest(self) -> str:
        """SHA-256 of what a method is given."""
        return str(self._roles["digest"])

    @property
    def features(self) -> list[str]:
        return list(self._roles["features"])

    @property
    def rows(self) -> dict[str, int]:
        """Of ``learn`` and ``test``."""
        return dict(self._roles["rows"])

    @property
    def test_share(self) -> float:
        """Test rows for each row to learn from."""
        return self.rows["test"] / self.rows["learn"]

    @cached_property
    def label(self) -> NDArray[np.int8]:
        """Of the test rows, shape (n,)."""
        return pq.read_table(self.folder / "test.parquet", columns=[LABEL_COLUMN])[LABEL_COLUMN].to_numpy()

    @cached_property
    def customer(self) -> NDArray[np.int64] | None:
        """Code of each test row's customer, shape (n,); None where every row is another customer's."""
        return customers_of(pq.read_table(self.folder / "test.parquet", columns=[KEY])[KEY])

    @cached_property
    def truth(self) -> NDArray[np.float64] | None:
        """True probability of each test row, shape (n,); None where it is not known."""
        file = self.folder / "truth.npy"
        return np.load(file) if file.exists() else None


def kept(table: Table, number: int) -> Split | None:
    """The split, if it is on disk."""
    split = Split(table.name, number, CACHE / "splits" / f"{table.name}-{number}")
    return split if (split.folder / ROLES).exists() else None


def prepare(table: Table, number: int) -> Split:
    """The split, made where it is missing.

    Raises:
        MissingTableError: the table is not on this machine.
    """
    found = kept(table, number)
    if found is not None:
        return found
    folder = CACHE / "splits" / f"{table.name}-{number}"
    shutil.rmtree(folder, ignore_errors=True)
    with contextlib.redirect_stdout(io.StringIO()):  # the steps' progress
        table.write(folder, seed_of(number))
        _divide(folder, table.business)
    return Split(table.name, number, folder)


def _divide(folder: Path, business: str | None) -> None:
    """Write what the other methods are given, by the product's own steps."""
    dataset = load_dataset(folder)
    contract = dataset.contract
    with tempfile.TemporaryDirectory() as place:
        work = Workspace(place)
        ingest_and_validate(dataset, work).raise_if_stopped()
        build_features(contract, work.valid, work.features)
        train, validation, test = (
            pq.read_table(work.features / f"{part}.parquet") for part in ("train", "validation", "test")
        )
    parts = {"learn": _columns(contract, pa.concat_tables([train, validation])), "test": _columns(contract, test)}
    for name, part in parts.items():
        pq.write_table(part, folder / f"{name}.parquet")
    if business is not None:
        truth = truth_of(
            find(business),
            pq.read_table(folder / "data" / TABLE_FILE),
            test[contract.key_column].combine_chunks(),
            test[SNAPSHOT_COLUMN].to_pylist(),
        )
        np.save(folder / "truth.npy", truth["probability"].to_numpy())
    roles = {
        "digest": _digest(parts.values()),
        "features": _features(contract),
        "rows": {name: part.num_rows for name, part in parts.items()},
    }
    write_text(folder / ROLES, json.dumps(roles, indent=1) + "\n")


def _features(contract: Contract) -> list[str]:
    return [name for name in (*contract.inputs, *contract.derived) if name != contract.row_time]


def _columns(contract: Contract, part: pa.Table) -> pa.Table:
    """The feature columns, the label, and the customer for the intervals."""
    features = part.select(_features(contract))
    return features.append_column(LABEL_COLUMN, part[LABEL_COLUMN]).append_column(KEY, part[contract.key_column])


def _digest(parts: Iterable[pa.Table]) -> str:
    """SHA-256 of names, types and values."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(str(part.schema.remove_metadata()).encode())
        digest.update(part.to_pandas().to_csv(index=False).encode())
    return digest.hexdigest()
