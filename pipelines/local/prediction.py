"""Customers' rows in, predictions out: from a running server, or from a bundle in this process."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tenure.errors import DataError, InputError, ServingError

if TYPE_CHECKING:
    from tenure.bundle import Bundle, Prediction, ValuePrediction
    from tenure.protocol import AnyRow, Row

BATCH_ROWS = 2_000
ASK_TIMEOUT_S = 60.0

Record = dict[str, Any]
"""One customer: raw column to value; None for missing."""


class Predictor(Protocol):
    """Whatever answers about customers."""

    def predict(self, records: Sequence[Record], *, explain: int, threshold: float | None) -> list[Row]:
        """One answer a record.

        Raises:
            InputError: a record is not one that the model takes.
            ServingError: the server is down or fails.
        """


@dataclass(frozen=True)
class LocalPredictor:
    """A bundle in this process: what the server does, without the server."""

    bundle: Bundle

    def predict(self, records: Sequence[Record], *, explain: int, threshold: float | None) -> list[Row]:
        found = self.bundle.predict(_columns(records), explain=explain, threshold=threshold)
        return [_answer(found, row, explain) for row in range(len(found))]


def _answer(found: Prediction | ValuePrediction, row: int, explain: int) -> Row:
    shared: AnyRow = {
        "decision": bool(found.decision[row]),
        "band": found.band[row],
        "recommendation": found.recommendation[row],
        "imputed": [name for name, flags in found.imputed.items() if flags[row]],
        "unknown": [name for name, flags in found.unknown.items() if flags[row]],
        "out_of_range": [name for name, flags in found.out_of_range.items() if flags[row]],
        "reasons": [(reason.column, reason.contribution) for reason in found.reasons[row]] if explain else [],
        "model_version": found.version,
        "fallback": "",
    }
    if hasattr(found, "probability"):
        probability = float(found.probability[row])
        confidence = probability if shared["decision"] else 1.0 - probability
        return {"probability": probability, "confidence": confidence, **shared}
    value, low, high = (float(numbers[row]) for numbers in (found.value, found.low, found.high))
    return {"value": value, "value_low": low, "value_high": high, **shared}


@dataclass(frozen=True)
class RemotePredictor:
    """A model of a running server, asked over V2."""

    url: str
    name: str
    inputs: frozenset[str]
    """The columns that the model takes; others are not sent."""

    @classmethod
    def connect(cls, url: str, name: str | None) -> RemotePredictor:
        """Ask the server what it serves; ``name`` may be left out where it serves one model.

        Raises:
            InputError: the server serves several models and none was named, or not that one.
            ServingError: it does not answer.
        """
        from tenure.protocol import get_json

        base = url.rstrip("/")
        if name is None:
            names = get_json(f"{base}/v2/models", timeout_s=ASK_TIMEOUT_S).get("models", [])
            if len(names) != 1:
                raise InputError(f"which model? {base} serves {', '.join(names) or 'none'}; say --name")
            name = names[0]
        metadata = get_json(f"{base}/v2/models/{name}", timeout_s=ASK_TIMEOUT_S)
        try:
            return cls(base, name, frozenset(column["name"] for column in metadata["inputs"]))
        except (KeyError, TypeError) as error:
            raise ServingError(f"{base} does not describe the model '{name}' as V2 says: {error}") from error

    def predict(self, records: Sequence[Record], *, explain: int, threshold: float | None) -> list[Row]:
        from tenure.protocol import infer_request, post_json, predictions

        sent = {name: values for name, values in _columns(records).items() if name in self.inputs}
        if not sent:
            raise InputError(f"none of the model's columns is there: {', '.join(sorted(self.inputs))}")
        document = infer_request(sent, explain=explain, threshold=threshold)
        return predictions(post_json(f"{self.url}/v2/models/{self.name}/infer", document, timeout_s=ASK_TIMEOUT_S))


def read_records(arguments: Sequence[str]) -> Iterator[Record]:
    """The customers that the command line names: ``column=value`` pairs, a CSV or JSON file, or ``-`` for either.

    Raises:
        InputError: mixed arguments, or no rows. DataError: the file cannot be read.
    """
    pairs = [argument.partition("=") for argument in arguments]
    if all(name and equals for name, equals, _ in pairs):
        yield {name: value if value != "" else None for name, _, value in pairs}
        return
    if len(arguments) != 1:
        raise InputError("give column=value pairs, or one file, or '-' for standard input")
    yield from _rows_of(arguments[0])


def batches(records: Iterator[Record], rows: int = BATCH_ROWS) -> Iterator[list[Record]]:
    """The records, at most ``rows`` at a time."""
    while batch := list(islice(records, rows)):
        yield batch


def _rows_of(file: str) -> Iterator[Record]:
    shown = "standard input" if file == "-" else file
    try:
        if file == "-":
            text = sys.stdin.read()
        elif Path(file).suffix in (".parquet", ".pq"):
            yield from _parquet_rows(Path(file))
            return
        else:
            text = Path(file).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{file} is neither a file nor column=value") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {shown}: {error}") from error
    yield from _json_rows(text, shown) if text.lstrip()[:1] in ("{", "[") else _csv_rows(text, shown)


def _csv_rows(text: str, shown: str) -> Iterator[Record]:
    from tenure.sources.csv_header import likely_delimiter

    reader = csv.reader(io.StringIO(text), delimiter=likely_delimiter(text), strict=True)
    try:
        header = next(reader, None)
        if not header:
            raise DataError(f"{shown} is empty")
        for fields in reader:
            if not fields:
                continue
            if len(fields) != len(header):
                raise DataError(f"{shown}, line {reader.line_num}: {len(fields)} fields, the header has {len(header)}")
            yield {name: value if value.strip() else None for name, value in zip(header, fields, strict=True)}
    except csv.Error as error:
        raise DataError(f"{shown}, line {reader.line_num}: {error}") from error


def _json_rows(text: str, shown: str) -> Iterator[Record]:
    """One object, a list of objects, or one object a line."""
    try:
        document = json.loads(text)
    except ValueError:
        document = [_json_line(line, number, shown) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    for number, record in enumerate(document if isinstance(document, list) else [document], 1):
        if not isinstance(record, dict):
            raise DataError(f"{shown}, record {number}: not an object of column and value")
        yield record


def _json_line(line: str, number: int, shown: str) -> Any:
    try:
        return json.loads(line)
    except ValueError as error:
        raise DataError(f"{shown}, line {number}: {error}") from None


def _parquet_rows(path: Path) -> Iterator[Record]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=BATCH_ROWS):
                yield from batch.to_pylist()
    except pa.ArrowException as error:
        raise DataError(f"cannot read {path}: {str(error).splitlines()[0]}") from error


def _columns(records: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    names = dict.fromkeys(name for record in records for name in record)
    return {name: [record.get(name) for record in records] for name in names}
