"""The hazards of the parts of a horizon: fitted, and as simple as the rows held out allow.

A model is fitted for each part, over the rows to which the event has not happened before: a logistic regression whose
offset is the log-odds of the constant hazard that the main probability implies, so that its ridge penalty shrinks
towards that hazard. Of four, the first is taken whose log loss, averaged over the times and held out by customer, is
within a standard error of the lowest: the constant hazard itself, one that depends on the main probability, and one
that depends on the features too, with a strong penalty and with a weaker one (Breiman et al. 1984, "Classification and
regression trees", section 3.4.3).

The alternative, a model of the part alone fitted to the rows with an event, was as good on the main probability and
worse with features on the generated datasets, from 266 to 8,622 events: it has fewer rows to learn from.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tenure.bundle.additions.kinds.horizons import Horizons, risk, standardized
from tenure.contract import Contract
from tenure.contract.assembly import HorizonLabel
from tenure.contract.schema import PART_COLUMN
from tenure.decision.calibration import sigmoid
from tenure.stats.clusters import standard_error
from tenure.training.encoded_part import EncodedPart
from tenure.training.families.threads import limited

Model = Literal["constant", "risk", "shrunk_features", "features"]
MODELS: tuple[Model, ...] = ("constant", "risk", "shrunk_features", "features")
"""The simplest first."""

FOLDS = 5
MAX_ROWS = 10_000
"""Rows that are fitted on; a random sample of more."""
BASE_PENALTY = 1.0
"""Ridge penalty of intercept and slope."""
FEATURE_PENALTIES: dict[Model, float] = {"shrunk_features": 1_000.0, "features": 100.0}
"""Ridge penalty of the weights of standardized features, by the model that has them."""

Floats = NDArray[np.float64]
Parts = NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class HorizonRows:
    """Rows that the main model was not fitted on."""

    matrix: NDArray[np.float32]
    """Shape (rows, f)."""
    happens: Floats
    """Probability that the event happens within the horizon, shape (rows,)."""
    part: Parts
    """Part in which it did, shape (rows,); see ``PART_COLUMN``."""
    customer: NDArray[np.int64] | None
    """Code of each row's customer, shape (rows,); see ``tenure.stats.clusters``."""

    def take(self, rows: NDArray[Any]) -> HorizonRows:
        customer = None if self.customer is None else self.customer[rows]
        return HorizonRows(self.matrix[rows], self.happens[rows], self.part[rows], customer)


@dataclass(frozen=True)
class MadeHorizons:
    """The fitted hazards, and how they were chosen."""

    additions: tuple[Horizons, ...]
    """For the bundle: one, or none for a label without ``times``."""
    record: dict[str, Any] | None
    """For ``train.json``: the model, the log loss of each held out, rows and events; None without ``times``."""


def make_horizons(
    contract: Contract,
    held: EncodedPart,
    index: NDArray[np.int64],
    scores: Floats,
    features: Path,
    *,
    threads: int = 1,
) -> MadeHorizons:
    """Fit the hazards to rows that the main model was not fitted on, where the contract's label has ``times``.

    Args:
        contract: with the label.
        held: the rows.
        index: where they stand among the rows of the training part, followed by those of the validation part; shape
            (held,).
        scores: calibrated probabilities of the label for them, shape (held,).
        features: folder of ``feature``; read: the parts of the horizon in ``train.parquet`` and ``validation.parquet``.
        threads: the fit may use.
    """
    label = None if contract.assembly is None else contract.assembly.label
    if label is None or not label.part_ends:
        return MadeHorizons((), None)
    happens = 1.0 - scores if label.kind == "no_event" else scores
    rows = HorizonRows(held.matrix, happens, _read_parts(features)[index], held.customer)
    random = np.random.default_rng(contract.training.seed)
    if len(index) > MAX_ROWS:
        rows = rows.take(np.sort(random.choice(len(index), MAX_ROWS, replace=False)))
    with limited(threads):
        losses = _held_out_losses(label, rows, random)
        model = _simplest(losses, rows.customer)
        fitted = fit(label, rows, model)
    record = {
        "model": model,
        "log_loss": {name: float(values.mean()) for name, values in losses.items()},
        "rows": len(rows.part),
        "events": np.bincount(rows.part, minlength=len(label.part_ends) + 1)[1:].tolist(),
    }
    return MadeHorizons((fitted,), record)


