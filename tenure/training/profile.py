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

    Of an event log also the windows of the training part: they are what the model takes, and what a table of customers
    or the server's log holds.
    """
    profile: dict[str, Any] = json.loads((valid / "profile.json").read_text(encoding="utf-8"))
    if not contract.is_assembled:
        return profile
    inputs = contract.inputs
    with pq.ParquetFile(features / "train.parquet") as file:
        windows = build(file.iter_batches(columns=list(inputs)), inputs).to_dict()
    return {
        "rows": min(profile["rows"], windows["rows"]),
        "columns": {**profile["columns"], **windows["columns"]},
    }
