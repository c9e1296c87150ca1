"""What the steps after ``feature`` read, made from telco rows without running the steps before."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import csv

TELCO = Path(__file__).resolve().parents[2] / "datasets" / "telco"


class Upstream:
    """Folders of ``ingest``, ``validate`` and ``feature``, and the contract's text."""

    def __init__(self, folder: Path, rows: int | None, changes: dict, shuffle_labels: bool = False) -> None:
        from tenure.contract import dump, load
        from tenure.transform import fit, of_table

        telco = load(TELCO)
        training = telco.training.model_copy(update=changes)
        acceptance = telco.acceptance.model_copy(update={"bootstrap_samples": 100})
        self.terms = telco.model_copy(update={"training": training, "acceptance": acceptance})
        self.contract = dump(self.terms)
        as_text = csv.ConvertOptions(column_types=dict.fromkeys(telco.columns, pa.string()), strings_can_be_null=False)
        table = csv.read_csv(TELCO / "telco_churn.csv", convert_options=as_text)
        order = np.random.default_rng(0).permutation(len(table))[:rows]
        table = table.take(order)
        label = (table.column("Churn").to_numpy(zero_copy_only=False) == "Yes").astype(np.int8)
        if shuffle_labels:
            label = np.random.default_rng(1).permutation(label)
        table = table.append_column("_label", pa.array(label))
        cuts = [0, int(0.7 * len(table)), int(0.85 * len(table)), len(table)]
        self.raw, self.valid, self.features = (folder / name for name in ("raw", "valid", "features"))
        for path in (self.raw, self.valid, self.features):
            path.mkdir(parents=True)
        parts = {}
        for name, start, end in zip(("train", "validation", "test"), cuts[:-1], cuts[1:], strict=True):
            parts[name] = table.slice(start, end - start)
            pq.write_table(parts[name], self.features / f"{name}.parquet")
        self.parts = parts
        transform = fit(self.terms, of_table(parts["train"]))
        (self.features / "transform.json").write_text(transform.to_json())
        (self.raw / "ingest.json").write_text(json.dumps({"data_hash": "0" * 64}))
        (self.valid / "profile.json").write_text(json.dumps({"rows": 0, "columns": {}}))


@pytest.fixture(scope="session")
def make_upstream(tmp_path_factory):
    def make(rows: int | None = None, shuffle_labels: bool = False, **changes) -> Upstream:
        return Upstream(tmp_path_factory.mktemp("upstream"), rows, changes, shuffle_labels)

    return make
