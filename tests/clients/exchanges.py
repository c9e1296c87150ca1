"""What every client is asked to send to the model server, and what must come back.

The programs in ``programs/`` know nothing of Tenure. Each reads a plan with one exchange a line, its fields separated
by tabs: name, method, URL, file with the body, headers (``Name:value|…``), framing (``length``, ``chunked`` or
``expect``), repetitions. It sends every exchange with each of its clients and writes one line an answer: client, name
of the exchange, status (0: no answer), content encoding, and the decoded body, or the client's error, in base64.
"""

from __future__ import annotations

import base64
import gzip
import json
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from tenure.protocol import infer_request

PROGRAMS = Path(__file__).with_name("programs")

MAX_BODY_BYTES = 32 * 1024 * 1024
"""Of the server; a body above it gets 413."""

MAX_SECONDS = 120.0

V2, V1 = "/v2/models/telco/infer", "/v1/models/telco:predict"

JSON = "Content-Type:application/json"


class Answer(NamedTuple):
    status: int
    encoding: str
    """The header Content-Encoding, ``""`` without."""
    body: bytes
    """Inflated. Without an answer (status 0), the client's error."""


class Exchange(NamedTuple):
    """A request, and a check of its answer."""

    check: Callable[[Answer], None]
    method: str = "POST"
    path: str = V2
    body: str = ""
    """The name of a file of ``write_bodies``."""
    headers: tuple[str, ...] = (JSON,)
    framing: str = "length"
    times: int = 1
    counted: bool = False
    """Sent through the forwarder that counts connections."""


def predicts(rows: int, encoding: str | None = None) -> Callable[[Answer], None]:
    """The answer has as many probabilities, in the encoding if one is given."""

    def check(answer: Answer) -> None:
        assert answer.status == 200, answer
        document = json.loads(answer.body)
        if "predictions" in document:
            found = [row["probability"] for row in document["predictions"]]
        else:
            found = next(output["data"] for output in document["outputs"] if output["name"] == "probability")
        assert len(found) == rows
        assert all(0 <= probability <= 1 for probability in found)
        assert encoding is None or answer.encoding == encoding

    return check


def refused(status: int, reason: str) -> Callable[[Answer], None]:
    """The client sees the status with the reason: not a reset connection, not an empty body."""

    def check(answer: Answer) -> None:
        assert answer.status == status, answer
        assert reason in json.loads(answer.body)["error"]

    return check


def is_metadata(answer: Answer) -> None:
    assert answer.status == 200, answer
    assert json.loads(answer.body)["name"] == "telco"


def is_ready(answer: Answer) -> None:
    assert (answer.status, answer.body) == (200, b'{"ready":true}')


def is_head(answer: Answer) -> None:
    assert (answer.status, answer.body) == (200, b"")


GZIP = (JSON, "Content-Encoding:gzip")

