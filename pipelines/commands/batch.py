"""``tenure score`` and ``tenure monitor``: a model applied to whole tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands.models import NameOption
from pipelines.commands.options import HomeOption, JsonOption, command, print_json

if TYPE_CHECKING:
    from tenure.intake.locate import Located

TableArgument = Annotated[
    str, typer.Argument(metavar="TABLE", help="Folder of a dataset, or the path or address of a table.")
]
ModelOption = Annotated[str, typer.Option("--model", help="A version's number or alias, or a bundle's folder.")]
AsOfOption = Annotated[
    str,
    typer.Option(
        "--as-of",
        help="Of tables from which the inputs are computed: a day or time, as 2026-11-30T06:00. [default: now]",
    ),
]
SHOWN_COLUMNS = 10
TABLE_HEADERS = ("table", ">rows", ">used", ">rejected", ">quarantined", ">orphaned", ">superseded", ">not yet")


def register(app: typer.Typer) -> None:
    """Add the commands to the top level."""
    command(
        app,
        "score",
        """
tenure score datasets/telco
tenure score datasets/cdnow --as-of 1998-05-01
tenure score s3://bucket/customers.parquet --model champion --name telco --out scores
tenure score customers.csv --model challenger --threshold 0.4 --json | jq .contacts
""",
    )(score)
    command(
        app,
        "monitor",
        """
tenure monitor november.csv --reference datasets/telco/telco_churn.csv --evidently
tenure monitor datasets/telco --model champion --scores scores/2026-11-21
tenure monitor datasets/cdnow --as-of 1998-05-01
tenure monitor --log s3://tenure-data/prediction-log --name telco
tenure monitor s3://bucket/november.parquet --model models/telco --json | jq -r .verdict
""",
    )(monitor)


def score(
    table: TableArgument,
    *,
    model: ModelOption = "champion",
    out: Annotated[Path, typer.Option("--out", help="Folder for the day's folder.")] = Path("scores"),
    as_of: AsOfOption = "",
    day: Annotated[
        str,
        typer.Option(
            "--day",
            help="Of a table with the model's inputs: day of the prediction, and of the folder. [default: today]",
        ),
    ] = "",
    threshold: Annotated[
        float | None,
        typer.Option("--threshold", help="Smallest probability, or value, to contact. [default: the model's]"),
    ] = None,
    top: Annotated[int, typer.Option("--top", min=1, help="Customers in the list of the highest scores.")] = 100,
    name: NameOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Score customers: Parquet files, the customers with the highest scores, and a summary.

    From a dataset with tables the model's inputs are computed as of an instant, as in training. Rows that cannot be
    read, values that the model does not know and repeated keys are counted. Exits with status 2, without scores, if
    more rows cannot be read than the contract allows. A run that was killed is resumed.
    """
    from pipelines.commands.serving import find_bundle
    from pipelines.commands.tables import print_table
    from tenure.bundle import read
    from tenure.count_text import customers, rows
    from tenure.intake.locate import locate
    from tenure.scoring.remarks import INPUT_HEADERS, REJECTED_HEADERS, Remarks
    from tenure.scoring.score import score as score_table

    found = locate(table)
    bundle, _, shown = find_bundle(model, name or _dataset(found), home)
    loaded = read(bundle)
    run = score_table(loaded, found.data, out, day=day, as_of=as_of, threshold=threshold, top=top)
    summary = run.summary
    if json:
        print_json(summary)
        return
    print(f"{customers(summary['rows'])} scored by {shown}, {rows(summary['rejected'])} rejected: {run.folder}")
    if "as_of" in summary:
        print(f"as of {summary['as_of']}; {summary['not_eligible']:,} more customers are not eligible")
        print_table(TABLE_HEADERS, _table_rows(summary["tables"]))
    elif loaded.contract.uses_today:
        print(f"today() is {summary['day']} for rows that name no day: --day sets it")
    bands = ", ".join(f"{band} {count:,}" for band, count in summary["bands"].items())
    what, who = ("value", "highest values") if "mean_value" in summary else ("risk", "highest risks")
    print(f"contact {summary['contacts']:,} of them; {what}: {bands}; {who}: {next(run.folder.glob('*.csv'))}")
    remarks = Remarks.of(summary, loaded.contract)
    for sentence in remarks.sentences:
        print(sentence)
    if remarks.rejected:
        print_table(REJECTED_HEADERS, remarks.rejected)
    if remarks.inputs:
        print_table(INPUT_HEADERS, remarks.inputs)


