"""The reference distributions that a bundle carries."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tenure.contract import Contract
from tenure.stats import build


def reference_profile(contract: Contract, valid: Path, features: Path) -> dict[str, Any]:
    """What later tables are compared with: the table's columns, as validate found them.

    Where the model's rows are computed from tables, also its inputs in the training part: they are what a table of
    customers or the server's log holds.
    """
    profile: dict[str, Any] = json.loads((valid / "profile.json").read_text(encoding="utf-8"))
    if not contract.is_assembled:
        return profile
    inputs = contract.inputs
    with pq.ParquetFile(features / "train.parquet") as file:
        computed = build(file.iter_batches(columns=list(inputs)), inputs).to_dict()
    return {
        **profile,
        "rows": min(profile["rows"], computed["rows"]) if profile["columns"] else computed["rows"],
        "columns": {**profile["columns"], **computed["columns"]},
    }
