"""What a contract says besides columns: source, label, split, limits, business values, training."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from tenure.contract.aggregates import AGGREGATES, LabelAggregateName
from tenure.contract.budget import BudgetText, budget_seconds
from tenure.contract.columns import Days, Impute, Part, Share, Text
from tenure.contract.cuts import FIRST, LAST
from tenure.contract.durations import DurationText
from tenure.contract.family_names import FamilyName, check_together
from tenure.contract.source_formats import FormatName
from tenure.tasks import TASKS


def _check_task(name: str) -> str:
    if name not in TASKS:
        raise ValueError(f"no task is called '{name}', use {' or '.join(repr(known) for known in TASKS)}")
    return name


Task = Annotated[str, AfterValidator(_check_task)]
"""Name of a task in ``tenure.tasks``: ``classification`` (whether a customer leaves) or ``regression`` (how much of
something there will be)."""

# What is allocated or computed by a number of the contract is limited here, and no arithmetic with one overflows.
PositiveInt = Annotated[int, Field(gt=0, le=10**12)]
NonNegativeInt = Annotated[int, Field(ge=0, le=10**9)]
PositiveFloat = Annotated[float, Field(gt=0, le=1e12)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]
"""Of a generator of random numbers; numpy's and scikit-learn's take 32 bits."""


Quoting = Literal["double", "backslash", "single"]


class Source(Part):
    """Where the table is. ``--data`` on the command line replaces ``uri``."""

    uri: str | None = None
    """A path relative to the contract's folder, an fsspec URL (``s3://…``) or a SQLAlchemy URL.

    ``${NAME}`` is replaced from the environment, so that no credential stands in a contract.
    """
    format: FormatName | None = None
    """``csv``, ``json``, ``parquet``, ``sql``, ``xlsx`` or that of an installed package; detected from the URI and, of
    a local file, the first bytes when left out."""
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    encoding: str = "utf-8"
    """Of a text file, as Python names it."""
    quoting: Quoting = "double"
    """How a CSV quotes: in double quotes, where a quote in a field is doubled (RFC 4180) or has a ``backslash`` before
    it; or in ``single`` quotes."""
    skip_rows: NonNegativeInt = 0
    """Lines of a text file, or rows of a sheet, above the column names: titles."""
    skip_rows_after_header: NonNegativeInt = 0
    """Rows under the column names that describe the columns."""
    skip_rows_at_end: NonNegativeInt = 0
    """Rows at the end that are not customers: totals, footnotes."""
    sheet: str | None = None
    """Name of an Excel workbook's sheet; the first without it."""
    query: str | None = None
    """The SELECT statement, for a database."""
    chunk_rows: Annotated[int, Field(gt=0, le=10**6)] = 50_000
    """Rows read from a database at a time."""
    timeout_s: Seconds = 60.0
    """How long a database or object store may take for one answer."""
    endpoint_url: str | None = None
    """An S3-compatible object store other than AWS."""


LabelKind = Literal["no_event", "event", "status", "lapse", "value"]


