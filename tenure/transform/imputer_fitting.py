"""Fits the imputers that a contract asks for on a sample of the training part."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tenure.contract import Contract
from tenure.contract.columns import Impute
from tenure.contract.monotone import directions
from tenure.contract.values import Floats
from tenure.transform.fitting import Tables
from tenure.transform.imputation import Chained, Equation, Imputer, Neighbours
from tenure.transform.state import Number
from tenure.transform.target_statistics import LARGEST
from tenure.transform.transform import Transform

NEIGHBOURS = 5
DONORS = 500
"""Rows that are kept to find neighbours in."""
SAMPLE_ROWS = 10_000
"""Rows that equations are fitted to."""
ROUNDS = 5
PENALTY = 1.0
"""Of the squared weights of standardized predictors, beside the sum of squared errors."""


def fit_imputers(contract: Contract, tables: Tables, transform: Transform) -> Transform:
    """``transform`` with imputers of the numbers for which the contract asks for one and that may be missing.

    A monotone feature is no predictor: values of others that rise or fall with it could outweigh it.

    Args:
        tables: reads the training part.
        transform: fitted on it, with medians.
    """
    from tenure.stats.row_sample import Sample  # imports pyarrow, which a server need not load

    targets = _targets(contract, transform)
    if not targets:
        return transform
    kept = directions(contract)
    numbers = [encoding for encoding in transform.state.encodings if isinstance(encoding, Number)]
    predictors = [encoding for encoding in numbers if encoding.name not in kept]
    sample = Sample(SAMPLE_ROWS)
    for batch in tables(transform.inputs):
        sample.add(batch)
    values = transform.values({name: sample.rows.column(name) for name in transform.inputs})
    columns: dict[str, Floats] = {
        encoding.name: np.clip(np.asarray(values[encoding.name]), -LARGEST, LARGEST) for encoding in numbers
    }
    imputers: list[Imputer] = []
    for method, fit in (("knn", _neighbours), ("iterative", _chained)):
        wanted = [encoding for encoding in numbers if targets.get(encoding.name) == method]
        # A number is not imputed by itself.
        if wanted and {encoding.name for encoding in predictors} - {wanted[0].name}:
            imputers.append(fit(columns, wanted, predictors))
    return Transform(replace(transform.state, imputers=tuple(imputers)))


def _targets(contract: Contract, transform: Transform) -> dict[str, Impute]:
    """The method of each number that is not to be imputed by its median and that may be missing, by name."""
    found: dict[str, Impute] = {}
    for encoding in transform.state.encodings:
        name = encoding.name
        if not isinstance(encoding, Number) or contract.feature_type(name) != "number":
            continue
        column = contract.inputs.get(name)
        method = (None if column is None else column.impute) or contract.features.impute
        may_be_missing = column is not None and (column.nullable or not column.required)
        if method != "median" and (encoding.missing_flag or may_be_missing):
            found[name] = method
    return found


def _neighbours(columns: dict[str, Floats], targets: list[Number], predictors: list[Number]) -> Neighbours:
    random = np.random.default_rng(0)
    rows = len(columns[targets[0].name])
    chosen = np.sort(random.permutation(rows)[:DONORS])
    names = tuple(encoding.name for encoding in predictors)
    return Neighbours(
        targets=tuple(encoding.name for encoding in targets),
        predictors=names,
        scales=tuple(_spread(columns[name]) for name in names),
        donors=_rows([columns[name][chosen] for name in names]),
        values=_rows([columns[encoding.name][chosen] for encoding in targets]),
        count=NEIGHBOURS,
    )


def _chained(columns: dict[str, Floats], targets: list[Number], predictors: list[Number]) -> Chained:
    names = [encoding.name for encoding in predictors]
    own = {name: index for index, name in enumerate(names)}
    scales = np.array([_spread(columns[name]) for name in names])
    current = np.column_stack(
        [np.where(np.isnan(columns[each.name]), each.impute, columns[each.name]) for each in predictors]
    )
    low, high = zip(*(_range(columns[each.name], each.impute) for each in targets), strict=True)
    rounds: list[tuple[Equation, ...]] = []
    for _ in range(ROUNDS):
        equations = []
        for index, target in enumerate(targets):
            value = columns[target.name]
            others = np.array([place for place, name in enumerate(names) if name != target.name], dtype=np.intp)
            known = ~np.isnan(value)
            weights = np.zeros(len(names))
            intercept = target.impute
            if known.any():
                weights[others], intercept = _ridge(current[np.ix_(known, others)], value[known], scales[others])
            equations.append(Equation(intercept, tuple(weights.tolist())))
            if target.name in own:
                computed = np.clip(intercept + current @ weights, low[index], high[index])
                current[~known, own[target.name]] = computed[~known]
        rounds.append(tuple(equations))
    return Chained(tuple(each.name for each in targets), tuple(names), low, high, tuple(rounds))


def _ridge(matrix: Floats, value: Floats, scales: Floats) -> tuple[Floats, float]:
    """Weights and intercept of a ridge regression whose penalty is of the weights on the scales, shape (p,)."""
    mean, level = matrix.mean(axis=0), float(value.mean())
    scaled = (matrix - mean) / scales
    normal = scaled.T @ scaled + PENALTY * np.eye(len(scales))
    weights: Floats = np.linalg.solve(normal, scaled.T @ (value - level)) / scales
    return weights, level - float(mean @ weights)


def _spread(values: Floats) -> float:
    """Standard deviation of the known values; 1 if there is none."""
    known = values[~np.isnan(values)]
    found = float(known.std()) if len(known) and known.min() < known.max() else 1.0
    return found if 0.0 < found < np.inf else 1.0


def _range(values: Floats, without: float) -> tuple[float, float]:
    known = values[~np.isnan(values)]
    return (float(known.min()), float(known.max())) if len(known) else (without, without)


def _rows(columns: list[NDArray[np.float64]]) -> tuple[tuple[float | None, ...], ...]:
    return tuple(
        tuple(None if value != value else value for value in row)  # noqa: PLR0124 NaN is what differs from itself
        for row in np.column_stack(columns).tolist()
    )
