"""The one screen at the end of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.local.customers import Answer
from tenure.number_text import bracketed, or_dash
from tenure.tasks import RunTexts, get

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

WIDTH = 100
SHOWN_REASONS = 4

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Ending:
    """The content of the screen."""

    run_id: str
    evaluation: Json
    """``evaluation.json``."""
    version: str | None
    """The registered version; none where nothing was registered."""
    aliases: Sequence[str]
    answers: Sequence[Answer]
    server: str | None
    """The URL that was asked."""
    next_steps: Sequence[tuple[str, str]]
    """What one may want to do now, and how."""
    elapsed_s: float


def print_ending(ending: Ending, console: Console) -> None:
    """Print the screen: what went in, what came out, what it is worth, where to look next."""
    from rich.table import Table

    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column()
    for title, content in _sections(ending):
        grid.add_row(title, content)
        grid.add_row("", "")
    console.print()
    console.print(
        f"[bold]{ending.evaluation['name']}[/]  run {ending.run_id}  {ending.elapsed_s:.0f} s", highlight=False
    )
    console.print()
    console.print(grid, highlight=False)


def _sections(ending: Ending) -> list[tuple[str, RenderableType]]:
    texts = _texts(ending.evaluation)
    found: list[tuple[str, RenderableType]] = [
        ("rows", _rows(ending.evaluation)),
        *([] if texts.assumption is None else [("defaults", texts.assumption)]),
        ("families", _families(ending.evaluation)),
        ("verdict", _verdict(ending.evaluation)),
        ("decision", texts.decision),
        ("model", _model(ending)),
    ]
    if ending.answers:
        found.append(("customers", _answers(ending)))
    return [*found, ("next", _next(ending))]


def _texts(evaluation: Json) -> RunTexts:
    return get(evaluation["task"]).texts.run(evaluation)


def _rows(evaluation: Json) -> str:
    rows = evaluation["rows"]
    parts = ", ".join(f"{rows[part]:,} {part}" for part in ("train", "validation", "test"))
    quarantined = f", {rows['quarantined']:,} quarantined" if rows["quarantined"] is not None else ""
    set_aside = f", {rows['set_aside']:,} set aside" if rows.get("set_aside") else ""
    orphaned = f", {rows['orphaned']:,} orphaned" if rows.get("orphaned") else ""
    read = f"{rows['read']:,} read, {rows['rejected']:,} rejected"
    return f"{read}{quarantined}{set_aside}{orphaned}; {parts}{_cross_fitted(evaluation)}"


def _cross_fitted(evaluation: Json) -> str:
    """How a small table was evaluated, a line; empty where the test part alone was."""
    found = evaluation.get("cross_fitting")
    if not found:
        return ""
    folds = f"{found['folds']} folds, {found['repeats']} times over"
    return f"\nthe test part is small: the verdict is on all {found['rows']:,} rows, cross-fitted in {folds}"


def _families(evaluation: Json) -> RenderableType:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    figures = _texts(evaluation).figures
    table = Table.grid(padding=(0, 2))
    for justify in ("left", "left", "right", "left", "right", "left"):
        table.add_column(justify=justify, no_wrap=True)
    level = f"{100 * evaluation['bootstrap']['level']:.0f} %"
    heads = ("", "", figures[0].heading, level, figures[1].heading, level)
    table.add_row(*(Text(head, "dim") for head in heads))
    for family in evaluation["families"]:
        style = "bold" if family["chosen"] else ""
        if family["error"]:
            table.add_row("", family["family"].replace("_", " "), Text(family["error"], "red"))
            continue
        cells = []
        for figure in figures:
            estimate = family["metrics"][figure.metric]
            cells += [
                Text(or_dash(estimate["value"], figure.write), style),
                Text(bracketed(estimate, figure.write), "dim"),
            ]
        table.add_row(
            Text("●" if family["chosen"] else "", "green"), Text(family["family"].replace("_", " "), style), *cells
        )
    return Group(table, Text("on the test part; ● was chosen before that, the simplest of those about as good", "dim"))


def _verdict(evaluation: Json) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    verdict = evaluation["verdict"]
    style = {"bless": "bold green", "reject": "bold red"}.get(verdict["state"], "bold yellow")
    override = f' overridden: "{evaluation["override"]}"' if evaluation["override"] else ""
    lines = [Text.assemble((verdict["state"], style), f"  {verdict['summary']}{override}")]
    marks = {"pass": "✓", "fail": "✗", "unsure": "?"}
    others = [reason for reason in verdict["reasons"] if reason["text"] != verdict["summary"]]
    lines += [Text(f"{marks[reason['outcome']]} {reason['text']}", "dim") for reason in others[:SHOWN_REASONS]]
    if len(others) > SHOWN_REASONS:
        lines.append(Text(f"and {len(others) - SHOWN_REASONS} more in the report", "dim"))
    return Group(*lines)


def _model(ending: Ending) -> str:
    chosen = ending.evaluation["chosen"]
    family = chosen["family"].replace("_", " ")
    if ending.version is None:
        return f"not registered; {family}, bundle {chosen['bundle_version']}"
    alias = f", {' and '.join(ending.aliases)}" if ending.aliases else ""
    return f"{ending.evaluation['name']} version {ending.version}{alias}; {family}, bundle {chosen['bundle_version']}"


def _answers(ending: Ending) -> RenderableType:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    texts = _texts(ending.evaluation)
    table = Table.grid(padding=(0, 2))
    for justify in ("left", "left", "right", "left", "left"):
        table.add_column(justify=justify, no_wrap=True)
    for answer in ending.answers:
        table.add_row(
            answer.customer.role,
            answer.customer.key,
            Text(texts.write_score(answer.numbers), "bold"),
            answer.band,
            "contact" if answer.contact else "leave alone",
        )
    reasons = [Text(f"{answer.customer.key}: {_reasons(answer)}", "dim") for answer in ending.answers]
    asked = Text(f"asked at {ending.server}; {texts.legend}", "dim")
    return Group(table, *reasons, asked)


def _reasons(answer: Answer) -> str:
    signed = ((f"{'+' if size > 0 else '-'} {column}", column) for column, size in answer.reasons)
    return ", ".join(f"{text} {_value(answer, column)}".rstrip() for text, column in signed)


def _value(answer: Answer, column: str) -> str:
    customer = answer.customer
    value = customer.names.get(column, customer.columns.get(column))
    if value is None:
        return ""
    # Six digits: 30.69, not the 30.689999999999998 that a sum of prices is.
    return f"({value:.6g})" if isinstance(value, float) else f"({value})"


def _next(ending: Ending) -> RenderableType:
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for what, how in ending.next_steps:
        table.add_row(what, how)
    return table