class Label(Part):
    """What is predicted: churn, or for the task regression a number.

    Churn is a value of the label column, or silence over a horizon of an event log. A number is the label column's
    own, or an aggregate of what happens in the horizon: what a customer will spend.
    """

    positive: Text | tuple[Text, ...] | None = None
    """The value of the label column, or the values, that mean: this customer left. Any other known value means that
    the customer stayed."""
    ignore: tuple[Text, ...] = ()
    """Values of the label column that mean neither: their rows are set aside, counted and reported, like rows without
    a label."""
    horizon_days: Days | None = None
    """For event logs: a customer has left if no event follows the cut within this many days."""
    aggregate: LabelAggregateName | None = None
    """For the regression of an event log: of the events within the horizon. A customer without one has 0."""
    column: str | None = None
    """The event column aggregated, for aggregates that take one."""
    unit: str | None = None
    """Of the number predicted; the column's without it."""
    kind: LabelKind | None = None
    """With ``tables``: what happens in the horizon. ``no_event``: no row of the table. ``event``: a row. ``status``:
    a value becomes one of ``to``. ``lapse``: a period ends and none follows. ``value``: an aggregate."""
    table: str | None = None
    where: str | None = None
    """Expression over the table's columns: only rows for which it is true count."""
    status: str | None = None
    """For ``status``: the column whose value changes."""
    to: tuple[Text, ...] = ()
    """For ``status``: the values that mean that a customer left."""
    ends: str | None = None
    """For ``lapse``: the column with the end of a period."""
    grace: DurationText | None = None
    """For ``lapse``: how long after the end the next period may begin."""
    horizon: DurationText | None = None
    """With ``tables``: how long the time is that the label is computed from."""
    times: Annotated[tuple[DurationText, ...], Field(max_length=24)] = ()
    """With ``tables``: shorter times from the begin of the horizon on, ascending; the probability within each is one
    more output of the model."""
    gap: DurationText | None = None
    """Between the cut and the horizon: time to act on a prediction."""

    @property
    def positives(self) -> tuple[str, ...]:
        """The values that mean that a customer left; empty without ``positive``."""
        if self.positive is None:
            return ()
        return (self.positive,) if isinstance(self.positive, str) else self.positive

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if self.positive is not None and self.horizon_days is not None:
            raise ValueError("give either 'positive' (the label column's value) or 'horizon_days' (for event logs)")
        if self.ignore and self.horizon_days is not None:
            raise ValueError("'ignore' is for a label column: an event log's label is computed for every customer")
        if self.positive == ():
            raise ValueError("'positive' is empty: name the value, or the values, that mean churn")
        both = [text for text in self.positives if text in self.ignore]
        if both:
            raise ValueError(f"'{both[0]}' is in 'positive' and in 'ignore': name it in one of them")
        if self.aggregate is not None:
            AGGREGATES[self.aggregate].check_column(self.column)
        elif self.column is not None:
            raise ValueError("'column' needs 'aggregate', which is computed over it")
        return self


Cut = Annotated[date, Field(ge=FIRST, le=LAST)]


class Events(Part):
    """For a source that is an event log: one row an event, several a customer."""

    cuts: Annotated[tuple[Cut, ...], Field(min_length=1, max_length=1_000)]
    """The days at which every active customer is looked at: features from before, the label from after."""
    active_days: Days
    """A customer is looked at if an event lies within this many days before the cut."""

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if list(self.cuts) != sorted(set(self.cuts)):
            raise ValueError("'cuts' must be ascending and without repeats")
        return self


class Split(Part):
    """How rows are divided. Shares must add up to 1."""

    by: Literal["customer"] | None = None
    """``customer`` for a panel: a table with several rows a customer, one a time. All rows of a customer are in one
    part of the split, and in one fold of the training part."""
    strategy: Literal["stratified", "time"] | None = None
    """``stratified`` without it where ``by`` is given or rows have no time, ``time`` otherwise."""
    train: Share = 0.70
    validation: Share = 0.15
    test: Share = 0.15
    seed: Seed = 7

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        total = self.train + self.validation + self.test
        if abs(total - 1.0) > 1e-9:
            raise ValueError(f"train + validation + test is {total:g}, not 1")
        if min(self.train, self.validation, self.test) == 0.0:
            raise ValueError("no part of the split may be empty")
        if self.by == "customer" and self.strategy == "time":
            # With both, a row is of use only if its customer and its time are of the same part: by the default shares
            # half of the rows would be dropped, and 2 % of them be left to test on.
            raise ValueError(
                "'by: customer' keeps all times of a customer in one part, 'strategy: time' divides them: leave out"
                " 'strategy', and hold the newest rows back to test the model on later times"
            )
        return self


class Features(Part):
    """What the model reads of the inputs and derived features. What it does not read stays a column of the contract."""

    max: Annotated[int, Field(gt=0, le=100_000)] | None = None
    """How many inputs and derived features at most: the best by permutation importance in the training part."""
    drop_correlated: Annotated[float, Field(ge=0.5, le=1.0)] = 1.0
    """Of two that correlate this much or more the later is not read. At 1 only of those that are equal."""
    impute: Impute = "median"
    """Of numbers, windows and derived features; a column's own goes before it."""


class Quality(Part):
    """Limits of the validation gate."""

    warn_rejected_share: Share = 0.01
    max_rejected_share: Share = 0.05
    """Rows that did not parse or break the contract, of all rows read that are not set aside for their label."""
    freshness_days: Days | None = 30
    """Largest age of the newest row, where there is a time column; ``null`` for historical tables."""
    min_class_share: Share = 0.01
    min_rows: PositiveInt = 200
    max_orphan_share: Share = 0.01
    """With ``tables``: rows whose customer is not in the entity, of all rows of a table."""
    max_psi: PositiveFloat = 0.25
    """Population stability index of a column against the last accepted run; over it warns."""
    leakage: Literal["stop", "warn"] = "stop"
    """What happens if a feature of the training part gives the label away."""
    leakage_accepted: tuple[str, ...] = ()
    """Features that may look like leakage: they are known, as they stand, on the day of a prediction."""


