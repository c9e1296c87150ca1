"""Describes a column for a contract: type, values, format, missing values; and why it may be no feature."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tenure.contract.boolean_words import COMMON, fold
from tenure.contract.columns import NumberFormat
from tenure.drafting import keys, missing, names, sentinels
from tenure.drafting.dates import SENTINEL_DAYS
from tenure.drafting.half_understood import may_be_serial_days, why_text
from tenure.drafting.phrases import share_of, shorten
from tenure.drafting.survey import ColumnSurvey

MAX_LISTED = 20
"""Most values of a category that are listed in the contract."""
MAX_CATEGORY_SHARE = 0.8
"""Largest share of distinct texts in a category."""
MAX_CATEGORIES = 10_000
"""Most distinct texts of a category."""
MAX_UNREADABLE = 0.02
MIN_NAMED_SHARE = 0.08
"""Share of missing values from which their limit is written down."""


@dataclass
class Guess:
    """Inferred description of a column: its type, further keys, and comments for the person who corrects it."""

    type: str
    settings: dict[str, Any] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    """Comments on what a person should look at."""

    def ignore(self, reason: str) -> None:
        """Leave the column out."""
        self.settings["role"] = "ignored"
        self.comments.insert(0, reason)

    @property
    def role(self) -> str:
        return str(self.settings.get("role", "feature"))


def describe(column: ColumnSurvey, usable: int) -> Guess:
    """The type of a column and its settings, without a role.

    Args:
        column: the column.
        usable: rows that a model can be trained on, at least; missing values may all be among them.
    """
    levels = [] if column.has_many_values else column.levels()
    if is_boolean(levels):
        guess = _boolean(levels)
    elif column.kind == "text":
        guess = _text(column, levels)
    elif column.kind in ("date", "timestamp"):
        guess = _moment(column)
    else:
        is_code = names.is_code(column.name, whole=column.kind == "integer")
        guess = _code(column) if is_code else _number(column)
    absent = column.missing_texts
    if absent:
        guess.settings["missing_values"] = absent
        for found, texts in ((guess.comments, _words(absent)), (guess.doubts, _strays(absent))):
            shares = ", ".join(f"{shorten(text)!r} {share_of(_count(column, text), column.rows)}" for text in texts[:4])
            more = f" and {len(texts) - 4} more" if len(texts) > 4 else ""
            found.extend([f"read as missing: {shares}{more}"] if texts else [])
    if column.missing:
        guess.settings["nullable"] = True
    share = min(1.0, column.missing / max(1, usable))
    if share > MIN_NAMED_SHARE:
        guess.settings["max_missing_share"] = min(1.0, math.ceil(round((share + 0.05) * 20, 6)) / 20)
    guess.doubts += _suspects(column, guess, levels)
    return guess


def no_feature(column: ColumnSurvey, guess: Guess) -> str | None:
    """Why a column is of no use to a model, whatever it means; None if it may be."""
    levels = [] if column.has_many_values else column.levels()
    distinct = "more than 1,000" if column.distinct is None else f"{column.distinct:,}"
    is_text = guess.type in ("string", "category")
    reasons = (
        (not column.known, "always empty"),
        (len(levels) == 1 and not column.missing, f"always the same: {shorten(next(iter(levels), ''))!r}"),
        (
            column.unreadable > MAX_UNREADABLE * column.rows,
            f"{share_of(column.unreadable, column.rows)} of the values are no text",
        ),
        (
            column.infinite > MAX_UNREADABLE * column.rows,
            f"{share_of(column.infinite, column.rows)} of the values are infinite",
        ),
        (keys.numbers_rows(column), "numbers the rows"),
        (keys.is_second_identifier(column), "identifies something: it says nothing about another customer"),
        (is_text and names.is_person_name(column.name) and _is_varied(column), "the name of a person"),
        (
            guess.type == "string",
            why_text(column) or f"almost every row has a different text ({distinct} in {column.known:,})",
        ),
    )
    return next((reason for applies, reason in reasons if applies), None)


def is_boolean(levels: Sequence[str]) -> bool:
    """Whether the values are true and false by the common words, in any spelling."""
    return {COMMON.get(fold(level)) for level in levels} == {False, True}


def is_true(text: str) -> bool:
    """Whether a text is a common word for true, in any spelling."""
    return COMMON.get(fold(text)) is True


def boolean_texts(levels: Sequence[str]) -> list[str]:
    """The values of a boolean, those for false first."""
    return sorted(levels, key=is_true)


def _boolean(levels: Sequence[str]) -> Guess:
    ordered = boolean_texts(levels)
    if len(ordered) == 2:
        return Guess("boolean", {"values": ordered})
    spelled = ", ".join(ordered)
    return Guess("boolean", {}, [f"true and false in {len(ordered)} spellings: {spelled}"])


def _text(column: ColumnSurvey, levels: Sequence[str]) -> Guess:
    if 0 < len(levels) <= MAX_LISTED:
        mixed = _mixed_case(levels)
        guess = Guess("category", {"values": list(levels)})
        if mixed:
            guess.doubts.append(f"spelled in several ways: {mixed}")
        return guess
    distinct = column.distinct
    if distinct == 0:
        return Guess("string")
    nearly = why_text(column)
    doubts = [] if nearly is None else [nearly]
    if distinct is None and column.has_many_values:
        return Guess("category", {}, ["more than 1,000 different values: too many to list"], doubts)
    if distinct is None or distinct > min(MAX_CATEGORIES, MAX_CATEGORY_SHARE * column.known):
        return Guess("string")
    some = ", ".join(shorten(text) for text in column.evidence[:3])
    return Guess("category", {}, [f"{distinct:,} different values, too many to list: {some} …"], doubts)


def _mixed_case(levels: Sequence[str]) -> str:
    """Values that differ in case or blanks only; empty if there are none."""
    spellings: dict[str, list[str]] = {}
    for level in levels:
        spellings.setdefault("".join(level.lower().split()), []).append(level)
    return ", ".join("/".join(same) for same in spellings.values() if len(same) > 1)


def _code(column: ColumnSurvey) -> Guess:
    """Numbers that name something, such as a zip code."""
    levels = [] if column.has_many_values else column.levels()
    guess = _text(column, levels)
    guess.comments.append("numbers that are codes: a category")
    return guess


def _moment(column: ColumnSurvey) -> Guess:
    guess = Guess(column.kind, {} if column.format is None else {"format": column.format})
    if column.moments is not None:
        if column.format is not None:
            guess.comments.append(column.moments.evidence)
        if column.moments.ambiguous:
            guess.doubts.append(column.moments.ambiguous)
    return guess


def _number(column: ColumnSurvey) -> Guess:
    kind = column.kind
    form = column.format
    guess = Guess(kind)
    if isinstance(form, NumberFormat):
        written = form.model_dump(mode="json", exclude_defaults=True)
        guess.settings["format"] = written or {"decimal": form.decimal}
    if column.low is not None and column.high is not None:
        if column.low >= 0:
            guess.settings["range"] = [0, None]
        guess.comments.append(f"found: {column.low:g} to {column.high:g}; which range and unit?")
    if column.numbers is not None:
        if form is not None and column.numbers.evidence:
            guess.comments.insert(0, f"written as {column.numbers.evidence.removeprefix('e.g. ')}")
        if column.numbers.ambiguous:
            guess.doubts.append(column.numbers.ambiguous)
    if names.is_date(column.name) and may_be_serial_days(column):
        guess.doubts.append("days since 1899-12-30, as spreadsheets count them? Convert them to dates before")
    if column.is_beyond_64_bits:
        guess.comments.append("too large for an integer of 64 bits: digits after the 15th are lost")
    return guess


def _words(texts: Sequence[str]) -> list[str]:
    """Texts that usually mean a missing value."""
    return [text for text in texts if text in missing.IN_NUMBERS]


def _strays(texts: Sequence[str]) -> list[str]:
    """Texts that are read as missing because they are no numbers or dates."""
    return [text for text in texts if text not in missing.IN_NUMBERS]


def _count(column: ColumnSurvey, text: str) -> int:
    return column.odd[text] or column.values[text]


def _suspects(column: ColumnSurvey, guess: Guess, levels: Sequence[str]) -> list[str]:
    """Values that often stand for a missing one, with their share."""
    found = []
    if guess.type in ("integer", "number"):
        for number in sentinels.suspects(column.sentinels, column.rest, column.rows):
            low, high = column.rest or (0.0, 0.0)
            share = share_of(column.sentinels[number], column.rows)
            found.append(
                f"{number:g} in {share} of rows, all others are {low:g} to {high:g}: if it means missing, add"
                f" missing_values: ['{number:g}'] and nullable: true"
            )
    elif guess.type in ("date", "timestamp"):
        for moment, when in ((column.first, "first"), (column.last, "last")):
            if moment is not None and (moment.year, moment.month, moment.day) in SENTINEL_DAYS:
                found.append(f"the {when} is {moment:%Y-%m-%d}: does it mean missing?")
    else:
        unclear = [text for text in levels if text in missing.UNCLEAR or names.fold(text) in sentinels.WORDS]
        found += [
            f"{text!r} in {share_of(column.values[text], column.rows)} of rows: a value, or missing?"
            for text in unclear
        ]
    return found


def _is_varied(column: ColumnSurvey) -> bool:
    return column.distinct is None or column.distinct > MAX_LISTED
