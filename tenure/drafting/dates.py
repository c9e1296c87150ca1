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
    "birth": "a date of birth: personal; for the age, use it in a derived feature: days_between(…, today()) / 365.25",
    "end": "known only after the customer left?",
    "future": "may lie in the future: if it is known on the day of a prediction, use it in a derived feature",
    "last": "may tell who left: for the days since, use it in a derived feature: days_between(…, today())",
    "start": "a date from which tenure may be counted, but no day that the table describes is known",
    "other": "a date: models take numbers; days_between(…, today()) counts the days since",
}


def tenure_feature(name: str, taken: set[str]) -> str:
    """Name of the derived feature that counts the days since ``name``, different from those ``taken``."""
    stem = re.sub(r"[^a-z0-9]+", "_", names.fold(name)).strip("_")
    stem = re.sub(r"_(?:date|at|on|day|dt|time|timestamp)$", "", stem) or "start"
    found = f"days_since_{stem}"[:60]
    while found in taken:
        found += "_2"
    return found


def tenure_expression(name: str) -> str:
    """Expression of that feature."""
    if NAME_PATTERN.fullmatch(name) and not keyword.iskeyword(name):
        return f"days_between({name}, today())"
    return f"days_between(col({json.dumps(name, ensure_ascii=False)}), today())"


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
