"""Checks of the label column: rows set aside, the classes of a classification, the numbers of a regression."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from tenure.checks.label import count_values, named_values, select, shown
from tenure.checks.observed import Observed
from tenure.checks.result import Check, Level
from tenure.checks.set_aside import reason_of
from tenure.contract import Contract
from tenure.count_text import percent, rows, with_counts
from tenure.errors import ContractError
from tenure.parsing.faults import quote
from tenure.stats import Sketch
from tenure.tasks import get

MOST_UNLABELLED = 0.5
"""Share of rows without a label past which the check warns."""


def require_named_values(contract: Contract, labels: Iterable[pa.Array]) -> None:
    """Require that ``label.positive`` and ``label.ignore`` are values of the label column's type.

    Args:
        contract: the rules.
        labels: the label column in its parsed type, batch by batch; read for the message.

    Raises:
        ContractError: they are not; the message lists the column's values.
    """
    try:
        named_values(contract)
    except ContractError as error:
        seen: Counter[Any] = Counter()
        for part in labels:
            count_values(part, seen)
        values = f"; the values of '{contract.label_column}' are {_written(contract, seen)}" if seen else ""
        raise ContractError(f"{error}{values}") from error


def check_label(contract: Contract, observed: Observed, good: Sketch) -> list[Check]:
    """Count the rows without a label, and hold the labels of the good rows against the contract.

    Args:
        contract: the rules.
        observed: what was counted.
        good: the good rows.

    Returns:
        An empty list for an event log, whose label is computed.
    """
    if contract.label_column is None:
        return []
    checks = [_check_unlabelled(contract, observed)]
    if observed.good:
        checks.append(get(contract.task).label.check_column(contract, observed, good))
        checks += [*_check_named(contract, observed), *_check_spellings(contract, observed)]
    return checks


def set_aside_reasons(contract: Contract, observed: Observed) -> dict[str, int]:
    """Rows set aside, by the reason that ``set_aside.parquet`` gives."""
    missing = {reason_of(contract, None): observed.unlabelled} if observed.unlabelled else {}
    return missing | {reason_of(contract, label): count for label, count in observed.ignored.most_common()}


def check_classes(contract: Contract, observed: Observed) -> Check:
    """Both classes are there, and the smaller one is not too small."""
    name, limit = str(contract.label_column), contract.quality.min_class_share
    positive = _either(contract.label.positives)
    seen = _written(contract, observed.labels)
    share = min(observed.positives, observed.good - observed.positives) / observed.good
    if share == 0.0:
        message = f"the label '{name}' has one class only: {seen}; {positive} means churn"
        if not observed.positives and len(observed.labels) > 1:
            message = f"no row has the label {positive}, which means churn: '{name}' is {seen}"
        if observed.set_aside:
            message += f"; {_set_aside(contract, observed)}"
        advice = "Set 'label.positive' to the value that means churn, or bring a table with both classes."
        return Check("classes", "stop", message, name, 0.0, limit, advice)
    values = list(named_values(contract).positive.values())
    _, stayed = select(observed.labels, values, contract.columns[name])
    mean = "means" if len(stayed) == 1 else "mean"
    message = (
        f"'{name}' is {positive} in {percent(observed.positives / observed.good)} of rows: these left"
        f"; {_written(contract, stayed)} {mean} stayed"
    )
    if observed.ignored:
        message += f"; {_ignored(contract, observed)}"
    level: Level = "stop" if share < limit else "pass"
    if level == "stop":
        message += f"; the smaller class is below {percent(limit)}: the labels are {seen}"
    advice = "Bring more of the smaller class, or lower 'quality.min_class_share'."
    return Check("classes", level, message, name, share, limit, advice)


def check_number(name: str, good: Sketch) -> Check:
    """The label has more than one value."""
    low, high = good.lows.get(name), good.highs.get(name)
    if low == high:
        message = f"the label '{name}' is {low:,.6g} in every row ({rows(good.rows)}): no model can be trained"
        return Check("label", "stop", message, name, 1, 2, "Bring a table in which it differs.")
    return Check("label", "pass", f"the label '{name}' goes from {low:,.6g} to {high:,.6g}", name)


def _check_unlabelled(contract: Contract, observed: Observed) -> Check:
    name, count = str(contract.label_column), observed.unlabelled
    if observed.accepted and observed.set_aside == observed.accepted:
        advice = f"Bring rows with a label in '{name}', or correct 'label.ignore'."
        message = f"no row is left to learn from: {_set_aside(contract, observed)}"
        return Check("label", "stop", message, name, observed.set_aside, None, advice)
    if not count:
        return Check("label", "pass", "every row has a label", name, observed=0)
    level: Level = "warn" if count > MOST_UNLABELLED * observed.accepted else "pass"
    have = "has" if count == 1 else "have"
    message = f"{count:,} of {rows(observed.accepted)} {have} no label: set aside"
    advice = f"Make sure that '{name}' is the label: the model learns from the other rows alone."
    return Check("label", level, message, name, count, None, advice)


def _check_named(contract: Contract, observed: Observed) -> list[Check]:
    """Warn of values that the contract names and no row has, not even in another spelling that it names too."""
    name = str(contract.label_column)
    column, named = contract.columns[name], named_values(contract)
    seen = observed.labels + observed.ignored
    # If no row at all is positive, the check of the classes stops.
    keys = {"label.positive": named.positive if observed.positives else {}, "label.ignore": named.ignore}
    absent = []
    for key, values in keys.items():
        there = {text for text, value in values.items() if select(seen, [value], column)[0]}
        spellings = {_letters(text) for text in there}
        absent += [(key, text) for text in values if text not in there and _letters(text) not in spellings]
    return [
        Check(
            "label",
            "warn",
            f"no row has the label {quote(text)}, which {key} names: '{name}' is {_written(contract, seen)}",
            name,
            text,
            advice=f"Correct '{key}', if the value is misspelled.",
        )
        for key, text in absent
    ]


def _check_spellings(contract: Contract, observed: Observed) -> list[Check]:
    """Warn of labels that are spelled much like a value that the contract names, and mean something else."""
    name = str(contract.label_column)
    column, named = contract.columns[name], named_values(contract)
    if not column.is_text:
        return []
    _, others = select(observed.labels, list(named.positive.values()), column)
    checks = []
    for key, texts in (("label.positive", list(named.positive)), ("label.ignore", list(named.ignore))):
        spellings = {_letters(text) for text in texts}
        alike = Counter({label: count for label, count in others.items() if _letters(label) in spellings})
        if alike:
            mean = "means" if len(alike) == 1 else "mean"
            message = f"'{name}' is {_written(contract, alike)}, which {mean} stayed: {key} is {_either(texts)}"
            advice = f"Add every spelling to '{key}', if they mean the same."
            checks.append(Check("label", "warn", message, name, alike.total(), None, advice))
    return checks


def _set_aside(contract: Contract, observed: Observed) -> str:
    missing = [f"{rows(observed.unlabelled)} without a label"] if observed.unlabelled else []
    ignored = [_ignored(contract, observed)] if observed.ignored else []
    return "; ".join([*(f"{what} set aside" for what in missing), *ignored])


def _ignored(contract: Contract, observed: Observed) -> str:
    column = contract.columns[str(contract.label_column)]
    found = [f"{shown(label, column)} ({rows(count)})" for label, count in observed.ignored.most_common()]
    return f"{', '.join(found)} set aside"


def _written(contract: Contract, labels: Mapping[Any, int]) -> str:
    column = contract.columns[str(contract.label_column)]
    return with_counts({shown(label, column): count for label, count in labels.items()})


def _either(texts: Sequence[str]) -> str:
    return " or ".join(f"'{text}'" for text in texts)


def _letters(text: str) -> str:
    """``text`` without case, blanks and punctuation, where it has more than these."""
    return "".join(character for character in text.casefold() if character.isalnum()) or text