EXCHANGES = {
    "ready": Exchange(is_ready, "GET", "/v2/health/ready", headers=()),
    "metadata": Exchange(is_metadata, "GET", "/v2/models/telco", headers=()),
    "metadata_slash": Exchange(is_metadata, "GET", "/v2/models/telco/", headers=()),
    "metadata_head": Exchange(is_head, "HEAD", "/v2/models/telco", headers=()),
    "row_v2": Exchange(predicts(1), body="row_v2.json"),
    "row_v1": Exchange(predicts(1), path=V1, body="row_v1.json"),
    "rows_v2": Exchange(predicts(1_000), body="rows_v2.json"),
    "rows_v1": Exchange(predicts(1_000), path=V1, body="rows_v1.json"),
    "row_v2_chunked": Exchange(predicts(1), body="row_v2.json", framing="chunked"),
    "row_v1_chunked": Exchange(predicts(1), path=V1, body="row_v1.json", framing="chunked"),
    "rows_v2_chunked": Exchange(predicts(1_000), body="rows_v2.json", framing="chunked"),
    "rows_v2_expect": Exchange(predicts(1_000), body="rows_v2.json", framing="expect"),
    "large_v1": Exchange(predicts(10_000), path=V1, body="large_v1.json"),
    "missing_column_v2": Exchange(refused(400, "'Contract'"), body="missing_v2.json"),
    "missing_column_v1": Exchange(refused(400, "'Contract'"), path=V1, body="missing_v1.json"),
    "unknown_model": Exchange(refused(404, "other"), path="/v2/models/other/infer", body="row_v2.json"),
    "too_many_rows": Exchange(refused(413, "10000"), body="too_many_v2.json"),
    "too_large": Exchange(refused(413, str(MAX_BODY_BYTES)), body="too_large.json"),
    "row_after_too_large": Exchange(predicts(1), body="row_v2.json"),
    "too_large_chunked": Exchange(refused(413, str(MAX_BODY_BYTES)), body="too_large.json", framing="chunked"),
    "row_after_too_large_chunked": Exchange(predicts(1), body="row_v2.json"),
    "gzip_row_v2": Exchange(predicts(1), body="row_v2.json.gz", headers=GZIP),
    "gzip_row_v1": Exchange(predicts(1), path=V1, body="row_v1.json.gz", headers=GZIP),
    "gzip_rows_v2": Exchange(predicts(1_000), body="rows_v2.json.gz", headers=GZIP),
    "gzip_too_large": Exchange(refused(413, "the body"), body="too_large.json.gz", headers=GZIP),
    "deflate_row_v2": Exchange(predicts(1), body="row_v2.json.zlib", headers=(JSON, "Content-Encoding:deflate")),
    "unknown_encoding": Exchange(
        refused(415, "compress"), body="row_v2.json", headers=(JSON, "Content-Encoding:compress")
    ),
    "gzip_answer": Exchange(predicts(1_000, "gzip"), body="rows_v2.json", headers=(JSON, "Accept-Encoding:gzip")),
    "identity_answer": Exchange(predicts(1_000, ""), body="rows_v2.json", headers=(JSON, "Accept-Encoding:identity")),
    "fifty_in_a_row": Exchange(predicts(1), body="row_v2.json", times=50, counted=True),
}


def write_bodies(folder: Path, typed: dict[str, list[Any]]) -> None:
    """Bodies of one, 1,000, 10,000 and 10,001 rows, by repeating the 20 rows of ``typed``, and invalid ones."""

    def columns(rows: int) -> dict[str, list[Any]]:
        return {name: [values[row % len(values)] for row in range(rows)] for name, values in typed.items()}

    def v2(table: dict[str, list[Any]]) -> bytes:
        return json.dumps(infer_request(table)).encode()

    def v1(table: dict[str, list[Any]]) -> bytes:
        instances = [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
        return json.dumps({"instances": instances}).encode()

    row = columns(1)
    missing = {name: values for name, values in row.items() if name != "Contract"}
    bodies = {
        "row_v2.json": v2(row),
        "row_v1.json": v1(row),
        "rows_v2.json": v2(columns(1_000)),
        "rows_v1.json": v1(columns(1_000)),
        "large_v1.json": v1(columns(10_000)),
        "too_many_v2.json": v2(columns(10_001)),
        "too_large.json": v2(row) + b" " * MAX_BODY_BYTES,
        "missing_v2.json": v2(missing),
        "missing_v1.json": v1(missing),
    }
    for name in ("row_v2.json", "row_v1.json", "rows_v2.json", "too_large.json"):
        bodies[f"{name}.gz"] = gzip.compress(bodies[name])
    bodies["row_v2.json.zlib"] = zlib.compress(bodies["row_v2.json"])
    for name, body in bodies.items():
        (folder / name).write_bytes(body)


def run(command: list[str], bodies: Path, url: str, counted_url: str) -> dict[tuple[str, str], list[Answer]]:
    """The answers that a program's clients got, by client and name of the exchange."""
    plan = bodies / "plan"
    lines = []
    for name, exchange in EXCHANGES.items():
        address = (counted_url if exchange.counted else url) + exchange.path
        body = str(bodies / exchange.body) if exchange.body else ""
        parts = (
            name,
            exchange.method,
            address,
            body,
            "|".join(exchange.headers),
            exchange.framing,
            str(exchange.times),
        )
        lines.append("\t".join(parts))
    plan.write_text("\n".join(lines) + "\n")
    done = subprocess.run([*command, str(plan)], capture_output=True, text=True, timeout=MAX_SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    answers: dict[tuple[str, str], list[Answer]] = {}
    for line in done.stdout.splitlines():
        client, name, status, encoding, body = line.split("\t")
        answers.setdefault((client, name), []).append(Answer(int(status), encoding, base64.b64decode(body)))
    return answers
