"""``tenure models``: registered versions and the champion."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands.options import HomeOption, JsonOption, command, print_json

if TYPE_CHECKING:
    from tenure.tracking import Registry, Version

app = typer.Typer(rich_markup_mode=None)


def register(parent: typer.Typer) -> None:
    """Add the group to the top level."""
    parent.add_typer(app, name="models", help="Registered versions: list, compare, promote, roll back, history.")


@app.callback(invoke_without_command=True)
def default(context: typer.Context) -> None:
    """Registered versions: list, compare, promote, roll back, history."""
    if context.invoked_subcommand is None:
        list_versions()


NameOption = Annotated[
    str | None, typer.Option("--name", help="Name of the model and its contract; needed if the home has several.")
]
VersionArgument = Annotated[str, typer.Argument(metavar="VERSION", help="A version's number or alias.")]


def registry_of(home: Path | None, name: str | None) -> Registry:
    """The registry of the model ``name``, or of the home's only model.

    Raises:
        InputError: no name is given, and the home has no model or several.
    """
    from pipelines.local import record
    from pipelines.local.home import Home
    from tenure.errors import InputError
    from tenure.tracking import Registry, resolve

    place = Home.at(home)
    if name is None:
        names = sorted({run.dataset for run in record.read_all(place)})
        if len(names) != 1:
            known = f"runs in {place.folder} are of {', '.join(names)}" if names else f"no run yet in {place.folder}"
            raise InputError(f"which model? {known}; give its name by --name")
        name = names[0]
    return Registry(name, resolve(place.tracking_uri, place.folder))


@command(
    app,
    "list",
    """
tenure models list
tenure models list --name telco --json | jq -r '.[0].version'
""",
)
def list_versions(name: NameOption = None, home: HomeOption = None, json: JsonOption = False) -> None:
    """List the registered versions, newest first."""
    from pipelines.commands.tables import default_mark, number, print_table, say_defaults
    from tenure.tasks import each

    registry = registry_of(home, name)
    versions = registry.versions()
    if json:
        print_json([dataclasses.asdict(version) for version in versions])
        return
    if not versions:
        print(f"model '{registry.name}' has no version yet")
        return
    known = {metric for version in versions for metric in version.metrics}
    tables = [task.texts.version_columns for task in each()]
    # The versions of one model are of one task, whose metrics they have.
    shown = next((table for table in tables if any(metric in known for metric, _ in table.values())), tables[0])
    print_table(
        ["version", "alias", "family", "verdict", *(f">{head}" for head in shown), "bundle", "run"],
        [
            (
                version.version,
                ", ".join(version.aliases) or "-",
                version.family,
                version.verdict + (f" (override: {version.override})" if version.override else ""),
                *(
                    number(version.metrics.get(metric, (None,))[0], places)
                    + default_mark(_rests_on_defaults(version, metric))
                    for metric, places in shown.values()
                ),
                version.bundle_version,
                version.run_id,
            )
            for version in versions
        ],
    )
    say_defaults(any(_rests_on_defaults(version) for version in versions))


def _rests_on_defaults(version: Version, metric: str | None = None) -> bool:
    """Whether a sum of money of a version, or one metric of it, rests on default business values."""
    from tenure.tasks import each

    money = {name for task in each() for name in task.texts.money_metrics}
    named = money & set(version.metrics) if metric is None else money & {metric}
    return bool(version.default_business_values) and bool(named)


@command(
    app,
    "compare",
    """
tenure models compare champion challenger
tenure models compare 1 2 --json
""",
)
def compare(
    first: Annotated[str, typer.Argument(metavar="FIRST", help="A version's number or alias.")],
    second: Annotated[str, typer.Argument(metavar="SECOND", help="The one it is compared with.")],
    *,
    name: NameOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Compare two versions, metric by metric."""
    from pipelines.commands.tables import default_mark, number, print_table, say_defaults
    from tenure.tracking import compare_versions

    registry = registry_of(home, name)
    found = compare_versions(registry.version(first), registry.version(second))
    if json:
        print_json(dataclasses.asdict(found))
        return
    heads = [f"version {version.version} ({version.family})" for version in (found.first, found.second)]

    def shown(interval: tuple[float | None, float | None, float | None] | None, version: Version, metric: str) -> str:
        value, low, high = interval or (None, None, None)
        between = "" if low is None or high is None else f" [{number(low)}, {number(high)}]"
        return f"{number(value)}{default_mark(_rests_on_defaults(version, metric))}{between}"

    print_table(
        ["metric", *(f">{head}" for head in heads), ">difference"],
        [
            (
                row.metric,
                shown(row.first, found.first, row.metric),
                shown(row.second, found.second, row.metric),
                number(row.difference),
            )
            for row in found.metrics
        ],
    )
    say_defaults(_rests_on_defaults(found.first) or _rests_on_defaults(found.second))
    if not found.same_data:
        print("measured on different data or under different contracts: the difference is not meaningful")


@command(
    app,
    "promote",
    """
tenure models promote 2 --reason "two weeks as canary without a complaint"
tenure models promote challenger --reason "approved by marketing" --name telco
""",
)
def promote(
    version: VersionArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the history.")],
    *,
    name: NameOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Make a version the champion."""
    from tenure.tracking import whoami

    registry = registry_of(home, name)
    promoted = registry.promote(version, who=whoami(), why=reason)
    if json:
        print_json(dataclasses.asdict(promoted))
    else:
        print(f"version {promoted.version} is champion of '{registry.name}'")


@command(
    app,
    "rollback",
    """
tenure models rollback --reason "complaints since Monday"
""",
)
def rollback(
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the history.")],
    *,
    name: NameOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Make the champion before the present one the champion again."""
    from tenure.tracking import whoami

    registry = registry_of(home, name)
    restored = registry.rollback(who=whoami(), why=reason)
    if json:
        print_json(dataclasses.asdict(restored))
    else:
        print(f"version {restored.version} is champion of '{registry.name}' again")


@command(
    app,
    "history",
    """
tenure models history
tenure models history --json | jq -r '.[-1].why'
""",
)
def history(name: NameOption = None, home: HomeOption = None, json: JsonOption = False) -> None:
    """List the changes of the champion, oldest first, with who made them, when and why."""
    from pipelines.commands.tables import print_table

    registry = registry_of(home, name)
    moves = registry.history()
    if json:
        print_json([dataclasses.asdict(move) for move in moves])
        return
    if not moves:
        print(f"model '{registry.name}' has had no champion yet")
        return
    print_table(
        ["when", "what", "from", "to", "who", "why"],
        [
            (move.when[:19], move.action, move.from_version or "-", move.to_version or "-", move.who, move.why)
            for move in moves
        ],
    )
