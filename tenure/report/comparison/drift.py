"""How far the data of the second evaluation is from that of the first, column by column."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tenure.errors import DataError
from tenure.report.comparison.side import Side
from tenure.stats.profile import Profile
from tenure.stats.psi import distances
from tenure.stats.sketch import Sketch

PARTS = ("train", "validation", "test")

Json = dict[str, Any]


def drift(first: Side, second: Side) -> tuple[list[Json] | None, str]:
    """PSI of each input that both models have, largest first; or None, and why there is none.

    The reference are the distributions in the first model's bundle, current are the rows of the second's parts.
    """
    if first.evaluation["versions"]["data_hash"] == second.evaluation["versions"]["data_hash"]:
        return None, "both read the same data"
    if first.bundle is None or second.bundle is None or second.features is None:
        missing = first.name if first.bundle is None else second.name
        return None, f"the model or the rows of {missing} are not at hand"
    try:
        reference = Profile.from_dict(first.bundle.profile)
    except DataError:
        return None, f"the model of {first.name} holds no distributions"
    known = second.bundle.contract.inputs
    columns = {name: column for name, column in known.items() if name in first.bundle.contract.inputs}
    sketch = Sketch(columns)
    for part in PARTS:
        _add(sketch, second.features / f"{part}.parquet", list(columns))
    found = distances(reference, sketch)
    ranked = sorted(found.items(), key=lambda entry: (-entry[1], entry[0]))
    return [{"column": name, "psi": distance} for name, distance in ranked], ""


def _add(sketch: Sketch, file: Path, names: list[str]) -> None:
    with pq.ParquetFile(file) as source:
        for batch in source.iter_batches(columns=names):
            sketch.add(batch)