Period = Literal["campaign", "day", "week", "month", "quarter", "year"]


class Business(Part):
    """What a decision is worth, in the contract's currency."""

    currency: str = "USD"
    period: Period = "campaign"
    """What sums of money and numbers of contacts are for: how often customers are scored and contacted. ``campaign``:
    once, without saying how often."""
    customer_value: PositiveFloat = 600.0
    """Value of one saved customer."""
    offer_cost: PositiveFloat = 10.0
    """Cost of one offer, paid for every contacted customer."""
    offer_success_share: Annotated[float, Field(gt=0.0, le=1.0)] = 0.30
    """Share of contacted churners whom the offer keeps."""
    contacts: PositiveInt | None = None
    """How many customers can be contacted in a period."""
    contacts_per_day: PositiveInt = 1_000
    """The same, for the periods ``campaign`` and ``day``: contracts from before there were periods have it."""
    population: PositiveInt | None = None
    """Customers scored in a period; the number of rows of the table without it, of a panel the number of its customers,
    with events and ``tables`` who is eligible at the last cut: a decision to contact is made for a row, and a table to
    score has one row a customer."""

    @property
    def contact_limit(self) -> int:
        """How many customers can be contacted in a period."""
        return self.contacts_per_day if self.contacts is None else self.contacts

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        if "contacts_per_day" not in self.model_fields_set:
            return self
        if self.contacts is not None:
            raise ValueError("give either 'contacts' or 'contacts_per_day'")
        if self.period not in ("campaign", "day"):
            raise ValueError(
                f"with 'period: {self.period}' write 'contacts', the customers contacted in a {self.period}"
            )
        return self


Policy = Literal["profit", "precision", "recall"]

DEFAULT_BANDS = ("low", "medium", "high")
"""Bands of a contract that names none; see ``tenure.decision.bands``."""


class Rule(Part):
    """How a threshold is chosen, on rows held out in training and under the limit of contacts."""

    policy: Policy = "profit"
    """``profit``: earns most; ``precision``: contacts as many as it can at ``target``; ``recall``: as few."""
    target: Annotated[float, Field(gt=0.0, le=1.0)] | None = None
    """Precision or recall to reach."""

    @model_validator(mode="after")
    def _target_where_needed(self) -> Self:
        if (self.policy == "profit") != (self.target is None):
            raise ValueError(
                "'target' is for the policies precision and recall"
                if self.policy == "profit"
                else f"policy '{self.policy}' needs a 'target'"
            )
        return self


class Segment(Rule):
    """Customers with a threshold of their own: by values of a feature, or from a number on."""

    column: str
    """An input or a derived feature."""
    values: Annotated[tuple[Text, ...], Field(min_length=1)] | None = None
    at_least: float | None = None
    threshold: Share | None = None
    """The threshold itself, instead of a policy."""
    customer_value: PositiveFloat | None = None
    """Value of one saved customer of the segment, where it is not ``business.customer_value``: by profit, customers
    who are worth more are contacted from a lower probability on. Such a segment and the customers in none share the
    limit of contacts by what an offer is expected to earn."""

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        if (self.values is None) == (self.at_least is None):
            raise ValueError("a segment needs either 'values' or 'at_least'")
        if self.threshold is not None and "policy" in self.model_fields_set:
            raise ValueError("a segment has either a 'threshold' or a 'policy'")
        return self


