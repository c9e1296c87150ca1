"""What the evaluate step reads, made by the steps before it on a real sample, with a bundle that is already there."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import spending
from documents import assert_valid

from tenure import bundle as bundles
from tenure.contract import Contract, dump, load, parse
from tenure.parsing import parse_batch
from tenure.tasks.churn.decision import ChurnDecision
from tenure.training.export import ExportedModel

PARSED = {name: column for name, column in parse(spending.CONTRACT).columns.items() if column.role != "label"}
TELCO = Path(__file__).resolve().parents[3] / "datasets" / "telco"


INGEST = {"rows_read": 1_201, "rows_rejected": 1, "extra_columns": [], "defaulted_columns": []}
VALIDATION = {
    "verdict": "warn",
    "rows": {"read": 1_201, "rejected": 1, "quarantined": 0, "good": 1_200},
    "checks": [{"name": "outliers", "level": "warn", "message": "12 rows beyond the fences"}],
}
LEAKAGE = {
    "rows": 400,
    "checks": [{"name": "leakage: constant", "level": "warn", "message": "plan: nothing is learnt"}],
}
REDUCTION = {
    "rows": 400,
    "dropped": [{"column": "twin", "reason": "correlated", "other": "plan", "correlation": 0.99, "message": "nearly"}],
    "importance": {},
}
SPLIT = {"strategy": "stratified", "rows": {"train": 400, "validation": 200, "test": 600}}


def typed(contract: Contract, rows: pa.Table) -> pa.Table:
    """Numbers as numbers, as in ``test.parquet``, and the label."""
    columns = {}
    for name, column in contract.columns.items():
        values = rows.column(name)
        if column.type in ("integer", "number"):
            blank = pc.equal(pc.utf8_trim_whitespace(values), "")
            values = pc.cast(pc.if_else(blank, None, values), pa.float64())
        if column.role != "label":
            columns[name] = values
    columns["_label"] = pc.cast(pc.equal(rows.column("Churn"), "Yes"), pa.int8())
    return pa.table(columns)


@dataclass(frozen=True)
class Workspace:
    """Folders of the steps before evaluate, each test's own."""

    root: Path
    contract: str

    def arguments(self) -> dict[str, Any]:
        names = ("raw", "valid", "features", "candidates", "champion", "evaluation")
        return {"contract": self.contract, **{name: self.root / name for name in names}}

    def document(self) -> dict[str, Any]:
        document = json.loads((self.root / "evaluation" / "evaluation.json").read_text())
        assert_valid("evaluation", document)
        return document

    def crown(self, bundle: Path | None, unreadable: str | None = None) -> None:
        """Put ``bundle`` into the champion's folder; none for no champion."""
        folder = self.root / "champion"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        known = bundle is not None or unreadable is not None
        version = None
        if bundle is not None:
            shutil.copytree(bundle, folder / "bundle")
            version = json.loads((bundle / "manifest.json").read_text())["version"]
        record = {
            "name": "telco",
            "version": "3" if known else None,
            "bundle_version": version,
            "unreadable": unreadable,
        }
        (folder / "champion.json").write_text(json.dumps(record))

    def change_test_part(self, change: Any) -> None:
        path = self.root / "features" / "test.parquet"
        pq.write_table(change(pq.read_table(path)), path)


