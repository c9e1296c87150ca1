"""Replays the rows of tables: the server computes from them the inputs that the training panel holds."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from components.check_serving.connection import Connection
from components.check_serving.grpc_client import GrpcClient
from components.check_serving.process import Running
from components.check_serving.replay import TIMEOUT_S, Compared, compare, scale_of
from tenure.bundle import Bundle, Prediction
from tenure.contract import Contract
from tenure.contract.schema import SNAPSHOT_COLUMN
from tenure.errors import DataError, StorageError
from tenure.features.sent_rows import SentRows, sent_rows
from tenure.features.tables import Tables
from tenure.progress import progress
from tenure.protocol import infer_request, score_of

CUSTOMERS = 100
MAX_ROWS = 50_000
"""Of the customers' tables together."""
BATCH = 20
SINGLE = 20
"""Customers asked about one by one, for the latency."""


@dataclass(frozen=True)
class Replayed:
    """Customers of the test part, with the rows of their tables."""

    sent: SentRows
    as_of: str
    """The cut."""
    offline: Prediction
    """Of the rows that the panel holds for them at the cut."""


def read_tables(model: Bundle, features: Path, valid: Path) -> Replayed:
    """Choose customers of the newest cut in the test part, and read the rows of their tables.

    Args:
        model: one whose inputs are computed from tables.
        features: folder with ``test.parquet``.
        valid: folder with the tables that the panel was computed from.

    Raises:
        DataError: no customer has few enough rows.
        StorageError: a file cannot be read.
    """
    contract, path = model.contract, features / "test.parquet"
    try:
        with pq.ParquetFile(path) as file:
            wanted = dict.fromkeys([contract.key_column, SNAPSHOT_COLUMN, *contract.accepted])
            panel = file.read([name for name in wanted if name in file.schema_arrow.names])
    except (OSError, pa.ArrowInvalid) as error:
        raise StorageError(f"cannot read {path}: {str(error).splitlines()[0]}") from error
    cuts = panel.column(SNAPSHOT_COLUMN)
    cut = pc.max(cuts)
    panel = panel.filter(pc.equal(cuts, cut)).slice(0, CUSTOMERS)
    keys = panel.column(contract.key_column)
    sent = sent_rows(contract, Tables.of_folder(contract, valid), keys.to_pylist(), MAX_ROWS)
    if not len(sent):
        raise DataError(f"each of {len(keys)} customers has more than {MAX_ROWS:,} rows: none can be replayed")
    chosen = panel.filter(pc.is_in(keys, value_set=pa.array(sent.keys, keys.type)))
    columns = {name: chosen.column(name) for name in contract.accepted if name in chosen.column_names}
    moment: date = cut.as_py()
    return Replayed(sent, moment.isoformat(), model.predict(columns))


def replay_tables(server: Running, model: str, contract: Contract, replayed: Replayed) -> Compared:
    """Request predictions from the rows of tables, over REST in V1 and V2, and over gRPC.

    Args:
        server: the running model server.
        model: name of the model.
        contract: the model's contract.
        replayed: customers, and their predictions offline.

    Raises:
        ServingError: a request fails, or a response is invalid.
    """
    offline, as_of = replayed.offline, replayed.as_of
    found = Compared(scale_of(offline))
    rest = Connection(server.http_port, model, TIMEOUT_S)

    def ask(sent: SentRows) -> dict[str, object]:
        document = infer_request(sent.customers, tables=sent.tables, as_of=as_of)
        return rest.post(f"/v2/models/{model}/infer", document)

    try:
        with GrpcClient(server.grpc_port, model, TIMEOUT_S) as client:
            for start in range(0, len(offline), BATCH):
                sent = replayed.sent.part(start, start + BATCH)
                compare(found, ask(sent), offline, start)
                document = {"instances": sent.instances(), "as_of": as_of}
                rows = rest.post(f"/v1/models/{model}:predict", document)["predictions"]
                found.add([score_of(row) for row in rows], [row["decision"] for row in rows], offline, start)
                found.add(*client.predict_tables(sent, contract, as_of), offline, start)
                found.rows_grpc += len(sent)
                progress("customers replayed from their tables", start + len(sent), len(offline))
        for place in range(min(SINGLE, len(offline))):
            one = replayed.sent.part(place, place + 1)
            started = time.perf_counter()
            answer = ask(one)
            found.latency_ms.append((time.perf_counter() - started) * 1000)
            compare(found, answer, offline, place)
    finally:
        rest.close()
    return found
