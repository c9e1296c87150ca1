"""Which column says who left, and which of its values mean so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tenure.drafting import names
from tenure.drafting.label_columns import Tier, is_activity, is_class, is_explicit, meanings_of, tier_of
from tenure.drafting.label_values import Meaning
from tenure.drafting.phrases import shorten
from tenure.drafting.survey import ColumnSurvey

MAX_MISSING = 0.3
"""Largest share of missing values of a label that is taken for its place in the table."""
MAX_SHOWN = 8


@dataclass(frozen=True)
class Label:
    """The label of a classification."""

    column: ColumnSurvey
    positive: tuple[str, ...]
    """The values that mean: this customer left."""
    ignore: tuple[str, ...]
    tier: Tier
    doubts: tuple[str, ...]
    """What should be checked, each a phrase."""

    @property
    def is_inverted(self) -> bool:
        """Whether the column's name means the opposite of leaving."""
        return self.tier == "stayed"


def find_label(columns: Sequence[ColumnSurvey]) -> Label | None:
    """The column that says who left: by its name, by its values, or of two values in the last or first place.

    A column whose name means the opposite (``retained``) is taken if there is none that means leaving.
    """
    ranked = sorted(
        (candidate for candidate in map(_candidate, columns) if candidate is not None), key=lambda found: found.rank
    )
    if ranked:
        best = ranked[0]
        equals = [found.column for found in ranked[1:] if found.tier == best.tier]
        if best.tier == "stayed" and equals:
            best = ranked[max(range(len(equals) + 1), key=lambda place: (_days(ranked[place].column.name), -place))]
            equals = [found.column for found in ranked if found.tier == best.tier and found is not best]
        return describe(best.column, best.tier, equals)
    for place, where in ((-1, "last"), (0, "first")):
        column = columns[place] if columns else None
        if column is None or not is_class(column) or column.missing > MAX_MISSING * column.rows:
            continue
        if not names.is_sensitive(column.name) and not is_activity(column):
            return describe(column, "place", [], where)
    return None


def describe(
    column: ColumnSurvey, tier: Tier | None = None, equals: Sequence[ColumnSurvey] = (), where: str = ""
) -> Label | None:
    """A column of classes as a label; None if it has one value only, or more than two of unknown meaning.

    Args:
        column: the column.
        tier: why it was taken; by its name without it.
        equals: columns that could have been taken as well.
        where: its place in the table, where that is why.
    """
    if column.has_many_values or len(column.levels()) < 2:
        return None
    tier = tier or tier_of(column) or "named"
    levels = column.levels()
    meanings = meanings_of(column)
    is_inverted = tier == "stayed"
    ignore = tuple(level for level in levels if meanings[level] == "neither") if len(levels) > 2 else ()
    positive, doubts = _choose(column, meanings, is_inverted)
    if not positive:
        return None
    if len(positive) + len(ignore) == len(levels):
        ignore = ()
    if len(positive) == len(levels):
        return None
    if is_inverted and not any(meanings[level] == "left" for level in positive):
        doubts.append(f"the name '{shorten(column.name)}' means the opposite of leaving: is that so?")
    if tier == "place":
        doubts.append(f"no name means churn: it is the {where} column and has two values; --label names another")
    if tier == "target":
        doubts.append("a general name: does the value mean churn?")
    if equals:
        doubts.append(f"taken before {_listed([other.name for other in equals])}; --label names another")
    return Label(column, positive, ignore, tier, tuple(doubts))


def value_counts(column: ColumnSurvey) -> dict[str, int]:
    """Rows by value, the most frequent first."""
    return {level: column.values[level] for level in sorted(column.levels(), key=lambda one: -column.values[one])}


def shown_values(column: ColumnSurvey) -> str:
    """The values of a column with their counts, for a message: ``'no' 300, 'yes' 100``."""
    if column.has_many_values:
        found = f"{column.distinct:,}" if column.distinct is not None else "more than 1,000"
        extremes = "" if column.low is None else f", {column.low:g} to {column.high:g}"
        some = ", ".join(repr(shorten(text)) for text in column.evidence[:3])
        return f"{found} different values{extremes}, such as {some}"
    counts = value_counts(column)
    shown = ", ".join(f"{shorten(value)!r} {count:,}" for value, count in list(counts.items())[:MAX_SHOWN])
    more = f" and {len(counts) - MAX_SHOWN} more" if len(counts) > MAX_SHOWN else ""
    blank = f"; missing {column.missing:,}" if column.missing else ""
    return (shown or "no value") + more + blank


@dataclass(frozen=True)
class _Candidate:
    column: ColumnSurvey
    tier: Tier
    rank: tuple[int, int, int]


def _candidate(column: ColumnSurvey) -> _Candidate | None:
    tier = tier_of(column)
    if tier is None:
        return None
    tiers: tuple[Tier, ...] = ("churn", "left", "values", "target", "stayed")
    is_general = tier == "target" and not is_explicit(column)
    extra = [word for word in names.words(column.name) if word not in names.FLAG_WORDS]
    place = len(tiers) if is_general else tiers.index(tier)
    return _Candidate(column, tier, (place, 0 if is_class(column) else 1, len(extra)))


def _choose(
    column: ColumnSurvey, meanings: dict[str, Meaning | None], is_inverted: bool
) -> tuple[tuple[str, ...], list[str]]:
    """The values that are taken for leaving, and what is doubtful about it; no values if too many are unclear."""
    levels = list(meanings)
    positive = _positive(levels, meanings, is_inverted)
    if positive:
        return positive, []
    unclear = [level for level in levels if meanings[level] is None]
    if len(levels) > 2 and len(unclear) == 1:
        # Of churn 0, 1 and 2 the first two are known.
        positive = _positive([level for level in levels if level not in unclear], meanings, is_inverted)
        if positive:
            return positive, [f"'{shorten(unclear[0])}' counts as stayed: else add it to positive or ignore"]
    rest = [level for level in levels if len(levels) == 2 or meanings[level] != "neither"]
    if len(rest) != 2:
        return (), []
    if column.is_whole:
        return (max(rest, key=float),), ["the larger number is taken: which one means that the customer left?"]
    rarer = min(rest, key=lambda level: (column.values[level], level))
    return (rarer,), ["the rarer value is taken: which one means that the customer left?"]


def _positive(levels: Sequence[str], meanings: dict[str, Meaning | None], is_inverted: bool) -> tuple[str, ...]:
    """The values that mean leaving; empty if none is known to."""
    found = tuple(level for level in levels if meanings[level] == "left")
    if found:
        return found
    stayed = [level for level in levels if meanings[level] == "stayed"]
    others = [level for level in levels if meanings[level] != "stayed"]
    if stayed and len(others) == 1 and meanings[others[0]] != "neither":
        return (others[0],)
    true = tuple(level for level in levels if meanings[level] == "true")
    false = tuple(level for level in levels if meanings[level] == "false")
    if len(levels) > 2 and None in meanings.values():
        return ()
    return false if is_inverted and true else true if false else ()


def _days(name: str) -> int:
    return max((int(number) for number in re.findall("[0-9]+", name)), default=0)


def _listed(texts: Sequence[str]) -> str:
    return ", ".join(f"'{shorten(text)}'" for text in texts)
