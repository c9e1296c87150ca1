"""``tenure serve`` and ``tenure predict``."""

from __future__ import annotations

import contextlib
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.commands.become import become
from pipelines.commands.models import NameOption, registry_of
from pipelines.commands.options import HomeOption, JsonOption, command, print_json

if TYPE_CHECKING:
    from pipelines.local.prediction import Predictor
    from pipelines.local.records import Record
    from tenure.protocol import Row

SHOWN_REASONS = 3

VersionOption = Annotated[
    str, typer.Option("--version", help="A registered version's number or alias, or a bundle's folder.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to the top level."""
    command(
        app,
        "serve",
        """
tenure serve
tenure serve 2 --port 9000
tenure serve challenger --host 0.0.0.0 --workers 2
tenure serve -- --prediction-log log --cache-entries 10000
""",
    )(serve)
    command(
        app,
        "predict",
        """
tenure predict datasets/telco/telco_churn.csv
tenure predict datasets/telco/telco_churn.csv --url http://127.0.0.1:8080
head -3 datasets/telco/telco_churn.csv | tenure predict - --json | jq '.[].probability'
""",
    )(predict)


def serve(
    version: Annotated[
        str, typer.Argument(metavar="VERSION", help="A version's number or alias, or a bundle's folder.")
    ] = "champion",
    *,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port of REST; 0 takes a free one.")] = 8080,
    grpc_port: Annotated[
        int, typer.Option("--grpc-port", min=0, max=65535, help="Port of gRPC; 0 takes a free one.")
    ] = 8081,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Server processes.")] = 1,
    server_options: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="-- OPTION",
            help="Of the model server, behind '--': keys, TLS, limits, cache, prediction log. 'python -m serving "
            "--help' lists them.",
        ),
    ] = None,
    name: NameOption = None,
    home: HomeOption = None,
) -> None:
    """Serve a registered version over the V2 protocol, REST and gRPC, until Ctrl-C."""
    further = server_options or []
    if version.startswith("--"):
        version, further = "champion", [version, *further]
    folder, model, shown = find_bundle(version, name, home)
    arguments = [
        *("--model", f"{model}={folder}"),
        *("--host", host, "--http-port", str(port), "--grpc-port", str(grpc_port), "--workers", str(workers)),
        *further,
    ]
    print(f"serving {shown} at http://{host}:{port}/v2/models/{model}; Ctrl-C stops it", file=sys.stderr, flush=True)
    become("serving", arguments)


def predict(
    customers: Annotated[
        list[str],
        typer.Argument(
            metavar="CUSTOMERS",
            help="A CSV, JSON, Excel or Parquet file, '-', or column=value of one customer, every input named.",
        ),
    ],
    *,
    url: Annotated[
        str | None,
        typer.Option("--url", help="Address of a running server. [default: predict in this process]"),
    ] = None,
    version: VersionOption = "champion",
    explain: Annotated[
        int, typer.Option("--explain", min=0, max=100, help="Number of reasons for each customer.")
    ] = SHOWN_REASONS,
    threshold: Annotated[
        float | None, typer.Option("--threshold", help="Contact customers from this probability, or value, up.")
    ] = None,
    day: Annotated[
        str, typer.Option("--day", help="Day of the prediction, for rows without one. [default: today, UTC]")
    ] = "",
    name: NameOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Predict who will leave, with the reasons."""
    from pipelines.local.prediction import LocalPredictor, RemotePredictor
    from pipelines.local.records import batches, read_records
    from tenure.errors import InputError
    from tenure.transform import read_day

    on = read_day(day)
    predictor: Predictor
    if url is not None:
        predictor = RemotePredictor.connect(url, name, on if day else None)
    else:
        from tenure.bundle import read

        predictor = LocalPredictor(read(find_bundle(version, name, home)[0]), on)
    answers: list[tuple[Record, Row]] = []
    for batch in batches(read_records(customers)):
        try:
            found = predictor.predict(batch, explain=explain, threshold=threshold)
        except InputError as error:
            # The error's row is one of the batch.
            raise type(error)(f"{error} (counted from row {len(answers) + 1:,})" if answers else str(error)) from None
        answers += zip(batch, found, strict=True)
    if not answers:
        raise InputError(f"{customers[0]} has no rows")
    if json:
        print_json([row for _, row in answers])
    else:
        _print_answers(answers, predictor.key_in(answers[0][0]))


def find_bundle(version: str, name: str | None, home: Path | None) -> tuple[Path, str, str]:
    """Folder of the bundle of ``version``, name of the model, and a description of both."""
    from pipelines.local.home import Home
    from tenure.bundle.files import read_files
    from tenure.errors import BundleError

    folder = Path(version)
    if (folder / "manifest.json").is_file():
        from tenure.bundle import read

        return folder.absolute(), read(folder).manifest.name, str(folder)
    registry = registry_of(home, name)
    found = registry.version(version)
    place = Home.at(home)
    kept = place.bundles / found.bundle_version
    if kept.exists():
        try:
            read_files(kept)
        except BundleError:  # the copy was damaged: the registry's may be well
            with contextlib.suppress(FileNotFoundError):
                shutil.rmtree(kept)
    if not kept.exists():
        registry.download(found.version, kept)
    return kept, found.name, f"{found.name} version {found.version}"


def _print_answers(answers: list[tuple[Any, Any]], key: str | None) -> None:
    """Print a row per customer: named by the column ``key``, or by the number of its row."""
    from pipelines.commands.tables import print_table
    from tenure.protocol import ADDITIONS
    from tenure.tasks import each

    texts = next(task.texts for task in each() if task.outputs.score in answers[0][1])
    print_table(
        [
            key or ">row",
            *texts.headings,
            "band",
            "decision",
            *answers[0][1].get(ADDITIONS, ()),
            f"reasons (+ towards {texts.direction})",
            "notes",
        ],
        [
            (
                record.get(key) if key else number,
                *texts.cells(row),
                row["band"],
                "contact" if row["decision"] else "leave alone",
                *(_cell(value) for value in row.get(ADDITIONS, {}).values()),
                ", ".join(f"{'+' if size > 0 else '-'} {column}" for column, size in row["reasons"]),
                "; ".join(_notes(row, record)),
            )
            for number, (record, row) in enumerate(answers, 1)
        ],
    )


def _cell(value: str | float | None) -> str:
    """An addition's output in a table."""
    if value is None:
        return "-"
    return value if isinstance(value, str) else f"{value:.4g}"


def _notes(row: Row, record: Record) -> list[str]:
    """Notes on a prediction: fallback, and columns with missing, unknown or out-of-range values."""
    flagged = {
        "imputed": row["imputed"],
        "unknown": [f"{column} {record.get(column)!r}" for column in row["unknown"]],
        "out of range": [f"{column} {record.get(column)}" for column in row["out_of_range"]],
    }
    notes = [f"{what}: {', '.join(columns)}" for what, columns in flagged.items() if columns]
    return [f"fallback: {row['fallback']}", *notes] if row["fallback"] else notes
