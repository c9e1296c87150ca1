"""Which column says who left, and which of its values mean so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tenure.drafting import names
from tenure.drafting.label_values import Meaning, meaning_of
from tenure.drafting.phrases import shorten
from tenure.drafting.survey import ColumnSurvey

MAX_LEVELS = 12
"""Most values of a label."""
MAX_MISSING = 0.3
"""Largest share of missing values of a label that is taken for its place in the table."""
MAX_SHOWN = 8

_CHURN = re.compile(
    r"churn|attrit|exited|defected|leaver|abwander|abgewandert|kundigung|gekundigt|kuendigung|gekuendigt|resili|desligad"
    r"|desligamento|deserci|desercao|evasao|desabon|cancelou|cancelamento|rescisao|rescindid|cessat[oa]|(?:^|_)(?:baja|abb?andon\w*|fuga|disdetta|opgezegd|desist\w*)(?:_|$)|流失|解約|退会|отток"
)
_LEFT = re.compile(
    r"(?:^|_)(?:left|lost|cancel|cancell?ed|cancelad[oa]|cancelo|cancell?ation|closed|ended|terminated|quit|gone|departed|inactive|inactif"
    r"|inativo|dropped|dropout|dropped_out|lapsed|unsubscribed|deactivated|resigned|turnover|leave|leaving|perdid[oa]|perdu"
    r"|saiu|ausgetreten|verloren)(?:_|$)|^(?:is|has)(?:left|lost|cancelled|canceled)$"
)
_STAYED = re.compile(
    r"(?:^|_)(?:active|subscribed|kept|retained|retention(?:_?[0-9]+d?)?|stayed|renewed|renewal|loyal|remained|survived|aktiv|activ[oa]|ativ[oa]|actif|retenid[oa]"
    r"|retenu|fidele|verblieben|geblieben)(?:_|$)|^is_?active$|^isretained$"
)
_TARGET = re.compile(
    r"^(?:is_)?(?:target|label|outcome|class|y|status|result|response|default|defaulted|event|objetivo|zielvariable|ziel|cible)"
    r"(?:_(?:variable|flag|class))?$"
)
_EXPLICIT = re.compile(r"^(?:is_)?(?:target|label|outcome|class|y)(?:_|$)")
"""Names that say label: ``is_active`` beside ``target`` is a feature."""
_STATUS = re.compile(r"status|state|zustand|estado|statut|stato|situac|situation|lifecycle|stage|flag|customer_type")
_NOT_CHURN = re.compile(r"(?:^|_)(?:not?|non|never|un|nicht|kein)_?(?:churn|attrit|exited|left|cancel|leav)")
_AFTERWARDS = re.compile(
    r"(?:^|_)(?:reasons?|grund|motiv[oe]?|date|datum|fecha|score|prob|probability|risk|survey|comments?|notes?|offer|at|on|day"
    r"|category|pred|predict\w*|forecast)(?:_|$)"
)
_NEUTRAL_AFTER_STAYED = frozenset(
    ["still", "days", "day", "d", "month", "months", "week", "weeks", "30d", "7d", "90d", "next", "in"]
)

Tier = Literal["churn", "left", "values", "stayed", "target", "place", "named"]
"""Why a column is the label: its name means leaving, its values do, its name means staying, says target; its place in
the table; or it was named."""


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
        if not names.is_sensitive(column.name) and not _is_activity(column):
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
    tier = tier or _tier(column) or "named"
    levels = column.levels()
    meanings = _meanings(column)
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


def is_named_like_a_label(column: ColumnSurvey) -> bool:
    """Whether a column's name means leaving or staying, or a state, whatever its values are."""
    name = names.fold(column.name)
    if _CHURN.search(name) is not None or any(_is_named(column, pattern) for pattern in (_LEFT, _STAYED)):
        return True
    is_state = _STATUS.search(name) is not None or _TARGET.match(name) is not None
    return is_state and not column.has_many_values and 2 <= len(column.levels()) <= MAX_LEVELS


def is_filled_for_some(column: ColumnSurvey) -> bool:
    """Whether a column about leaving, such as a date or a reason, has a value in some rows only."""
    name = names.fold(column.name)
    is_about = _CHURN.search(name) is not None or _LEFT.search(name) is not None
    return is_about and 0 < column.known < column.rows


