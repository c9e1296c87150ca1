"""Infers a contract from data."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches

from tenure.contract.settings import Source as SourceSettings
from tenure.drafting.first_draft import Draft, Guess, write_draft
from tenure.drafting.survey import ColumnSurvey, survey
from tenure.errors import DataError
from tenure.parsing.words import FALSE_WORDS, TRUE_WORDS
from tenure.sources.protocol import Source

KEY_NAME = re.compile(r"(^|_)(id|key|uuid|guid)(_|$)|customer|account|subscriber|member|client|user|msisdn")
LABEL_NAME = re.compile(r"churn|attrition|exited|cancel|(^|_)(left|lost|leaver|quit|terminated|defected)(_|$)")
STAYED_NAME = re.compile(r"(^|_)(active|retained|stayed|renewed)(_|$)")
TARGET_NAME = re.compile(r"^(is_)?(target|label|outcome|class|y|status)$")
TIME_NAME = re.compile(
    r"snapshot|as_of|asof|observ|report|period|event|order|transaction|purchase|timestamp|(^|_)(date|time)$"
)
OTHER_DATE_NAME = re.compile(
    r"sign|join|birth|dob|start|since|begin|first|renew|end|expir|due|valid|close|cancel|churn|left"
)
SENSITIVE_NAME = re.compile(r"(^|_)(gender|sex|race|ethnicity|religion|nationality|disability|marital)(_|$)")
LEFT_WORDS = {"yes", "y", "true", "t", "1", "churn", "churned", "left", "lost", "exited", "cancelled", "canceled"}
BOOLEAN_PAIRS = [{false, true} for false, true in zip(FALSE_WORDS, TRUE_WORDS, strict=True)]
CLASSES = 2
"""Distinct values of a label that says who left."""
MAX_LISTED = 20
"""Most values of a category that are listed in the contract."""
MAX_CATEGORIES = 200


def infer(
    source: Source, settings: SourceSettings, name: str, now: datetime | None = None, label: str | None = None
) -> str:
    """Infer a contract for the table in ``source``, as YAML with comments. The table itself meets the contract.

    Types, key, label, positive value, time column, missing values and allowed values are inferred. A table without a
    label in which customers have several rows with times becomes an event log. A given label with more than two
    different numbers makes the task a regression.

    Args:
        source: the table.
        settings: what becomes the contract's ``source``.
        name: the contract's name; characters that a name cannot have are replaced.
        now: the current time, aware; the clock's by default.
        label: name of the label column; inferred by default.

    Raises:
        DataError: the table cannot be read, has no rows, has no column that can be the label, or lacks ``label``.
        SourceError: the database or object store is down or does not answer in time.
    """
    names = source.columns()
    columns = survey(source.batches(names), names)
    rows = columns[0].rows if columns else 0
    if not rows:
        raise DataError(f"{source.shown} has columns and no rows")
    now = now or datetime.now(UTC)
    draft = Draft(_fitting_name(name), settings, source.shown, rows)
    target = _label(columns) if label is None else _named_label(columns, label, source.shown)
    time = _time([column for column in columns if column is not target], now, target is None)
    taken = [column for column in (target, time) if column is not None]
    key = _key(columns, taken, target is None and time is not None)
    draft.add_key(key, _guess_key(key, target is None))
    if target is None:
        if time is None or key.is_unique:
            raise DataError(
                f"{source.shown} has no column that can be the label (two values, such as churn: yes and no),"
                " and is not an event log"
            )
        draft.add_events(time)
    elif _is_class(target):
        draft.add_label(target, _positive(target))
    else:
        draft.add_number(target, _guess(target, rows))
    if time is not None:
        draft.add_time(time, _guess(time, rows), now)
    for column in columns:
        if column.name not in draft.columns:
            draft.columns[column.name] = _guess_feature(column, rows, target)
    draft.order = [column.name for column in columns]
    return write_draft(draft)


def _fold(name: str) -> str:
    """``CustomerId`` and ``customer id`` as ``customer_id``."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[^a-z0-9]+", "_", parted.lower()).strip("_")


def _fitting_name(name: str) -> str:
    fitted = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return (fitted if fitted[:1].isalpha() else f"table-{fitted}")[:40].strip("-")


def _label(columns: list[ColumnSurvey]) -> ColumnSurvey | None:
    """A column of two values whose name means churn, the opposite of churn, or a target."""
    pairs = [column for column in columns if _is_class(column)]
    by_name: list[Callable[[str], object]] = [LABEL_NAME.search, STAYED_NAME.search, TARGET_NAME.search]
    for fits in by_name:
        for column in pairs:
            if fits(_fold(column.name)):
                return column
    # Example tables usually have their label in the last column.
    return columns[-1] if columns and columns[-1] in pairs else None