def monitor(
    table: Annotated[
        str | None,
        typer.Argument(metavar="[TABLE]", help="As of 'score'; without it, the customers in the prediction log."),
    ] = None,
    *,
    model: ModelOption = "champion",
    reference: Annotated[
        str | None,
        typer.Option("--reference", help="A table from a time when all was well, such as the training table."),
    ] = None,
    scores: Annotated[
        Path | None, typer.Option("--scores", help="A day's folder of 'tenure score': the current scores.")
    ] = None,
    log: Annotated[
        str | None,
        typer.Option("--log", help="The server's prediction log: the current scores, and without TABLE the customers."),
    ] = None,
    as_of: AsOfOption = "",
    day: Annotated[
        str,
        typer.Option(
            "--day", help="Of a table with the model's inputs: day of the current customers, for rows without one."
        ),
    ] = "",
    out: Annotated[Path, typer.Option("--out", help="Folder of monitoring.json and drift.html.")] = Path("monitoring"),
    evidently: Annotated[
        bool, typer.Option("--evidently", help="Write evidently.html too; needs a reference table.")
    ] = False,
    name: NameOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Compare the current customers with those that a model was trained on: retrain, watch or fine.

    Exits with status 7 if the model should be retrained. A log with too few answers of this version is undecided.
    """
    from pipelines.commands.serving import find_bundle
    from pipelines.commands.tables import number, print_table
    from tenure.errors import InputError, VerdictError
    from tenure.intake.locate import locate
    from tenure.monitoring import compare
    from tenure.transform import read_day

    if scores is not None and log is not None:
        raise InputError("the current scores come from --scores or from --log, not from both")
    if table is None and log is None:
        raise InputError("there are no customers to compare: give a TABLE, or a prediction log by --log")
    if evidently and reference is None:
        raise InputError("--evidently compares rows with those of a reference table: give --reference")
    current = None if table is None else locate(table)
    bundle, _, shown = find_bundle(model, name or _dataset(current), home)
    found = compare(
        bundle,
        None if current is None else current.data,
        reference=None if reference is None else locate(reference).data,
        scores=scores,
        log=log,
        day=read_day(day) if day else None,
        as_of=as_of,
    )
    found.save(out, evidently=evidently)
    if json:
        print_json(found.to_dict())
    else:
        print(f"{found.verdict}: {found.rows:,} customers against {shown}")
        for line in [*found.reasons, *found.notes]:
            print(f"  {line}")
        if found.rejected_reasons:
            print_table(["rejected because", ">rows"], [(why, f"{n:,}") for why, n in found.rejected_reasons.items()])
        rows = list(found.columns.items())[:SHOWN_COLUMNS]
        print_table(["column", ">PSI"], [(column, number(value)) for column, value in rows])
        print(f"report: {out / 'drift.html'}")
    if found.verdict == "retrain":
        raise VerdictError(f"retrain: {found.reasons[0]}")


def _table_rows(tables: Mapping[str, Mapping[str, int]]) -> list[tuple[str, ...]]:
    """The numbers of rows of each table, under ``TABLE_HEADERS``."""
    names = ("read", "used", "rejected", "quarantined", "orphaned", "superseded", "not_yet")
    return [(table, *(f"{counts[name]:,}" for name in names)) for table, counts in tables.items()]


def _dataset(table: Located | None) -> str | None:
    """Name of the dataset, which is the registered model's, where the table was named by its dataset."""
    return None if table is None or table.contract is None else table.contract.name
