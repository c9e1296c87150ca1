"""Infers a contract from data."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches

from tenure.contract.settings import Quality
from tenure.contract.settings import Source as SourceSettings
from tenure.drafting import columns as describing
from tenure.drafting import dates, keys, labels, names, panels
from tenure.drafting.columns import Guess
from tenure.drafting.events import events_of, horizon_of, windows_of
from tenure.drafting.first_draft import Decision, Draft
from tenure.drafting.labels import Label
from tenure.drafting.phrases import share_of, shorten
from tenure.drafting.survey import ColumnSurvey, survey
from tenure.errors import DataError
from tenure.sources.protocol import Source


def infer(
    source: Source, settings: SourceSettings, name: str, now: datetime | None = None, label: str | None = None
) -> Draft:
    """Infer a contract for the table in ``source``. The table itself meets the contract.

    Types, formats, key, label, positive values, time column, missing values and allowed values are inferred. A table
    without a label in which customers have several rows with times becomes an event log; one with a label becomes a
    panel. A given label with more than two different numbers makes the task a regression.

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
    found = survey(source.batches, source.columns())
    rows = found[0].rows if found else 0
    if not rows:
        raise DataError(f"{source.shown} has columns and no rows")
    draft = Draft(_fitting_name(name), settings, source.shown, rows)
    _Inference(draft, found, now or datetime.now(UTC)).run(label)
    order = [column.name for column in found]
    draft.columns = {name: draft.columns[name] for name in order}
    if not draft.names_of("feature") and not draft.windows:
        reasons = "; ".join(
            f"'{shorten(name)}': {guess.comments[0]}"
            for name, guess in list(draft.columns.items())[:5]
            if guess.comments
        )
        raise DataError(
            f"no contract can be inferred from {source.shown}: no column has the role 'feature'"
            + (f" ({reasons})" if reasons else "")
        )
    return draft


