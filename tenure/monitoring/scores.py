"""What a model predicts for the current customers, compared with what it predicted for the reference."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tenure import tasks
from tenure.bundle import Bundle
from tenure.errors import DataError, StorageError
from tenure.stats import ScoreProfile


def outputs(model: Bundle) -> tasks.Outputs:
    """What the scores of the model's task are called."""
    return tasks.get(model.contract.task).outputs


def validation_scores(model: Bundle) -> ScoreProfile | None:
    """Distribution of the model's scores on the rows held out in training; None if the bundle has none."""
    document = model.profile.get("scores")
    return None if document is None else ScoreProfile.from_dict(document)


def predict(model: Bundle, rows: pa.Table, day: date) -> NDArray[np.float64]:
    """Scores of parsed rows, shape (rows,); ``day`` is that of the rows that name none."""
    names = [name for name in model.contract.accepted if name in rows.column_names]
    return model.predict({name: rows.column(name) for name in names}, day=day).score


def read_scores(model: Bundle, folder: Path) -> NDArray[np.float64]:
    """Scores in a day's folder of ``tenure score``, shape (rows,).

    Raises:
        DataError: there are none. StorageError: a file cannot be read.
    """
    column = outputs(model).score
    parts: Iterable[Path] = sorted(folder.glob("part-*.parquet"))
    try:
        scores = [pq.read_table(part, columns=[column]).column(0).to_numpy() for part in parts]
    except (OSError, pa.ArrowException) as error:
        raise StorageError(f"cannot read the scores in {folder}: {str(error).splitlines()[0]}") from error
    if not scores:
        raise DataError(f"no scores in {folder}: give a day's folder that 'tenure score' wrote")
    return np.concatenate(scores)


def compare_scores(model: Bundle, reference: ScoreProfile, current: NDArray[np.float64], source: str) -> dict[str, Any]:
    """The comparison as ``Monitoring.scores`` holds it; ``source`` says where the current scores come from."""
    return {
        "psi": reference.distance(current),
        "mean_then": reference.mean,
        "mean_now": float(current.mean()),
        "of": source,
        "column": outputs(model).score,
        "edges": list(reference.bins.edges),
        "reference": {"rows": reference.rows, "shares": list(reference.bins.shares)},
        "current": {"rows": len(current), "shares": list(reference.shares(current))},
    }
