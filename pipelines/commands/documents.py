"""``tenure features`` and ``tenure migrate``: what a contract computes, and a contract in the newer version."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.commands.options import JsonOption, command, print_json

DatasetArgument = Annotated[
    Path, typer.Argument(metavar="DATASET", help="Folder with a contract.yaml, or the contract itself.")
]
HEADERS = ("feature", "type", "unit", "definition", "computed from", "reason")


def register(app: typer.Typer) -> None:
    """Add the commands to the top level."""
    command(
        app,
        "features",
        """
tenure features datasets/cdnow
tenure features datasets/cdnow --markdown > features.md
tenure features datasets/cdnow --json | jq -r '.features[] | select(.lineage[] == "events.amount") | .name'
""",
    )(features)
    command(
        app,
        "migrate",
        """
tenure migrate datasets/mine
tenure migrate datasets/mine --out migrated.yaml
""",
    )(migrate)


def features(
    dataset: DatasetArgument,
    *,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print a table in Markdown, for a page.")] = False,
    json: JsonOption = False,
) -> None:
    """List the features of a contract: definition, unit, reason, and the columns that each is computed from.

    No data is read.
    """
    from pipelines.commands.tables import print_table
    from tenure.contract import load
    from tenure.features.catalogue import catalogue
    from tenure.report.markdown import plain

    contract = load(dataset)
    found = catalogue(contract)
    if json:
        print_json({"contract": contract.name, "features": found})
        return
    rows = [_row(feature) for feature in found]
    if not markdown:
        print_table(HEADERS, rows)
        return
    print(f"| {' | '.join(HEADERS)} |\n|{'---|' * len(HEADERS)}")
    for row in rows:
        print(f"| {' | '.join(plain(' '.join(cell.split())) for cell in row)} |")


def _row(feature: dict[str, Any]) -> tuple[str, ...]:
    about = feature.get("definition") or feature.get("description") or ""
    reason = feature.get("reason") or (feature.get("description", "") if "definition" in feature else "")
    return (
        feature["name"],
        feature["type"],
        feature.get("unit") or "",
        about,
        ", ".join(feature["lineage"]),
        reason,
    )


def migrate(
    dataset: DatasetArgument,
    *,
    out: Annotated[
        str | None, typer.Option("--out", help="File to write to, - for standard output. [default: the contract]")
    ] = None,
) -> None:
    """Rewrite a contract of version 1 as version 2. Comments and layout stay, and what it computes."""
    from tenure.atomic import write_text
    from tenure.contract.document import read_text
    from tenure.contract.load import find_file
    from tenure.contract.migration import migrate as migrated

    file = find_file(dataset)
    text = read_text(file)
    written = migrated(text, str(file))
    if out == "-":
        print(written, end="")
        return
    target = file if out is None else Path(out)
    if written == text and target == file:
        print(f"{file} has version 2 already")
        return
    write_text(target, written)
    print(f"{target}: version 2; next: tenure check {dataset}")