@pytest.fixture(scope="session")
def variant(small_bundle: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Writes a bundle like the small one, with another decision."""

    def write(**changes: Any) -> Path:
        given = bundles.read(small_bundle.folder)
        decision: ChurnDecision = replace(given.decision, **changes)
        folder = tmp_path_factory.mktemp("variant") / "bundle"
        bundles.write(
            folder,
            contract=given.contract,
            transform=given.transform,
            model=ExportedModel((small_bundle.folder / "model.onnx").read_bytes(), given.terms),
            decision=decision,
            profile=given.profile,
            family="logistic_regression",
            data_hash=given.manifest.data_hash,
            created_at="2026-01-02T00:00:00Z",
        )
        return folder

    return write


@pytest.fixture(scope="session")
def prepared(small_bundle: Any, variant: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders, once: 600 telco rows as a test part, and two candidates."""
    root = tmp_path_factory.mktemp("prepared")
    contract = load(TELCO)
    acceptance = contract.acceptance.model_copy(update={"bootstrap_samples": 200})
    (root / "contract.yaml").write_text(dump(contract.model_copy(update={"acceptance": acceptance})))
    for folder in ("raw", "valid", "features"):
        (root / folder).mkdir()
    (root / "raw" / "ingest.json").write_text(json.dumps(INGEST))
    (root / "valid" / "validation.json").write_text(json.dumps(VALIDATION))
    (root / "features" / "split.json").write_text(json.dumps(SPLIT))
    (root / "features" / "leakage.json").write_text(json.dumps(LEAKAGE))
    (root / "features" / "reduction.json").write_text(json.dumps(REDUCTION))
    pq.write_table(typed(contract, small_bundle.rows.slice(0, 600)), root / "features" / "test.parquet")
    candidates = root / "candidates"
    candidates.mkdir()
    shutil.copytree(small_bundle.folder, candidates / "xgboost")
    shutil.copytree(variant(threshold=0.5), candidates / "logistic_regression")
    leaderboard = [
        {"family": family, "cv_mean": 0.84, "cv_std": 0.01, "validation_score": 0.85}
        for family in ("logistic_regression", "xgboost")
    ]
    (candidates / "train.json").write_text(
        json.dumps({"chosen": "xgboost", "objective": "roc_auc", "leaderboard": leaderboard})
    )
    return root


@pytest.fixture(scope="session")
def copied(prepared: Path) -> Callable[[Path], Workspace]:
    """Copies the folders to a path, without a champion: for tests that share an evaluation."""

    def copy(root: Path) -> Workspace:
        shutil.copytree(prepared, root)
        made = Workspace(root, (root / "contract.yaml").read_text())
        made.crown(None)
        return made

    return copy


@pytest.fixture
def workspace(copied: Callable[[Path], Workspace], tmp_path: Path) -> Workspace:
    """A copy of the folders, without a champion."""
    return copied(tmp_path / "steps")


def one_class(table: pa.Table) -> pa.Table:
    """The same rows, nobody left."""
    place = table.column_names.index("_label")
    return table.set_column(place, "_label", pa.array([0] * table.num_rows, pa.int8()))


@pytest.fixture
def value_workspace(small_value_bundle: Any, tmp_path: Path) -> Workspace:
    """A regression: 600 rows that its one candidate has not seen as a test part, without a champion."""
    root = tmp_path / "values"
    given = bundles.read(small_value_bundle.folder)
    acceptance = given.contract.acceptance.model_copy(update={"bootstrap_samples": 200})
    for folder in ("raw", "valid", "features", "candidates"):
        (root / folder).mkdir(parents=True)
    (root / "raw" / "ingest.json").write_text(json.dumps(INGEST))
    (root / "valid" / "validation.json").write_text(json.dumps(VALIDATION))
    (root / "features" / "split.json").write_text(json.dumps(SPLIT))
    (root / "features" / "leakage.json").write_text(json.dumps(LEAKAGE))
    (root / "features" / "reduction.json").write_text(json.dumps(REDUCTION))
    rows = spending.table(600, seed=1)
    parsed, _ = parse_batch(rows.combine_chunks().to_batches()[0].select(list(PARSED)), PARSED)
    label = pa.array(spending.values(rows), pa.float64())
    pq.write_table(pa.Table.from_batches([parsed]).append_column("_label", label), root / "features" / "test.parquet")
    shutil.copytree(small_value_bundle.folder, root / "candidates" / "linear_regression")
    leaderboard = [{"family": "linear_regression", "cv_mean": 33.0, "cv_std": 1.0, "validation_score": 32.0}]
    train = {"chosen": "linear_regression", "objective": "rmse", "leaderboard": leaderboard}
    (root / "candidates" / "train.json").write_text(json.dumps(train))
    made = Workspace(root, dump(given.contract.model_copy(update={"acceptance": acceptance})))
    made.crown(None)
    return made
