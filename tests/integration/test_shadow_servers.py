"""A regression's log replayed against real servers, and its scores as a rollout reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import spending
from load import wait_until
from prometheus_client.parser import text_string_to_metric_families
from server_process import Server, started

from rollout.evidence import replay_requests
from rollout.evidence.replay import Replay, compare
from rollout.limits import Limits
from tenure import bundle, prediction_log
from tenure.contract import parse
from tenure.protocol import infer_request
from tenure.tasks.churn.choose import choose_decision
from tenure.training.export import export
from tenure.training.families import Rows, get
from tenure.transform import fit, of_table

pytestmark = pytest.mark.slow

ROWS = 200


def churn_bundle(folder: Path) -> None:
    """A classification of the same columns: who will spend more than 100 dollars."""
    text = spending.CONTRACT.replace("task: regression\nlabel: {unit: USD}", 'label: {positive: "yes"}')
    text = text.replace(
        "future_spend: {type: number, role: label, range: [0, null]}", "big: {type: category, role: label}"
    )
    text = text.replace("business: {contacts_per_day: 100}\ndecision:\n", "decision:\n")
    contract, rows = parse(text), spending.table()
    label = (spending.values(rows) > 100.0).astype(np.int8)
    transform = fit(contract, of_table(rows))
    matrix = transform.encode({name: rows[name] for name in transform.inputs}).matrix
    family = get("logistic_regression")
    model = family.fit(Rows(matrix, label), family.default, seed=1, threads=1)
    probability = model.predict(matrix)
    margin = np.log(probability) - np.log1p(-probability)
    decision = choose_decision(
        contract, margin, probability, label, link="logit", base_rate=float(label.mean()), customers=len(rows)
    )
    bundle.write(
        folder,
        contract=contract,
        transform=transform,
        model=export(model.terms(), model.predict, matrix),
        decision=decision,
        profile={},
        family="logistic_regression",
        data_hash="0" * 64,
        created_at="2026-01-01T00:00:00Z",
    )


def replayed(server: Server, model: str, rows: list[prediction_log.Logged]) -> Replay:
    return compare(rows, (replay_requests.send(server.url, model, row, timeout_s=20.0) for row in rows), Limits())


def buckets(page: str, model: str) -> dict[float, float]:
    return {
        float(sample.labels["le"]): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name == "tenure_score_bucket" and sample.labels["model"] == model
    }


def test_a_regression_is_shadowed_by_its_next_version_and_not_by_another_task(
    small_value_bundle: Any, tmp_path: Path
) -> None:
    spending.write_bundle(tmp_path / "next", family="polynomial_regression")
    churn_bundle(tmp_path / "churn")
    models = ["--model", f"next={tmp_path / 'next'}", "--model", f"churn={tmp_path / 'churn'}"]
    log = str(tmp_path / "predictions")
    options = [*models, "--prediction-log", log, "--prediction-log-flush-s", "0.5", "--no-grpc"]
    rows = small_value_bundle.rows.slice(0, ROWS)
    columns = {name: rows[name].to_pylist() for name in ("months", "orders", "basket", "plan")}
    single = [infer_request({name: each[place : place + 1] for name, each in columns.items()}) for place in range(ROWS)]
    with started(small_value_bundle.folder, tmp_path / "log", *options) as server:
        values = [server.infer(document)["outputs"][0]["data"][0] for document in single]
        counted = buckets(server.metrics(), "telco")
        wait_until(lambda: sum(pq.read_metadata(file).num_rows for file in Path(log).rglob("*.parquet")) == ROWS)
        logged = replay_requests.logged_rows(log, 1000, "telco")
        same, following, other = (replayed(server, model, logged) for model in ("telco", "next", "churn"))
    assert {row.output for row in logged} == {"value"}
    assert sorted(row.score for row in logged) == pytest.approx(sorted(values))
    # Dollars fill the buckets, none of which holds most of them.
    below = [counted[bound] for bound in sorted(counted)]
    assert below[-1] == ROWS and len(below) >= 9 and max(np.diff([0.0, *below])) <= 0.35 * ROWS
    assert same.ok and "score distance 0.000" in same.summary
    assert following.ok, following.summary
    assert not other.ok
    assert other.summary.startswith("the canary answers 'probability' and stable 'value': one predicts a number")
