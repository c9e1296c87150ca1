"""What the rows of an evaluation are called on its pages: customers, or rows where a customer has several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def unit(evaluation: Mapping[str, Any]) -> str:
    """``customers``, or ``rows`` where a customer has several."""
    # Records from before there were panels do not say what was resampled.
    return "rows" if evaluation["bootstrap"].get("by") == "customer" else "customers"


def tested(evaluation: Mapping[str, Any]) -> str:
    """How many rows were evaluated: ``1,057 customers``, or ``180 rows of 60 customers``."""
    rows = f"{evaluation['test']['rows']:,} {unit(evaluation)}"
    return rows if unit(evaluation) == "customers" else f"{rows} of {evaluation['bootstrap']['customers']:,} customers"


def measured(evaluation: Mapping[str, Any]) -> str:
    """What the evaluated rows are called: ``test customers``, or of a small table ``customers of the table``."""
    of_table = evaluation.get("cross_fitting")
    return f"{unit(evaluation)} of the table" if of_table else f"test {unit(evaluation)}"


def cross_fitted(evaluation: Mapping[str, Any]) -> str:
    """How a small table was evaluated, in sentences; empty where the test part alone was."""
    found = evaluation.get("cross_fitting")
    if not found:
        return ""
    others = "families of models are" if evaluation["champion"] is None else "families of models and the champion are"
    size, rows = f"{found['test_rows']:,} {unit(evaluation)}", tested(evaluation)
    return (
        f"The test part of {size} is too small to decide. So all {rows} were evaluated, by repeated cross-fitting:"
        f" divided into {found['folds']} folds, {found['repeats']} times over, each fold was predicted by a model that"
        " the whole procedure made of the others. The kind of model and its parameters were not chosen anew in them."
        f" The {others} compared on the test part only."
    )
