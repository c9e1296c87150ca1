"""What the name and the values of a column say about being the label."""

from __future__ import annotations

import re
from typing import Literal

from tenure.drafting import names
from tenure.drafting.label_values import Meaning, meaning_of
from tenure.drafting.survey import ColumnSurvey

MAX_LEVELS = 12
"""Most values of a label."""

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


def tier_of(column: ColumnSurvey) -> Tier | None:
    """Why a column may be the label."""
    if column.has_many_values or not 2 <= len(column.levels()) <= MAX_LEVELS:
        return None
    name = names.fold(column.name)
    meanings = list(meanings_of(column).values())
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


def is_activity(column: ColumnSurvey) -> bool:
    """Whether a column describes how active a customer is, such as ``IsActiveMember``."""
    return _STAYED.search(names.fold(column.name)) is not None and not _is_named(column, _STAYED)


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
    if tier_of(column) in ("left", "values"):
        return True
    if _LEFT.search(name):
        return _AFTERWARDS.search(name) is not None or _is_named(column, _LEFT)
    return _STAYED.search(names.fold(label.name)) is not None and "retention" in name


def meanings_of(column: ColumnSurvey) -> dict[str, Meaning | None]:
    """What each value means; the column's own name, where rows repeat the header, is neither, unless it says yes or no:
    a column may be called ``y``."""
    own = names.fold(column.name)

    def meaning(level: str) -> Meaning | None:
        found = meaning_of(level)
        return "neither" if names.fold(level) == own and found not in ("true", "false") else found

    return {level: meaning(level) for level in column.levels()}


def _is_one_boolean(column: ColumnSurvey) -> bool:
    """Whether a column holds true and false, in more than two spellings."""
    return set(meanings_of(column).values()) == {"true", "false"}


def _has_one_unclear(column: ColumnSurvey) -> bool:
    """Whether a column that is called churn and nothing more holds true, false and one other value."""
    meanings = list(meanings_of(column).values())
    return _is_named(column, _CHURN) and meanings.count(None) == 1 and {"true", "false"} <= set(meanings)


def is_explicit(column: ColumnSurvey) -> bool:
    """Whether a column's name says label: ``is_active`` beside ``target`` is a feature."""
    return _EXPLICIT.match(names.fold(column.name)) is not None