def _named_label(columns: list[ColumnSurvey], name: str, shown: str) -> ColumnSurvey:
    found = next((column for column in columns if column.name == name), None)
    if found is None:
        near = get_close_matches(name, [column.name for column in columns], n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"it has {', '.join(column.name for column in columns)}"
        raise DataError(f"{shown} has no column '{name}': {hint}")
    if _is_class(found):
        return found
    if found.kind not in ("integer", "number"):
        raise DataError(f"'{name}' cannot be the label: it has neither two values, such as yes and no, nor numbers")
    if found.low == found.high:
        raise DataError(f"'{name}' cannot be the label: it is {found.low:g} in every row")
    return found


def _is_class(column: ColumnSurvey) -> bool:
    return not column.has_many_values and len(column.levels()) == CLASSES


def _positive(label: ColumnSurvey) -> str:
    """The value that means that a customer left."""
    first, second = label.levels()
    stayed = STAYED_NAME.search(_fold(label.name)) and not LABEL_NAME.search(_fold(label.name))
    for value, other in ((first, second), (second, first)):
        if value.lower() in LEFT_WORDS:
            return other if stayed else value
    return min((first, second), key=lambda value: label.values[value])


def _key(columns: list[ColumnSurvey], taken: list[ColumnSurvey], is_log: bool) -> ColumnSurvey:
    """A column of unique values, chosen by name if there are several; in an event log, the customer's column."""
    free = [column for column in columns if column not in taken] or columns
    named = [column for column in free if KEY_NAME.search(_fold(column.name))]
    if is_log:
        repeated = [column for column in named if not column.is_unique]
        return next(iter(repeated or named or free))
    unique = [column for column in free if column.is_unique and column.kind != "number"]
    return next(iter([column for column in named if column in unique] or unique or named or free))


def _time(columns: list[ColumnSurvey], now: datetime, any_name: bool) -> ColumnSurvey | None:
    """A column of past dates without missing values whose name means the time of the row."""
    past = now.replace(tzinfo=None) + timedelta(hours=14)
    dated = [c for c in columns if c.kind in ("date", "timestamp") and not c.missing and c.last and c.last <= past]
    named = [c for c in dated if TIME_NAME.search(_fold(c.name)) and not OTHER_DATE_NAME.search(_fold(c.name))]
    return next(iter(named or (dated if any_name else [])), None)


def _guess(column: ColumnSurvey, rows: int) -> Guess:
    """The type and its settings, without a role."""
    levels = [] if column.has_many_values else column.levels()
    guess = Guess(column.kind)
    if {level.lower() for level in levels} in BOOLEAN_PAIRS:
        ordered = sorted(levels, key=lambda level: level.lower() in TRUE_WORDS)
        guess = Guess("boolean", {"values": ordered})
    elif column.kind == "text":
        guess = Guess("category", {"values": levels}) if 0 < len(levels) <= MAX_LISTED else Guess("string")
        if MAX_LISTED < len(levels) <= min(MAX_CATEGORIES, rows // 5):
            guess = Guess("category", {}, f"{len(levels)} values: too many to list")
    elif column.low is not None and column.kind in ("integer", "number"):
        found = f"found: {column.low:g} to {column.high:g}"
        guess = Guess(
            column.kind,
            {"range": [0, None]} if column.low >= 0 else {},
            f"{found}; which range and unit?",
        )
    elif column.format is not None:
        guess.settings["format"] = column.format
    if column.missing_texts:
        guess.settings["missing_values"] = column.missing_texts
    share = column.missing / rows
    if column.missing:
        guess.settings["nullable"] = True
    if share > 0.10:
        guess.settings["max_missing_share"] = min(1.0, -(-(share + 0.05) * 20 // 1) / 20)
    return guess


def _guess_key(column: ColumnSurvey, is_log: bool) -> Guess:
    kind = "integer" if column.kind == "integer" else "string"
    comment = "" if column.is_unique or is_log else "has repeated values: which column identifies the customer?"
    return Guess(kind, {"role": "key"}, comment)


def _guess_feature(column: ColumnSurvey, rows: int, label: ColumnSurvey | None) -> Guess:
    guess = _guess(column, rows)
    name = _fold(column.name)
    reason = ""
    if column.missing == rows:
        reason = "always empty"
    elif not column.has_many_values and len(column.levels()) == 1 and not column.missing:
        reason = "always the same"
    elif label is not None and LABEL_NAME.search(name):
        reason = "its name suggests the label: is it known only after the customer left?"
    elif column.kind in ("date", "timestamp"):
        reason = "a date: models take numbers and categories"
    elif guess.type == "string":
        reason = "almost every row has a different text"
    elif column.is_unique and _counts_rows(column):
        reason = "numbers the rows"
    if reason:
        guess.settings["role"], guess.comment = "ignored", reason
    elif SENSITIVE_NAME.search(name):
        guess.settings["role"], guess.comment = "sensitive", "not a model input; the evaluation has slices by it"
    return guess


def _counts_rows(column: ColumnSurvey) -> bool:
    """Whether the column holds consecutive integers."""
    if column.kind != "integer" or column.low is None or column.high is None:
        return False
    return column.high - column.low + 1 == column.rows
