"""Replays rows against the model server and compares its predictions with offline ones."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.check_serving.connection import Connection
from components.check_serving.grpc_client import GrpcClient
from components.check_serving.process import Running
from components.check_serving.rows import Columns, part
from tenure.bundle import Prediction
from tenure.contract import Contract
from tenure.progress import progress
from tenure.protocol import Row, predictions, score_of

BATCH_ROWS = 50
GRPC_ROWS = 100
SINGLE_ROWS = 300
WARM_UP_ROWS = 20
EXPLAINED_ROWS = 5
REASONS = 3
_REASON_TOLERANCE = 1e-6
TIMEOUT_S = 30.0


@dataclass
class Compared:
    """Differences between the server's and the offline predictions."""

    scale: float = 1.0
    """Divisor of differences: 1 for probabilities, the largest predicted value for values and their contributions."""
    rows: int = 0
    rows_grpc: int = 0
    max_difference: float = 0.0
    """Largest difference of a probability, a predicted value or an end of its interval, relative to ``scale``."""
    different_decisions: int = 0
    different_bands: int = 0
    different_reasons: int = 0
    latency_ms: list[float] = field(default_factory=list)
    """Latency of consecutive requests for one row."""

    def add(self, score: list[float], decision: list[bool], offline: Prediction, start: int) -> None:
        """Compare predictions with the offline ones from row ``start``."""
        place = slice(start, start + len(score))
        self._differ(score, offline.score[place])
        self.different_decisions += int((np.array(decision) != offline.decision[place]).sum())

    def add_numbers(self, rows: Sequence[Row], offline: Prediction, start: int) -> None:
        """Compare the other numbers, such as the ends of intervals, with the offline ones."""
        place = slice(start, start + len(rows))
        for name in offline.outputs.columns[1:]:
            self._differ([row[name] for row in rows], offline.number(name)[place])

    def _differ(self, answered: list[float], offline: NDArray[np.float64]) -> None:
        difference = np.abs(np.array(answered) - offline) / self.scale
        # NaN counts as an infinite difference.
        self.max_difference = max(self.max_difference, float(np.nan_to_num(difference, nan=np.inf).max()))


def replay(server: Running, model: str, contract: Contract, columns: Columns, offline: Prediction) -> Compared:
    """Request predictions for all rows in batches, and for some over gRPC, with reasons, and one by one.

    Args:
        server: the running model server.
        model: name of the model.
        contract: the model's contract.
        columns: inputs of the rows.
        offline: predictions of the same rows, with ``REASONS`` reasons.

    Raises:
        ServingError: a request fails, or a response is invalid.
    """
    found = Compared(scale_of(offline))
    rest = Connection(server.http_port, model, TIMEOUT_S)
    try:
        for start in range(0, len(offline), BATCH_ROWS):
            compare(found, rest.ask(part(columns, start, start + BATCH_ROWS)), offline, start)
            progress("rows replayed over REST", min(start + BATCH_ROWS, len(offline)), len(offline))
        _explained(found, rest.ask(part(columns, 0, EXPLAINED_ROWS), explain=REASONS), offline)
        with GrpcClient(server.grpc_port, model, TIMEOUT_S) as client:
            rows = min(GRPC_ROWS, len(offline))
            found.add(*client.predict(part(columns, 0, rows), contract), offline, 0)
            found.rows_grpc = rows
        _one_by_one(found, rest.ask, columns, offline)
    finally:
        rest.close()
    return found


def scale_of(offline: Prediction) -> float:
    """The largest predicted value; 1 for probabilities."""
    return 1.0 if offline.outputs.bounded else float(np.abs(offline.score).max()) or 1.0


def compare(found: Compared, answer: dict[str, Any], offline: Prediction, start: int) -> None:
    """Compare the rows of a V2 answer with the offline predictions from row ``start``."""
    rows = predictions(answer)
    found.add([score_of(row) for row in rows], [row["decision"] for row in rows], offline, start)
    found.add_numbers(rows, offline, start)
    found.different_bands += sum(row["band"] != offline.band[start + index] for index, row in enumerate(rows))
    found.rows += len(rows)


def _explained(found: Compared, answer: dict[str, Any], offline: Prediction) -> None:
    for row, expected in zip(predictions(answer), offline.reasons, strict=False):
        same = [column for column, _ in row["reasons"]] == [reason.column for reason in expected]
        near = same and all(
            abs(contribution - reason.contribution) <= _REASON_TOLERANCE * found.scale
            for (_, contribution), reason in zip(row["reasons"], expected, strict=True)
        )
        found.different_reasons += not near


def _one_by_one(
    found: Compared, ask: Callable[[Columns], dict[str, Any]], columns: Columns, offline: Prediction
) -> None:
    for index in range(WARM_UP_ROWS + SINGLE_ROWS):
        row = index % len(offline)
        one = part(columns, row, row + 1)
        started = time.perf_counter()
        answer = ask(one)
        took_ms = (time.perf_counter() - started) * 1000
        if index >= WARM_UP_ROWS:
            found.latency_ms.append(took_ms)
            predicted = predictions(answer)[0]
            found.add([score_of(predicted)], [predicted["decision"]], offline, row)
    progress("single rows replayed", SINGLE_ROWS, SINGLE_ROWS)