class _Inference:
    """Decides column by column."""

    def __init__(self, draft: Draft, columns: Sequence[ColumnSurvey], now: datetime) -> None:
        self.draft = draft
        self.columns = columns
        self.now = now
        self.label: ColumnSurvey | None = None
        self.time: ColumnSurvey | None = None
        self.usable = columns[0].rows
        """Rows with a label, less those whose key is missing or repeated."""
        self._starts: list[ColumnSurvey] = []
        """Columns of the day on which a customer came."""

    def run(self, label: str | None) -> None:
        found: Label | None = None
        if label is None:
            found = labels.find_label(self.columns)
            self.label = None if found is None else found.column
        else:
            self.label = _named(self.columns, label, self.draft.shown)
            found = labels.describe(self.label)
            if found is None and not _is_number(self.label):
                raise DataError(_no_label_message(self.label))
        taken = [] if self.label is None else [self.label]
        customer = keys.find_repeating(self.columns, taken)
        event_time = None if customer is None else panels.find_time(self.columns, self.now, [customer], any_name=True)
        is_weak = label is None and (found is None or found.tier == "place")
        if customer is not None and event_time is not None and is_weak:
            is_log = found is None or panels.is_event_log(event_time)
            if is_log:
                self._log(customer, event_time)
                return
        if self.label is None:
            raise DataError(self._no_label())
        self._key(customer, taken)
        if found is not None:
            self._classes(found)
        else:
            self._number(self.label)
        self._features()

    def _log(self, customer: ColumnSurvey, time: ColumnSurvey) -> None:
        self.label = None
        draft = self.draft
        horizon = horizon_of(time)
        each = customer.known / max(1, customer.distinct or 1)
        self._set_key(customer, f"{customer.distinct:,} customers, {each:.3g} events each")
        draft.decisions.append(
            Decision("rows", "an event log", f"one event a row, {each:.3g} a customer, at '{time.name}'")
        )
        why = "a customer without an event within this many days after the cut has left"
        draft.label = {"horizon_days": (horizon, why)}
        draft.decisions.append(Decision("label", f"no event for {horizon} days", "computed; is it the right horizon?"))
        draft.events = events_of(time, horizon)
        self._set_time(time)
        for column in self.columns:
            if column.name not in draft.columns:
                self._feature(column)
        draft.windows = windows_of(list(draft.columns.items()), horizon)

    def _key(self, customer: ColumnSurvey | None, taken: list[ColumnSurvey]) -> None:
        draft = self.draft
        key = keys.find_key(self.columns, taken)
        is_person = key is not None and key.column.identified == "person"
        if customer is not None and (key is None or (customer.identified == "person" and not is_person)):
            panel = panels.find_panel(customer, self.columns, self.now, taken)
            self._set_key(customer, panel.comment)
            draft.split = {"by": ("customer", f"{panel.comment}: all rows of a customer are in one part of the split")}
            draft.decisions.append(Decision("rows", "a panel", panel.comment))
            if panel.time is not None:
                self._set_time(panel.time)
            return
        if key is None:
            draft.decisions.append(Decision("key", "row number", "no column identifies the customer"))
        else:
            self._set_key(key.column, key.why)
            if key.is_weak:
                draft.columns[key.column.name].doubts.append("is it the customer's id?")
        time = panels.find_time(self.columns, self.now, [*taken, *([] if key is None else [key.column])])
        if time is not None:
            self._set_time(time)
            draft.decisions.append(Decision("rows", f"time '{time.name}'", "rows are split by it"))

    def _set_key(self, column: ColumnSurvey, why: str) -> None:
        guess = Guess(keys.key_type(column), {"role": "key"}, [why])
        if column.missing_texts:
            guess.settings["missing_values"] = column.missing_texts
        self.draft.key = column.name
        self.draft.columns[column.name] = guess
        self.draft.decisions.insert(0, Decision("key", f"'{column.name}'", why))

    def _set_time(self, column: ColumnSurvey) -> None:
        guess = describing.describe(column, self.usable)
        guess.settings["role"] = "time"
        guess.comments.insert(0, "time of the row; rows are split by it")
        self.time = column
        self.draft.columns[column.name] = guess
        limit = Quality().freshness_days
        if column.last and limit and self.now - column.last.replace(tzinfo=UTC) > timedelta(days=limit):
            why = f"the newest row is from {column.last:%Y-%m-%d}: a historical table"
            self.draft.quality["freshness_days"] = (None, why)

    def _classes(self, label: Label) -> None:
        draft, column = self.draft, label.column
        guess = _label_guess(label)
        guess.doubts += label.doubts
        draft.columns[column.name] = guess
        left = sum(column.values[value] for value in label.positive)
        set_aside = sum(column.values[value] for value in label.ignore)
        known = column.known - set_aside
        shown = labels.shown_values(column)
        inverted = f"INVERTED: '{column.name}' means the opposite of leaving; " if label.is_inverted else ""
        counts = f"{left:,} of {known:,}"
        is_pair = guess.type == "boolean" or len(column.levels()) == 2
        positive = label.positive[0] if is_pair else list(label.positive)
        comment = f"{inverted}the value of '{column.name}' that means churn ({counts}); found: {shown}"
        draft.label = {"positive": (positive, comment)}
        counted = [f"{inverted}{counts}"]
        if label.ignore:
            why = f"neither left nor stayed: {share_of(set_aside, column.rows)} of rows are set aside"
            draft.label["ignore"] = (list(label.ignore), why)
            counted.append(f"{', '.join(map(repr, label.ignore))} set aside ({set_aside:,})")
        if column.missing:
            missing = (
                f"missing in {column.missing:,} rows ({share_of(column.missing, column.rows)}): they are set aside"
            )
            guess.comments.append(missing)
            counted.append(missing)
        meaning = " or ".join(f"'{value}'" for value in label.positive)
        draft.decisions.append(Decision("label", f"'{column.name}': {meaning} means churn", "; ".join(counted)))
        share = min(left, known - left) / known
        if share < Quality().min_class_share:
            draft.quality["min_class_share"] = (float(f"{share / 2:.1g}"), "the smaller class is rare here")
        self._require_rows(known)

    def _number(self, column: ColumnSurvey) -> None:
        """A numeric label: the task is regression."""
        draft = self.draft
        draft.task = "regression"
        guess = describing.describe(column, self.usable)
        kept = {key: value for key, value in guess.settings.items() if key in ("range", "missing_values", "format")}
        found = (
            f"the label: the number that is predicted; found: {column.low:g} to {column.high:g}; which range and unit?"
        )
        draft.columns[column.name] = Guess(guess.type, {"role": "label", **kept}, [found], guess.doubts)
        draft.decisions.append(Decision("label", f"'{column.name}': a number", f"{column.low:g} to {column.high:g}"))
        self._require_rows(column.known)

    def _require_rows(self, labelled: int) -> None:
        key = next((column for column in self.columns if column.name == self.draft.key), None)
        repeats = 0 if key is None or self.draft.split else key.missing + (key.repeats or 0)
        self.usable = max(1, labelled - repeats)
        self.draft.require_rows(self.usable)

    def _features(self) -> None:
        draft = self.draft
        for column in self.columns:
            if column.name not in draft.columns:
                self._feature(column)
        if self._starts:
            self._count_tenure()

    def _count_tenure(self) -> None:
        """Make features of the days on which customers came, where it is known which day the table describes."""
        draft = self.draft
        if self.time is None:
            newest = dates.newest_day(self.columns, self.now)
            if newest is None:
                return
            day, where = newest
            draft.as_of = (day, f"the newest date in the table (in '{where}'): which day does the table describe?")
            draft.doubts.append(f"as_of {day}: the newest date in the table; which day does it describe?")
        taken = set(draft.columns)
        for column in self._starts:
            guess = draft.columns[column.name]
            del guess.settings["role"]
            made = dates.tenure_feature(column.name, taken)
            taken.add(made)
            guess.comments[0] = f"used by '{made}'"
            draft.derived[made] = {
                "expression": dates.tenure_expression(column.name),
                "unit": "days",
                "reason": "customers of long standing leave less often",
            }

    def _feature(self, column: ColumnSurvey) -> None:
        guess = describing.describe(column, self.usable)
        reason = describing.no_feature(column, guess)
        if reason is None and self.label is not None and labels.is_known_afterwards(column, self.label):
            reason = "its name suggests the label: is it known only after the customer left?"
        if reason is None and guess.type in ("date", "timestamp"):
            meaning = dates.meaning(column.name)
            reason = dates.IGNORED_BECAUSE[meaning]
            if meaning == "start":
                self._starts.append(column)
        if reason is not None:
            guess.ignore(reason)
        elif names.is_sensitive(column.name):
            guess.settings["role"] = "sensitive"
            guess.comments.insert(0, "not a model input; the evaluation has slices by it")
        self.draft.columns[column.name] = guess

    def _no_label(self) -> str:
        pairs = [column.name for column in self.columns if labels.is_class(column)]
        shown = ", ".join(f"'{shorten(name)}'" for name in pairs[:8])
        advice = (
            f"if one of {shown} is it, name it by --label; 'tenure score' takes tables without a label"
            if pairs
            else "no column has two values"
        )
        return (
            f"{self.draft.shown} has no column that can be the label (two values, such as churn: yes and no),"
            f" and is not an event log: {advice}"
        )


