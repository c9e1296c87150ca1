"""A new model, served, and asked about three customers: highest score, nearest to the threshold, lowest score."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tenure.bundle import Bundle
    from tenure.contract import Contract
    from tenure.protocol import Row

MAX_SENT_ROWS = 2_000
"""Of the customers' tables in a request; where they have more, their inputs are sent."""
MAX_ROWS = 2_000
"""Of the test part are looked at: enough to find three different ones."""
REASONS = 3
TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Customer:
    """A customer whom no step before evaluation has seen."""

    role: str
    """Why this one is asked about."""
    key: str
    columns: Mapping[str, Any]
    """Raw input columns by name, with the day of the row if a feature depends on it."""
    as_of: str | None = None
    """The cut, where the columns were computed from tables."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Values of boolean columns as the contract writes them, for people."""


@dataclass(frozen=True)
class Answer:
    """The server's answer about a customer."""

    customer: Customer
    score: float
    """The number that customers are ranked by, as ``Outputs.score`` names it."""
    numbers: Mapping[str, float]
    """All that is predicted, by ``Outputs.tensors``."""
    contact: bool
    band: str
    version: str
    reasons: Sequence[tuple[str, float]]
    """Column, and its contribution to the model's output: above 0 towards a higher score."""
    interval: tuple[float, float] | None = None
    """Of a regression: the interval that holds the true value."""


def choose_customers(bundle: Bundle, test_part: Path, key: str) -> list[Customer]:
    """The customers of the test part with the highest and the lowest score, and the one nearest to the threshold.

    Where the test part has several cuts, they are of one.

    Args:
        bundle: of which scores and threshold are used.
        test_part: ``test.parquet`` of the feature step.
        key: the key column.
    """
    import numpy as np
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    from tenure import tasks
    from tenure.contract.schema import SNAPSHOT_COLUMN
    from tenure.evaluation.value_names import name_value

    inputs = {name: bundle.contract.accepted[name] for name in bundle.transform.inputs}
    with pq.ParquetFile(test_part) as file:
        cut = [SNAPSHOT_COLUMN] if bundle.contract.is_assembled else []
        table = next(file.iter_batches(batch_size=MAX_ROWS, columns=list(dict.fromkeys([key, *cut, *inputs]))))
    if cut:
        table = table.filter(pc.equal(table.column(SNAPSHOT_COLUMN), pc.max(table.column(SNAPSHOT_COLUMN))))
    score = bundle.predict({name: table.column(name) for name in inputs}).score
    order = np.argsort(score, kind="stable")
    edge = np.argsort(np.abs(score - bundle.decision.threshold), kind="stable")
    texts = tasks.get(bundle.contract.task).texts
    wanted = {texts.highest: order[-1], "on the edge": edge[0], texts.lowest: order[0]}
    chosen: dict[int, str] = {}
    for role, row in wanted.items():
        chosen.setdefault(int(row), role)
    rows = table.take(list(chosen)).to_pylist()
    prefix = "" if bundle.contract.key is None else "row "
    return [
        Customer(
            role,
            f"{prefix}{row[key]}",
            {name: column.as_written(row[name]) for name, column in inputs.items()},
            as_of=row[SNAPSHOT_COLUMN].isoformat() if cut else None,
            names={
                name: name_value(bundle.contract, name, row[name]) for name in inputs if isinstance(row[name], bool)
            },
        )
        for role, row in zip(chosen.values(), rows, strict=True)
    ]


def serve_and_ask(
    contract: Contract, bundle: Path, test_part: Path, valid: Path, *, answers: Path, request: Path
) -> dict[str, Any]:
    """Start the model server on ``bundle``, ask it about three customers of ``test_part``, and stop it.

    Where the model's inputs are computed from tables, the request holds the customers' rows of these.

    Args:
        valid: output folder of validate; read: the tables, if inputs are computed from them.
        answers: JSON file that the answers are written to; ``read_answers`` reads it back.
        request: file to write the body of the request to, for trying it again.

    Returns:
        For the step's summary: the server's URL, and how long it took to start.

    Raises:
        ServingError: it did not start, or does not answer as it must.
        InputError: it refuses the request.
    """
    from components.check_serving.process import model_server
    from tenure.atomic import write_text
    from tenure.bundle import read
    from tenure.progress import progress
    from tenure.protocol import post_json, predictions

    customers = choose_customers(read(bundle), test_part, contract.key_column)
    body = _request(contract, customers, valid)
    write_text(request, json.dumps(body) + "\n")
    progress("starting the model server")
    with model_server(bundle, contract.name, contract.serving.max_start_s) as server:
        progress(f"asking about {len(customers)} customers")
        url = f"http://127.0.0.1:{server.http_port}/v2/models/{contract.name}/infer"
        rows = predictions(post_json(url, body, timeout_s=TIMEOUT_S))
    found = [_answer(customer, row) for customer, row in zip(customers, rows, strict=True)]
    document = {"url": url, "answers": [asdict(answer) for answer in found]}
    write_text(answers, json.dumps(document, indent=2, default=str) + "\n")
    return {"url": url, "start_s": round(server.start_s, 1)}


def _request(contract: Contract, customers: Sequence[Customer], valid: Path) -> dict[str, Any]:
    """The body of a V2 request about customers."""
    import pyarrow as pa

    from tenure.features.sent_rows import sent_rows
    from tenure.features.tables import Tables
    from tenure.parsing import arrow_type
    from tenure.protocol import infer_request

    if contract.assembly is not None:
        kind = arrow_type(contract.row_columns[contract.key_column])
        keys = pa.array([customer.key for customer in customers]).cast(kind).to_pylist()
        sent = sent_rows(contract, Tables.of_folder(contract, valid), keys, MAX_SENT_ROWS)
        if len(sent) == len(customers):
            return infer_request(sent.customers, tables=sent.tables, as_of=customers[0].as_of, explain=REASONS)
    columns = {name: [customer.columns[name] for customer in customers] for name in customers[0].columns}
    return infer_request(columns, explain=REASONS)


def _answer(customer: Customer, row: Row) -> Answer:
    from tenure.tasks import outputs_among

    outputs = outputs_among(row)
    ends = outputs.interval
    return Answer(
        customer=customer,
        score=row[outputs.score],
        numbers={name: row[name] for name in outputs.tensors},
        contact=row["decision"],
        band=row["band"],
        version=row["model_version"],
        reasons=row["reasons"],
        interval=None if ends is None else (row[ends[0]], row[ends[1]]),
    )


def read_answers(path: Path) -> tuple[str | None, list[Answer]]:
    """The server's URL and its answers, as ``serve_and_ask`` wrote them; None and no answers if it did not."""
    if not path.exists():
        return None, []
    document = json.loads(path.read_text(encoding="utf-8"))
    return document["url"], [
        Answer(
            **{
                **answer,
                "customer": Customer(**answer["customer"]),
                "reasons": [(column, size) for column, size in answer["reasons"]],
                "interval": None if answer["interval"] is None else tuple(answer["interval"]),
            }
        )
        for answer in document["answers"]
    ]
