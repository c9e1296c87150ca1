"""Writes a drafted contract as YAML with comments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from tenure.contract.assembly import EVENTS_TABLE
from tenure.drafting.events import EventLog
from tenure.drafting.first_draft import Draft
from tenure.drafting.phrases import on_one_line
from tenure.tasks import DEFAULT, get

MAX_SIMPLE_KEY = 1_000
"""Longest name that YAML reads as a key on one line, with its quotes."""
ROW_KEY = "no column identifies the customer: scores carry the row's number, and cannot be joined with outcomes later"


def write_draft(draft: Draft) -> str:
    """The draft as YAML, with comments."""
    texts = get(draft.task).texts
    lines = [
        on_one_line(f"# Draft of a contract, inferred from {draft.rows:,} rows of {draft.shown}."),
        "# Check every line and correct it; 'tenure check' then checks data against it.",
        *[on_one_line(f"# The file: {note}.") for note in draft.notes],
        *(["version: 2"] if draft.log else []),
        f"name: {draft.name}",
        "description: ''",
        *([f"task: {draft.task}  # {texts.draft_task}"] if draft.task != DEFAULT else []),
        *([f"key: row_number  # {ROW_KEY}"] if draft.key is None else []),
        *([_line("as_of", draft.as_of[0], draft.as_of[1])] if draft.as_of else []),
        *(_source(draft) if draft.log is None else []),
        *_commented("label", draft.label),
        *([] if draft.log is None else _cuts(draft.log)),
        *_commented("split", draft.split),
        *_commented("quality", draft.quality),
        "",
        *(_columns(draft) if draft.log is None else _tables(draft)),
        "",
        *(_derived(draft) if draft.log is None else _windows(draft)),
        "",
        *texts.draft_business,
    ]
    return "\n".join(lines) + "\n"


def _source(draft: Draft) -> list[str]:
    return _section("source", draft.source.model_dump(mode="json", exclude_defaults=True))


def _columns(draft: Draft) -> list[str]:
    lines = ["columns:"]
    for name, guess in draft.columns.items():
        comments = [*guess.comments, *(f"CHECK: {doubt}" for doubt in guess.doubts)]
        lines += _key(name, "; ".join(comments))
        lines += [f"    {key}: {flow(value)}" for key, value in {"type": guess.type, **guess.settings}.items()]
    return lines


def _tables(draft: Draft) -> list[str]:
    settings = ["kind: events", *_source(draft), *_columns(draft)]
    return ["tables:", f"  {EVENTS_TABLE}:", *(f"    {line}" for line in settings)]


def _cuts(log: EventLog) -> list[str]:
    return [
        _line("zone", *log.zone),
        *_commented("cuts", log.cut_settings),
        _line("eligible", *log.eligible),
    ]


def _derived(draft: Draft) -> list[str]:
    if draft.derived:
        lines = ["# Features that are computed from columns of the same row.", "derived:", *_entries(draft.derived)]
    elif draft.proposed:
        lines = ["# derived:"]
    else:
        return [
            "# Features that are computed from columns of the same row; for example:",
            "# derived:",
            "#   spend_per_month:",
            "#     expression: total_spend / max(months, 1)",
            "#     reason: customers with a high price and a short contract leave more often",
        ]
    if draft.proposed:
        lines += ["# Features of dates that are ignored. If a date is known, as it stands, on the day of a prediction,"]
        lines += [f"# remove 'role: ignored' of its column{_day_of(draft)}, and the '#' here."]
        lines += [f"# {line}" for line in _entries(draft.proposed)]
    return lines


def _entries(derived: Mapping[str, Mapping[str, Any]]) -> list[str]:
    lines = []
    for name, described in derived.items():
        lines += [f"  {name}:", *(f"    {key}: {flow(value)}" for key, value in described.items())]
    return lines


def _day_of(draft: Draft) -> str:
    """What else is to be written where no day is known for ``today()``."""
    return "" if draft.as_of or draft.names_of("time") else ", add the day that the table describes (as_of: 2026-11-30)"


def _windows(draft: Draft) -> list[str]:
    lines = [
        "# Features: aggregates of the events before the cut; {n} stands for each of the numbers of days.",
        "windows:",
    ]
    for name, window in draft.windows.items():
        lines += _key(name, "", f" {flow(window)}")
    return lines


def _section(name: str, values: Mapping[str, Any]) -> list[str]:
    return [f"{name}:", *(f"  {key}: {flow(value)}" for key, value in values.items())] if values else []


def _commented(name: str, values: Mapping[str, tuple[Any, str]]) -> list[str]:
    if not values:
        return []
    return [f"{name}:", *(f"  {_line(key, value, comment)}" for key, (value, comment) in values.items())]


def _line(key: str, value: Any, comment: str) -> str:
    return f"{key}: {flow(value)}" + (on_one_line(f"  # {comment}") if comment else "")


def _key(name: str, comment: str, value: str = "") -> Sequence[str]:
    """The lines that begin a column."""
    key = flow(name)
    behind = on_one_line(f"  # {comment}") if comment else ""
    if len(key) <= MAX_SIMPLE_KEY:
        return [f"  {key}:{value}{behind}"]
    return [f"  ? {key}{behind}", f"  :{value}"]


class _Dumper(yaml.SafeDumper):
    """Writes every text on one line."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None if text.isprintable() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _represent_text)


def flow(value: Any) -> str:
    """A value on one line of YAML."""
    text: str = yaml.dump(
        value, Dumper=_Dumper, default_flow_style=True, width=10**9, allow_unicode=True, sort_keys=False
    )
    return text.strip().removesuffix("...").strip()
