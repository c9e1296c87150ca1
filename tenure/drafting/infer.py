"""Infers a contract from data."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from tenure.contract.settings import Quality
from tenure.contract.settings import Source as SourceSettings
from tenure.drafting import columns as describing
from tenure.drafting import dates, keys, label_columns, labels, names, panels
from tenure.drafting.columns import Guess
from tenure.drafting.events import event_log
from tenure.drafting.first_draft import Decision, Draft
from tenure.drafting.labelling import add_classes, add_number, named_label, no_label_message
from tenure.drafting.labels import Label
from tenure.drafting.phrases import shorten
from tenure.drafting.survey import ColumnSurvey, has_no_header, survey
from tenure.errors import DataError
from tenure.sources.protocol import Source

FIRST_YEAR = 1900
"""Smallest number that is taken for a calendar year."""


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
    if has_no_header(found):
        shown = ", ".join(f"'{shorten(column.name)}'" for column in found[:4])
        raise DataError(f"the names of the columns in {source.shown} are values ({shown}): add a line with the names")
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
        self._dates: dict[str, dates.Meaning] = {}
        """Meanings of the dates that are no feature as they are."""
        self._starts: list[ColumnSurvey] = []
        """Columns of the day on which a customer came."""

    def run(self, label: str | None) -> None:
        found: Label | None = None
        if label is None:
            found = labels.find_label(self.columns)
            self.label = None if found is None else found.column
        else:
            self.label, found = named_label(self.columns, label, self.draft.shown)
        taken = [] if self.label is None else [self.label]
        customer = keys.find_repeating(self.columns, taken)
        event_time = None if customer is None else panels.find_time(self.columns, self.now, [customer], any_name=True)
        is_weak = label is None and (found is None or found.tier == "place")
        if customer is not None and event_time is not None and is_weak:
            is_log = found is None or panels.is_event_log(event_time) or any(map(keys.numbers_events, self.columns))
            if is_log:
                self._log(customer, event_time)
                return
        if self.label is None:
            raise DataError(no_label_message(self.columns, self.draft.shown))
        self._key(customer, taken)
        labelled = add_number(self.draft, self.label) if found is None else add_classes(self.draft, found)
        self._require_rows(labelled)
        self._features()

    def _log(self, customer: ColumnSurvey, time: ColumnSurvey) -> None:
        self.label = None
        draft = self.draft
        draft.log = log = event_log(time)
        each = customer.known / max(1, customer.distinct or 1)
        self._set_key(customer, f"{customer.distinct:,} customers, {each:.3g} events each")
        draft.decisions.append(
            Decision("rows", "an event log", f"one event a row, {each:.3g} a customer, at '{time.name}'")
        )
        draft.label = log.label
        draft.decisions.append(
            Decision("label", f"no event for {log.horizon} days", "computed; is it the right horizon?")
        )
        if log.has_times:
            draft.doubts.append("zone UTC: where do days begin, and in which zone are the times?")
        self._set_time(time)
        for column in self.columns:
            if column.name not in draft.columns:
                self._feature(column)
        for guess in draft.columns.values():
            if guess.role == "sensitive":
                guess.ignore("sensitive, and no feature may use it; slices of a report need a table of customers")
        draft.windows = log.windows(list(draft.columns.items()))

    def _key(self, customer: ColumnSurvey | None, taken: list[ColumnSurvey]) -> None:
        draft = self.draft
        key = keys.find_key(self.columns, taken)
        panel = None if customer is None else panels.find_panel(customer, self.columns, self.now, taken)
        if customer is not None and panel is not None and (key is None or panels.goes_before(panel, key.column)):
            self._set_key(customer, panel.comment)
            draft.split = {"by": ("customer", f"{panel.comment}: all rows of a customer are in one part of the split")}
            draft.decisions.append(Decision("rows", "a panel", panel.comment))
            if panel.time is not None:
                self._set_time(panel.time)
            for period in panel.periods:
                self._set_period(period)
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
        split = "a customer has one row each" if self.draft.split else "rows are split by it"
        guess.comments.insert(0, f"time of the row; {split}")
        self.time = column
        self.draft.columns[column.name] = guess
        limit = Quality().freshness_days
        if column.last and limit and self.now - column.last.replace(tzinfo=UTC) > timedelta(days=limit):
            why = f"the newest row is from {column.last:%Y-%m-%d}: a historical table"
            self.draft.quality["freshness_days"] = (None, why)

    def _set_period(self, column: ColumnSurvey) -> None:
        """A period that no later row has is no feature; 1 to 12 may be the month of a year or of a contract."""
        guess = describing.describe(column, self.usable)
        if column.kind in ("integer", "number") and (column.high or 0) < FIRST_YEAR:
            guess.doubts.append("the period of the row: of the calendar, or since the customer came?")
        else:
            guess.ignore("the period of the row, which later rows do not have; as a date it could have the role time")
        self.draft.columns[column.name] = guess

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
        taken = {*draft.columns, *draft.derived}
        for name, meaning in self._dates.items():
            proposed = dates.proposed_feature(name, meaning, taken)
            if draft.columns[name].role == "ignored" and proposed is not None:
                taken.add(proposed[0])
                draft.proposed[proposed[0]] = proposed[1]

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
            made = dates.feature_name(column.name, "days_since", taken)
            taken.add(made)
            guess.comments[0] = f"used by '{made}'"
            draft.derived[made] = {
                "expression": dates.days_since(column.name),
                "unit": "days",
                "reason": "customers of long standing leave less often",
            }

    def _feature(self, column: ColumnSurvey) -> None:
        guess = describing.describe(column, self.usable)
        reason = describing.no_feature(column, guess)
        if reason is None and self.label is not None and label_columns.is_known_afterwards(column, self.label):
            reason = "its name or its values suggest the label: is it known only after the customer left?"
        if reason is None and guess.type in ("date", "timestamp"):
            meaning = dates.meaning(column.name)
            reason = dates.IGNORED_BECAUSE[meaning]
            self._dates[column.name] = meaning
            if meaning == "start":
                self._starts.append(column)
        if reason is not None:
            guess.ignore(reason)
        elif names.is_sensitive(column.name):
            guess.settings["role"] = "sensitive"
            guess.comments.insert(0, "not a model input; the evaluation has slices by it")
        self.draft.columns[column.name] = guess


def _fitting_name(name: str) -> str:
    fitted = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return (fitted if fitted[:1].isalpha() else f"table-{fitted}")[:40].strip("-")
