"""Writes the label into a draft, and says why a table or a column has none."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from tenure.contract.settings import Quality
from tenure.drafting import columns as describing
from tenure.drafting import label_columns, labels
from tenure.drafting.columns import Guess
from tenure.drafting.first_draft import Decision, Draft
from tenure.drafting.labels import Label
from tenure.drafting.phrases import share_of, shorten
from tenure.drafting.survey import ColumnSurvey
from tenure.errors import DataError

MAX_LISTED = 8
"""Columns listed in an error."""


def named_label(columns: Sequence[ColumnSurvey], name: str, shown: str) -> tuple[ColumnSurvey, Label | None]:
    """The column called ``name``, and what it says as a label of classes; None for a column of numbers.

    Raises:
        DataError: there is no such column, or it holds neither two values nor numbers.
    """
    column = next((column for column in columns if column.name == name), None)
    if column is None:
        near = get_close_matches(name, [column.name for column in columns], n=1)
        others = ", ".join(shorten(column.name) for column in columns)
        hint = f"did you mean '{near[0]}'?" if near else f"it has {others}"
        raise DataError(f"{shown} has no column '{name}': {hint}")
    label = labels.describe(column)
    is_number = column.kind in ("integer", "number") and column.low != column.high
    if label is None and not is_number:
        levels = [] if column.has_many_values else column.levels()
        why = (
            f"is {shorten(levels[0])} in every row; missing in {column.missing:,}"
            if len(levels) == 1
            else f"has neither two values nor numbers, but {labels.shown_values(column)}"
        )
        raise DataError(f"'{shorten(name)}' cannot be the label: it {why}")
    return column, label


def no_label_message(columns: Sequence[ColumnSurvey], shown: str) -> str:
    """Why a table has no label, and which columns could be it."""
    pairs = [f"'{shorten(column.name)}'" for column in columns if label_columns.is_class(column)]
    some = ", ".join(pairs[:MAX_LISTED])
    named = next((column for column in columns if label_columns.is_named_like_a_label(column)), None)
    filled = next((column for column in columns if label_columns.is_filled_for_some(column)), None)
    if len(columns) == 1:
        name = shorten(columns[0].name)
        why = f"it has one column, '{name}', with {labels.shown_values(columns[0])}: is there another delimiter?"
    elif filled is not None:
        why = (
            f"'{shorten(filled.name)}' has a value in {filled.known:,} of {filled.rows:,} rows: if those left, add a"
            " column that says so, such as churn: 1 and 0"
        )
    elif named is not None:
        why = f"'{shorten(named.name)}' is named like one, and holds {labels.shown_values(named)}"
    else:
        why = f"if one of {some} is it, name it by --label" if pairs else "no column has two values"
    return (
        f"{shown} has no column that can be the label (two values, such as churn: yes and no), and is not an event log:"
        f" {why}; a number is predicted where --label names it, and 'tenure score' takes tables without a label"
    )


def add_classes(draft: Draft, label: Label) -> int:
    """Add a label of classes; the rows that it is known of."""
    column = label.column
    name = shorten(column.name)
    guess = _classes(label)
    draft.columns[column.name] = guess
    left = sum(column.values[value] for value in label.positive)
    set_aside = sum(column.values[value] for value in label.ignore)
    known = column.known - set_aside
    inverted = f"INVERTED: '{name}' means the opposite of leaving; " if label.is_inverted else ""
    counts = f"{left:,} of {known:,}"
    is_pair = guess.type == "boolean" or len(column.levels()) == 2
    positive = label.positive[0] if is_pair else list(label.positive)
    found = labels.shown_values(column)
    comment = f"{inverted}the value of '{name}' that means churn ({counts}); found: {found}"
    draft.label = {"positive": (positive, comment)}
    why = [f"{inverted}{counts}"]
    if label.ignore:
        share = share_of(set_aside, column.rows)
        draft.label["ignore"] = (list(label.ignore), f"neither left nor stayed: {share} of rows are set aside")
        why.append(f"{', '.join(map(repr, label.ignore))} set aside ({set_aside:,})")
    if column.missing:
        share = share_of(column.missing, column.rows)
        guess.comments.append(f"missing in {column.missing:,} rows ({share}): they are set aside")
        why.append(guess.comments[-1])
    meaning = " or ".join(f"'{shorten(value)}'" for value in label.positive)
    draft.decisions.append(Decision("label", f"'{name}': {meaning} means churn", "; ".join(why)))
    smaller = min(left, known - left) / known
    if smaller < Quality().min_class_share:
        draft.quality["min_class_share"] = (float(f"{smaller / 2:.1g}"), "the smaller class is rare here")
    return known


def add_number(draft: Draft, column: ColumnSurvey) -> int:
    """Add a label of numbers, which makes the task a regression; the rows that it is known of."""
    draft.task = "regression"
    guess = describing.describe(column, column.rows)
    kept = {key: value for key, value in guess.settings.items() if key in ("range", "missing_values", "format")}
    found = f"{column.low:g} to {column.high:g}"
    comment = f"the label: the number that is predicted; found: {found}; which range and unit?"
    draft.columns[column.name] = Guess(guess.type, {"role": "label", **kept}, [comment], guess.doubts)
    draft.decisions.append(Decision("label", f"'{shorten(column.name)}': a number", found))
    return column.known


def _classes(label: Label) -> Guess:
    """Type and values of a label of classes."""
    column = label.column
    levels = column.levels()
    guess = Guess("category", {"role": "label"}, ["the label: what is predicted"], list(label.doubts))
    is_one_side = len(set(map(describing.is_true, label.positive))) == 1
    if describing.is_boolean(levels) and is_one_side:
        guess.type = "boolean"
        levels = describing.boolean_texts(levels)
        if len(levels) > 2:
            guess.comments.append(f"true and false in {len(levels)} spellings: {', '.join(levels)}")
    if guess.type == "category" or len(levels) == 2:
        guess.settings["values"] = levels
    if column.missing_texts:
        guess.settings["missing_values"] = column.missing_texts
    return guess
