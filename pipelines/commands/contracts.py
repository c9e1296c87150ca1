"""``tenure init`` and ``tenure check``: draft a contract from data, and check data against a contract."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.options import JsonOption, command, print_json
from pipelines.commands.run_options import DataOption


def register(app: typer.Typer) -> None:
    """Add the commands to the top level."""
    command(
        app,
        "init",
        """
tenure init customers.csv --out datasets/mine
tenure init customers.csv --label next_quarter_spend
tenure init 's3://bucket/customers.parquet'
tenure init 'postgresql://reader:${DB_PASSWORD}@db/crm' --query 'SELECT * FROM customers' --out datasets/crm
""",
    )(init)
    command(
        app,
        "check",
        """
tenure check datasets/telco
tenure check datasets/telco --data november.csv --report november.html
tenure check datasets/streaming --data sessions=sessions.parquet
tenure check datasets/telco --json | jq -r '.checks[] | select(.level != "pass") | .message'
""",
    )(check)


def init(
    data: Annotated[
        str, typer.Argument(metavar="DATA", help="CSV, JSON, Excel, Parquet or database: a path or an address.")
    ],
    *,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder to write contract.yaml to. [default: datasets/<name>]")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="The contract's name. [default: the data's]")] = None,
    label: Annotated[
        str | None,
        typer.Option("--label", help="The column to predict: two values, or a number. [default: inferred]"),
    ] = None,
    query: Annotated[str | None, typer.Option("--query", help="The SELECT statement, for a database.")] = None,
    json: JsonOption = False,
) -> None:
    """Draft a contract from data, for you to correct.

    Every guess is a comment in the contract with its evidence; the doubtful ones are listed. An existing contract is
    never overwritten.
    """
    from tenure.startup import light_imports

    with light_imports():
        from pipelines.commands.tables import print_table
        from tenure.atomic import write_text
        from tenure.contract.load import FILE_NAME
        from tenure.contract.sources import described, sources_of
        from tenure.drafting.draft import draft, name_of
        from tenure.errors import InputError
        from tenure.sources import open_source, relative_uri, sniff_with_notes

    sniffed = sniff_with_notes(data, Path.cwd(), query)
    settings = sniffed.source
    table_name = name or name_of(data)
    folder = out or Path("datasets") / table_name
    target = folder / FILE_NAME
    if target.exists():
        raise InputError(f"{target} exists and may hold your work: give another --out, or remove it first")
    in_contract = settings.model_copy(update={"uri": relative_uri(settings.uri or data, folder)})
    with contextlib.closing(open_source(settings, Path.cwd())) as source:
        drafted = draft(source, in_contract, table_name, label, sniffed.notes)
    write_text(target, drafted.text)
    contract = drafted.contract
    column = contract.label_column
    if json:
        inferred = {"name": contract.name, "task": contract.task, "key": contract.key_column, "label": column}
        decisions = [{"what": found.what, "value": found.value, "why": found.why} for found in drafted.decisions]
        print_json({"contract": str(target), **inferred, "decisions": decisions})
        return
    label_shown = f"label '{column}'" if column else "label computed from events"
    columns = sum(len(described(contract, name).columns) for name in sources_of(contract))
    print(f"{target}: {columns} columns, {contract.key_phrase}, {label_shown}, {contract.task}")
    print_table(("decided", "as", "because"), [(found.what, found.value, found.why) for found in drafted.decisions])
    print(f"next: check and correct it, then 'tenure check {folder}' and 'tenure run {folder}'")


def check(
    dataset: Annotated[
        Path, typer.Argument(metavar="DATASET", help="Folder with a contract.yaml, or the contract itself.")
    ],
    *,
    data: DataOption = None,
    report: Annotated[Path | None, typer.Option("--report", help="Write an HTML report to this file.")] = None,
    json: JsonOption = False,
) -> None:
    """Check data against its contract, without training. Exits with status 2 if a run would stop."""
    import json as json_module

    from tenure.startup import light_imports

    with light_imports():
        from pipelines.commands.tables import print_table
        from pipelines.graphs.request import read_request
        from tenure.checks.result import HEADERS, TABLE_HEADERS
        from tenure.features.check import check_table
        from tenure.intake.ingest import ingest

    request = read_request(dataset, data)
    with tempfile.TemporaryDirectory(prefix="tenure-check-") as temporary:
        raw, valid = Path(temporary) / "raw", Path(temporary) / "valid"
        ingest(request.contract, raw)
        found = check_table(request.contract, raw, valid)
        validation = found.validation
        if report is not None:
            from tenure.report.validation import write_page

            write_page(report, validation, request.contract, found.sketches, raw=raw, valid=valid)
    if json:
        print_json(json_module.loads(validation.to_json()))
    else:
        print(validation.heading)
        if counts := validation.tables_table():
            print_table(TABLE_HEADERS, counts)
        print_table(HEADERS, validation.table())
        for advice in validation.advice():
            print(advice)
    found.raise_if_stopped()