def is_class(column: ColumnSurvey) -> bool:
    """Whether a column holds two values, perhaps in several spellings."""
    return not column.has_many_values and (len(column.levels()) == 2 or _is_one_boolean(column))


def is_known_afterwards(column: ColumnSurvey, label: ColumnSurvey) -> bool:
    """Whether a column's name suggests that it holds the label in another coding, or is known only after leaving."""
    name = names.fold(column.name)
    if _CHURN.search(name) or re.search(r"(?:^|_)exit(?:_|$)", name):
        return True
    if is_class(column) and _EXPLICIT.match(name) and _TARGET.match(names.fold(label.name)):
        return True
    if _tier(column) in ("left", "values"):
        return True
    if _LEFT.search(name):
        return _AFTERWARDS.search(name) is not None or _is_named(column, _LEFT)
    return _STAYED.search(names.fold(label.name)) is not None and "retention" in name


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
    tier = _tier(column)
    if tier is None:
        return None
    tiers: tuple[Tier, ...] = ("churn", "left", "values", "target", "stayed")
    is_general = tier == "target" and _EXPLICIT.match(names.fold(column.name)) is None
    extra = [word for word in names.words(column.name) if word not in names.FLAG_WORDS]
    place = len(tiers) if is_general else tiers.index(tier)
    return _Candidate(column, tier, (place, 0 if is_class(column) else 1, len(extra)))


def _tier(column: ColumnSurvey) -> Tier | None:
    """Why a column may be the label."""
    if column.has_many_values or not 2 <= len(column.levels()) <= MAX_LEVELS:
        return None
    name = names.fold(column.name)
    meanings = list(_meanings(column).values())
    says = "left" in meanings
    has_two = is_class(column) or set(meanings) == {"true", "false", "neither"} or _has_one_unclear(column)
    has_meaning = says and ("stayed" in meanings or "neither" in meanings)
    if not (has_two or has_meaning) or (_AFTERWARDS.search(name) and not says):
        return None
    named_stayed = _is_named(column, _STAYED) or _NOT_CHURN.search(name) is not None
    stays = has_two and (named_stayed or (says and _STAYED.search(name) is not None))
    tiers: tuple[tuple[bool, Tier], ...] = (
        (_CHURN.search(name) is not None and _NOT_CHURN.search(name) is None, "churn"),
        (_is_named(column, _LEFT), "left"),
        (stays, "stayed"),
        (says and (has_two or (_STATUS.search(name) or _TARGET.match(name)) is not None), "values"),
        (has_two and _TARGET.match(name) is not None, "target"),
    )
    return next((tier for applies, tier in tiers if applies), None)


def _is_named(column: ColumnSurvey, pattern: re.Pattern[str]) -> bool:
    """Whether a name says nothing besides what ``pattern`` finds: ``is_active``, not ``is_active_member``."""
    rest = pattern.sub("_", names.fold(column.name)).split("_")
    neutral = names.FLAG_WORDS | _NEUTRAL_AFTER_STAYED
    return pattern.search(names.fold(column.name)) is not None and all(
        word in neutral or word.isdigit() for word in rest if word
    )


def _is_activity(column: ColumnSurvey) -> bool:
    """Whether a column describes how active a customer is, such as ``IsActiveMember``."""
    return _STAYED.search(names.fold(column.name)) is not None and not _is_named(column, _STAYED)


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


def _meanings(column: ColumnSurvey) -> dict[str, Meaning | None]:
    """What each value means; the column's own name, where rows repeat the header, is neither."""
    own = names.fold(column.name)
    return {level: "neither" if names.fold(level) == own else meaning_of(level) for level in column.levels()}


def _is_one_boolean(column: ColumnSurvey) -> bool:
    """Whether a column holds true and false, in more than two spellings."""
    return set(_meanings(column).values()) == {"true", "false"}


def _has_one_unclear(column: ColumnSurvey) -> bool:
    """Whether a column that is called churn and nothing more holds true, false and one other value."""
    meanings = list(_meanings(column).values())
    return _is_named(column, _CHURN) and meanings.count(None) == 1 and {"true", "false"} <= set(meanings)


def _days(name: str) -> int:
    return max((int(number) for number in re.findall("[0-9]+", name)), default=0)


def _listed(texts: Sequence[str]) -> str:
    return ", ".join(f"'{shorten(text)}'" for text in texts)
