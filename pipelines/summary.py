"""The one screen at the end of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.customers import Answer
from tenure.evaluation.words import money, percent, score

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

WIDTH = 100
SHOWN_REASONS = 4

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Ending:
    """All that the screen tells."""

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
    found: list[tuple[str, RenderableType]] = [
        ("rows", _rows(ending.evaluation)),
        ("families", _families(ending.evaluation)),
        ("verdict", _verdict(ending.evaluation)),
        ("decision", _decision(ending.evaluation)),
        ("model", _model(ending)),
    ]
    if ending.answers:
        found.append(("customers", _answers(ending)))
    return [*found, ("next", _next(ending))]


def _rows(evaluation: Json) -> str:
    rows = evaluation["rows"]
    parts = ", ".join(f"{rows[part]:,} {part}" for part in ("train", "validation", "test"))
    quarantined = f", {rows['quarantined']:,} quarantined" if rows["quarantined"] is not None else ""
    return f"{rows['read']:,} read, {rows['rejected']:,} rejected{quarantined}; {parts}"


def _families(evaluation: Json) -> RenderableType:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    currency = evaluation["business"]["currency"]
    table = Table.grid(padding=(0, 2))
    for justify in ("left", "left", "right", "left", "right", "left"):
        table.add_column(justify=justify, no_wrap=True)
    level = f"{100 * evaluation['bootstrap']['level']:.0f} %"
    heads = ("", "", "ROC-AUC", level, "profit a day", level)
    table.add_row(*(Text(head, "dim") for head in heads))
    for family in evaluation["families"]:
        style = "bold" if family["chosen"] else ""
        if family["error"]:
            table.add_row("", family["family"].replace("_", " "), Text(family["error"], "red"))
            continue
        area, profit = family["metrics"]["roc_auc"], family["metrics"]["profit_per_day"]
        table.add_row(
            Text("●" if family["chosen"] else "", "green"),
            Text(family["family"].replace("_", " "), style),
            Text(_or_dash(area["value"], score), style),
            Text(_interval(area, score), "dim"),
            Text(_or_dash(profit["value"], lambda value: money(value, currency)), style),
            Text(_interval(profit, lambda value: money(value, currency)), "dim"),
        )
    return Group(table, Text("on the test part; ● was chosen on the validation part before that", "dim"))


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


def _decision(evaluation: Json) -> str:
    chosen, metrics, business = evaluation["chosen"], evaluation["metrics"], evaluation["business"]
    currency = business["currency"]
    if not metrics:
        return f"threshold {chosen['threshold']:.3f}"
    profit = metrics["profit_per_day"]
    worth = _or_dash(profit["value"], lambda value: money(value, currency))
    contacts, precision = metrics["contacts_per_day"]["value"], metrics["precision"]["value"]
    whom = "" if contacts is None else f"contacts {contacts:,.0f} customers a day"
    hits = "" if precision is None else f", {percent(precision, 0)} leaving"
    between = _interval(profit, lambda value: money(value, currency))
    calibrated = "" if chosen["calibration"] == "none" else f" ({chosen['calibration']} calibration)"
    return f"threshold {chosen['threshold']:.3f}{calibrated}, {whom}{hits}\nexpected profit {worth} a day {between}"


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

    table = Table.grid(padding=(0, 2))
    for justify in ("left", "left", "right", "left", "left"):
        table.add_column(justify=justify, no_wrap=True)
    for answer in ending.answers:
        table.add_row(
            answer.customer.role,
            answer.customer.key,
            Text(percent(answer.probability), "bold"),
            answer.band,
            "contact" if answer.contact else "leave alone",
        )
    reasons = [Text(f"{answer.customer.key}: {_reasons(answer)}", "dim") for answer in ending.answers]
    asked = Text(f"asked at {ending.server}; + speaks for leaving, - against", "dim")
    return Group(table, *reasons, asked)


def _reasons(answer: Answer) -> str:
    signed = ((f"{'+' if size > 0 else '-'} {column}", column) for column, size in answer.reasons)
    return ", ".join(f"{text} {_value(answer, column)}".rstrip() for text, column in signed)


def _value(answer: Answer, column: str) -> str:
    value = answer.customer.columns.get(column)
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


def _interval(estimate: Json, say: Any) -> str:
    if estimate["low"] is None or estimate["high"] is None:
        return ""
    return f"[{say(estimate['low'])}, {say(estimate['high'])}]"


def _or_dash(value: float | None, say: Any) -> str:
    return "-" if value is None else str(say(value))
