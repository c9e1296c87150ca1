"""What a date says about a customer, by its column's name, and the feature that is made of it."""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Literal

from tenure.contract.columns import NAME_PATTERN
from tenure.drafting import names
from tenure.drafting.survey import ColumnSurvey

Meaning = Literal["birth", "start", "end", "future", "last", "other"]

_MEANINGS: dict[Meaning, re.Pattern[str]] = {
    "birth": re.compile(r"birth|(?:^|_)(?:dob|born|bday|geburt\w*|geboren|nacimiento|naissance|nascimento)(?:_|$)"),
    "end": re.compile(
        r"churn|attrit|cancel|exit|terminat|resign|kundig|kuend|(?:^|_)(?:status|outcome|result|end|ended|ending|left|leave|leaving|lost|close"
        r"|closed|closing|quit|deactivat\w*|inactive|stop|stopped|departure|baja|fin|ende|fim|death|died)(?:_|$)"
    ),
    "future": re.compile(r"renew|expir|(?:^|_)(?:due|valid|until|next|bis|hasta|ablauf\w*)(?:_|$)"),
    "last": re.compile(r"(?:^|_)(?:last|latest|recent|letzte\w*|ultim\w*|dernier\w*|updated?|modified)(?:_|$)"),
    "start": re.compile(
        r"beginn|eintritt|anmelde|kunde_seit|mitglied_seit|join|sign_?up|sign_?ed|enrol|register|registr|activat|onboard|subscri|hire|hiring|(?:^|_)(?:since|start|started"
        r"|starting|begin|began|begins|created?|creation|open|opened|opening|first|acquired|acquisition|inception|entry"
        r"|admission|issue|issued|effective|seit|anmeldung|alta|inicio|debut|inscription|origination"
        r"|original|adhesion|adesao|cadastro)(?:_|$)"
    ),
}


def meaning(name: str) -> Meaning:
    """What the date in a column of this name is."""
    if names.is_time(name):
        return "other"
    folded = names.fold(name)
    return next((found for found, pattern in _MEANINGS.items() if pattern.search(folded)), "other")


IGNORED_BECAUSE: dict[Meaning, str] = {
    "birth": "a date of birth: personal; a feature for the age is proposed under 'derived'",
    "end": "known only after the customer left?",
    "future": "may lie in the future: a feature is proposed under 'derived', if it is known on the day of a prediction",
    "last": "may tell who left: a feature for the days since is proposed under 'derived'",
    "start": "a date from which tenure may be counted, but no day that the table describes is known",
    "other": "a date: models take numbers; a feature for the days since is proposed under 'derived'",
}


def feature_name(column: str, part: str, taken: set[str]) -> str:
    """Name of a derived feature of the date in ``column``, different from those ``taken``.

    Args:
        part: what the feature is of the date, such as ``days_since``.
    """
    stem = re.sub(r"[^a-z0-9]+", "_", names.fold(column)).strip("_")
    stem = re.sub(r"_(?:date|at|on|day|dt|time|timestamp)$", "", stem) or "start"
    found = f"{part}_{stem}"[:60]
    while found in taken:
        found += "_2"
    return found


def days_since(name: str) -> str:
    """Expression of the days from the date in a column to the day of the prediction."""
    return f"days_between({_reference(name)}, today())"


def proposed_feature(column: str, meaning: Meaning, taken: set[str]) -> tuple[str, dict[str, str]] | None:
    """A derived feature of a date that is no feature by default, with its name; None for the end of a contract."""
    if meaning == "end":
        return None
    if meaning == "birth":
        made = {"expression": f"{days_since(column)} / 365.25", "unit": "years", "reason": "age of the customer"}
        return feature_name(column, "years_since", taken), made
    if meaning == "future":
        expression = f"days_between(today(), {_reference(column)})"
        made = {"expression": expression, "unit": "days", "reason": "customers may leave when a term ends"}
        return feature_name(column, "days_until", taken), made
    made = {"expression": days_since(column), "unit": "days", "reason": "time since the last contact or event"}
    return feature_name(column, "days_since", taken), made


def _reference(name: str) -> str:
    """A column as an expression refers to it."""
    if NAME_PATTERN.fullmatch(name) and not keyword.iskeyword(name):
        return name
    return f"col({json.dumps(name, ensure_ascii=False)})"


def newest_day(columns: Iterable[ColumnSurvey], now: datetime) -> tuple[date, str] | None:
    """The newest day in a table that is not in the future, and its column; None if there is none.

    Args:
        columns: the table's columns; birthdays and days that may lie in the future do not count.
        now: the current time, aware.
    """
    today = now.date()
    found = [
        (column.last.date(), column.name)
        for column in columns
        if column.kind in ("date", "timestamp")
        and column.last is not None
        and column.last.date() <= today
        and meaning(column.name) not in ("birth", "future")
    ]
    return max(found, key=lambda one: one[0], default=None)


SENTINEL_DAYS = frozenset(
    (
        (1, 1, 1),
        (1899, 12, 30),
        (1899, 12, 31),
        (1900, 1, 1),
        (1970, 1, 1),
        (2099, 12, 31),
        (2999, 12, 31),
        (9999, 12, 31),
    )
)
"""Days that often stand for a missing date."""
