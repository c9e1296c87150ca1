"""A prediction log as the server's own code writes it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
from documents import assert_valid

from serving.observation.prediction_log.rows import Entry, RowMaker
from serving.observation.prediction_log.sink import Sink
from tenure import bundle as bundles

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()


def log_answers(
    bundle: Path,
    rows: pa.Table,
    *,
    location: str,
    fallback: bool = False,
    version: str | None = None,
    name: str | None = None,
) -> str:
    """Answer a table's rows and log them.

    Args:
        location: folder of the log, or its address.
        fallback: whether the log says that the fallback answered.
        version: of the bundle in the log, instead of its own.
        name: of the file in a local log, instead of the writer's choice.

    Returns:
        The location.
    """
    model = bundles.read(bundle)
    columns = {column: rows.column(column).to_pylist() for column in model.contract.inputs}
    prediction = model.predict(columns)
    if version is not None:
        prediction = replace(prediction, version=version)
    maker = RowMaker(model.manifest.name, model.contract, None)
    maker.add(Entry(None, "r", NOON, columns, None, prediction, fallback), 0, rows.num_rows)
    batch = maker.batch()
    for row in batch.slice(0, 3).to_pylist():
        assert_valid("prediction-log-row", row | {"time": row["time"].isoformat()})
    written = Sink(location).write([batch])
    if name is not None:
        (Path(location) / written).rename(Path(location) / name)
    return location