def _read_parts(features: Path) -> Parts:
    """The part of the horizon of each row of the training part, then of the validation part; shape (rows,)."""
    columns = [pq.read_table(features / f"{name}.parquet", columns=[PART_COLUMN]) for name in ("train", "validation")]
    return np.concatenate([column[PART_COLUMN].to_numpy() for column in columns]).astype(np.int8)


def fit(label: HorizonLabel, rows: HorizonRows, model: Model) -> Horizons:
    """The hazards by one of the models."""
    parts, width = len(label.part_ends), rows.matrix.shape[1]
    wide = rows.matrix.astype(np.float64)
    means, scales = wide.mean(axis=0), wide.std(axis=0)
    scales[scales < 1e-12] = 1.0
    start = Horizons(label, np.zeros(parts), np.zeros(parts), means, scales, np.zeros((0, width)))
    if model == "constant":
        return start
    base = risk(rows.happens)
    centre = base.mean()
    design = np.column_stack([np.ones(len(base)), base - centre])
    penalty = np.full(2, BASE_PENALTY)
    if model in FEATURE_PENALTIES:
        design = np.hstack([design, standardized(rows.matrix, means, scales)])
        penalty = np.concatenate([penalty, np.full(width, FEATURE_PENALTIES[model])])
    offsets = start.constant_hazards(rows.happens)
    found = np.empty((parts, design.shape[1]))
    for part in range(parts):
        at_risk = (rows.part == 0) | (rows.part > part)
        event = (rows.part[at_risk] == part + 1).astype(np.float64)
        found[part] = _ridge(design[at_risk], event, offsets[at_risk, part], penalty)
    weights = found[:, 2:] if model in FEATURE_PENALTIES else start.weights
    return Horizons(label, found[:, 0] - found[:, 1] * centre, found[:, 1], means, scales, weights)


def _ridge(design: Floats, event: Floats, offset: Floats, penalty: Floats) -> Floats:
    """Coefficients of a logistic regression with an offset and a ridge penalty; shape (columns,).

    Args:
        design: shape (rows, columns).
        event: 0 or 1, shape (rows,).
        offset: log-odds that the coefficients are added to, shape (rows,).
        penalty: of each squared coefficient, halved; shape (columns,).
    """
    from scipy.optimize import minimize

    def loss(coefficients: Floats) -> tuple[float, Floats]:
        log_odds = design @ coefficients + offset
        value = np.logaddexp(0.0, log_odds).sum() - event @ log_odds + 0.5 * (penalty @ coefficients**2)
        return float(value), design.T @ (sigmoid(log_odds) - event) + penalty * coefficients

    found: Floats = minimize(loss, np.zeros(design.shape[1]), jac=True, method="L-BFGS-B").x
    return found


def _held_out_losses(label: HorizonLabel, rows: HorizonRows, random: np.random.Generator) -> dict[Model, Floats]:
    """For each model the log loss of each row, averaged over the times; (rows,). Customers are held out whole."""
    customer = np.arange(len(rows.part)) if rows.customer is None else rows.customer
    fold = random.permutation(int(customer.max(initial=0)) + 1)[customer] % FOLDS
    found: dict[Model, Floats] = {model: np.empty(len(rows.part)) for model in MODELS}
    for held in (fold == number for number in range(FOLDS)):
        inside = rows.take(held)
        for model, losses in found.items():
            losses[held] = _losses(fit(label, rows.take(~held), model), inside)
    return found


def _losses(horizons: Horizons, rows: HorizonRows) -> Floats:
    """The log loss of each row, averaged over the times before the horizon; (rows,)."""
    within = rows.happens[:, None] * horizons.distribution(rows.matrix, rows.happens)[:, :-1]
    times = np.arange(1, within.shape[1] + 1)
    happened = (rows.part[:, None] > 0) & (rows.part[:, None] <= times)
    likelihood = np.clip(np.where(happened, within, 1.0 - within), np.finfo(np.float64).eps, 1.0)
    return np.asarray(-np.log(likelihood).mean(axis=1))


def _simplest(losses: dict[Model, Floats], customer: NDArray[np.int64] | None) -> Model:
    """The first model whose mean loss is within a standard error, of the difference, of the lowest."""
    best = min(losses, key=lambda model: float(losses[model].mean()))
    for model, values in losses.items():
        difference = values - losses[best]
        if model == best or difference.mean() <= standard_error(difference, customer):
            return model
    return best