class Decision(Rule):
    """How a probability, or a predicted value, becomes a decision, a band and a recommendation."""

    by: str | None = None
    """An input or derived feature, a text or a boolean: each of its values with enough customers is a segment. A
    segment gets a threshold and a calibration of its own where they are clearly better on rows held out."""
    segments: dict[str, Segment] = Field(default_factory=dict)
    """Served before all others when contacts are limited, save those with a ``customer_value``; a customer of several
    belongs to the first of them."""

    bands: dict[str, float] = Field(default_factory=lambda: {"low": 0.0, "medium": 0.3, "high": 0.6})
    """Band name to the smallest probability in it; the first starts at 0. For regression the smallest value, and the
    first band has all below the second. Where the contract names none they follow from the threshold, so that no band
    has customers on both sides of it; see ``tenure.decision.bands``."""
    recommendations: dict[str, str] = Field(default_factory=dict)
    """Band name to the text a caller gets."""
    interval: Annotated[float, Field(ge=0.5, lt=1.0)] = 0.90
    """For regression: how often the true value shall lie between the low and the high that go with a prediction."""
    at_least: float | None = None
    """For regression: contact from this value on, instead of as many of the highest as the contact limit allows."""

    @property
    def segment_columns(self) -> tuple[str, ...]:
        """The columns by which customers belong to segments."""
        named = [segment.column for segment in self.segments.values()]
        return tuple(dict.fromkeys(named if self.by is None else [*named, self.by]))

    @model_validator(mode="after")
    def _segments_of_one_kind(self) -> Self:
        if self.by is not None and self.segments:
            raise ValueError("give either 'by', for a segment of each value of a column, or named 'segments'")
        return self

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        starts = list(self.bands.values())
        if starts != sorted(set(starts)):
            raise ValueError(f"'bands' must ascend, not go {', '.join(format(start, 'g') for start in starts)}")
        unknown = set(self.recommendations) - set(self.bands or DEFAULT_BANDS)
        if unknown:
            raise ValueError(f"'recommendations' names a band that is not there: {sorted(unknown)[0]}")
        return self


Objective = str
"""What is optimized in training: one of the task's ``objectives``."""


class Training(Part):
    """How the model is searched for."""

    families: Annotated[tuple[FamilyName, ...], Field(min_length=1), AfterValidator(check_together)] = (
        "logistic_regression",
        "extra_trees",
        "hist_gradient_boosting",
        "xgboost",
        "ensemble",
    )
    objective: Objective = "log_loss"
    trials: Annotated[int, Field(gt=0, le=10_000)] = 12
    """Most trials a family: a search whose leader is certain ends before."""
    budget: BudgetText | None = None
    """Longest time for the search of a worker, such as ``60s`` or ``5m``: the families share it by what their trials
    cost, and each finishes its first. Without it the trials are the limit, and the same data gives the same model."""
    folds: Annotated[int, Field(ge=2, le=100)] = 5
    seed: Seed = 7

    @property
    def budget_s(self) -> int | None:
        """The budget in seconds."""
        return None if self.budget is None else budget_seconds(self.budget)


DecisionMetric = Literal["profit", "roc_auc", "average_precision", "log_loss", "brier"]


class Acceptance(Part):
    """What a candidate must reach to be blessed."""

    metric: DecisionMetric = "profit"
    """What the candidate must do better than the champion."""
    max_slice_loss: Annotated[float, Field(gt=0.0, le=1.0)] = 0.20
    """Largest share of the champion's worth that may be lost in a slice; see ``tenure.evaluation.advantage``."""
    min_roc_auc: Share = 0.65
    min_recall: Share = 0.0
    min_precision: Share = 0.0
    max_calibration_error: Share = 0.10
    min_r2: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    """For regression, like the next one."""
    min_coverage: Share | None = None
    """Share of the true values inside their interval; the interval's own level less 0.05 without it."""
    confidence: Annotated[float, Field(gt=0.5, lt=1.0)] = 0.95
    """How sure the paired bootstrap must be that the candidate beats the champion; for regression, whose errors have
    heavy tails, the interval of the difference at this level must have 0 outside."""
    bootstrap_samples: Annotated[int, Field(gt=0, le=100_000)] = 1_000


class ClusterLimits(Part):
    """Clusters of customers who are alike, in the report and as an output of the model."""

    max: Annotated[int, Field(ge=2, le=20)] = 6
    """Largest number of clusters; how many there are follows from the data."""


Clusters = Annotated[
    Annotated[Literal[False], Tag("<none>")] | Annotated[ClusterLimits, Tag("<limits>")],
    Discriminator(lambda value: "<limits>" if isinstance(value, Mapping | ClusterLimits) else "<none>"),
]
"""``false`` for a model without clusters, or their limits."""


class Serving(Part):
    """Limits that ``check_serving`` holds the model server to."""

    max_p99_ms: PositiveFloat = 250.0
    max_memory_mb: PositiveFloat = 1_024.0
    max_start_s: Seconds = 60.0