def _label_guess(label: Label) -> Guess:
    """Type and values of a label of classes."""
    column = label.column
    levels = column.levels()
    comments = ["the label: what is predicted"]
    is_one_side = len(set(map(describing.is_true, label.positive))) == 1
    if describing.is_boolean(levels) and is_one_side:
        ordered = describing.boolean_texts(levels)
        settings: dict[str, object] = {"role": "label", **({"values": ordered} if len(ordered) == 2 else {})}
        if len(ordered) > 2:
            comments.append(f"spelled {', '.join(ordered)}")
        guess = Guess("boolean", settings, comments)
    else:
        guess = Guess("category", {"role": "label", "values": levels}, comments)
    if column.missing_texts:
        guess.settings["missing_values"] = column.missing_texts
    return guess


def _fitting_name(name: str) -> str:
    fitted = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return (fitted if fitted[:1].isalpha() else f"table-{fitted}")[:40].strip("-")


def _named(columns: Sequence[ColumnSurvey], name: str, shown: str) -> ColumnSurvey:
    found = next((column for column in columns if column.name == name), None)
    if found is None:
        near = get_close_matches(name, [column.name for column in columns], n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"it has {', '.join(column.name for column in columns)}"
        raise DataError(f"{shown} has no column '{name}': {hint}")
    return found


def _is_number(column: ColumnSurvey) -> bool:
    return column.kind in ("integer", "number") and column.low != column.high


def _no_label_message(column: ColumnSurvey) -> str:
    levels = [] if column.has_many_values else column.levels()
    if len(levels) == 1:
        return f"'{column.name}' cannot be the label: it is {levels[0]} in every row; missing in {column.missing:,}"
    return (
        f"'{column.name}' cannot be the label: it has neither two values nor numbers, but {labels.shown_values(column)}"
    )
