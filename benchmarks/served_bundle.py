"""A telco bundle for the serving benchmark (300 trees of depth 6, calibrated), and requests for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import csv

from benchmarks.telco_table import TELCO

TREES, DEPTH = 300, 6


def write_bundle(folder: Path) -> None:
    """Fit and write the bundle, in about ten seconds."""
    from tenure import bundle
    from tenure.contract import load
    from tenure.tasks.churn.choose import choose_decision
    from tenure.training.export import export
    from tenure.training.families import ROUNDS, Rows, get
    from tenure.transform import fit, of_table

    contract = load(TELCO)
    table = telco_table()
    transform = fit(contract, of_table(table))
    matrix = transform.encode({name: table[name] for name in table.column_names}).matrix
    label = np.array([value == "Yes" for value in table["Churn"].to_pylist()], dtype=np.int8)
    family = get("xgboost")
    settings = {**family.default, ROUNDS: TREES, "max_depth": DEPTH}
    model = family.fit(Rows(matrix, label), settings, seed=1, threads=1)
    probability = model.predict(matrix)
    bundle.write(
        folder,
        contract=contract,
        transform=transform,
        model=export(model.terms(), model.predict, matrix),
        decision=choose_decision(
            contract,
            np.log(probability) - np.log1p(-probability),
            probability,
            label,
            link="logit",
            base_rate=float(label.mean()),
            customers=table.num_rows,
        ),
        profile={},
        family="xgboost",
        data_hash="0" * 64,
        created_at="2026-01-01T00:00:00Z",
    )


def telco_table() -> pa.Table:
    """The raw columns as texts, as they stand in the file."""
    from tenure.contract import load

    names = dict.fromkeys(load(TELCO).columns, pa.string())
    options = csv.ConvertOptions(column_types=names, strings_can_be_null=False)
    return csv.read_csv(TELCO / "telco_churn.csv", convert_options=options)


def request(rows: int, start: int = 0) -> dict[str, Any]:
    """A V2 request of 19 raw columns as an application holds them: numbers, booleans and texts."""
    inputs = []
    columns = telco_table().slice(start, rows).to_pydict()
    for name, texts in columns.items():
        if name in ("customerID", "Churn"):
            continue
        datatype, values = "BYTES", list[Any](texts)
        if name == "tenure":
            datatype, values = "INT64", [int(text) for text in texts]
        elif name in ("MonthlyCharges", "TotalCharges"):
            datatype, values = "FP64", [float(text) if text.strip() else None for text in texts]
        elif name == "SeniorCitizen":
            datatype, values = "BOOL", [text == "1" for text in texts]
        inputs.append({"name": name, "shape": [rows], "datatype": datatype, "data": values})
    return {"inputs": inputs}


def request_body(rows: int, start: int = 0) -> bytes:
    """The request as JSON."""
    return json.dumps(request(rows, start)).encode()
