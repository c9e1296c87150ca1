"""What the rows of an evaluation are called on its pages: customers, or rows where a customer has several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def unit(evaluation: Mapping[str, Any]) -> str:
    """``customers``, or ``rows`` where the test part has several a customer."""
    # Records from before there were panels do not say what was resampled.
    return "rows" if evaluation["bootstrap"].get("by") == "customer" else "customers"


def tested(evaluation: Mapping[str, Any]) -> str:
    """Size of the test part: ``1,057 customers``, or ``180 rows of 60 customers``."""
    rows = f"{evaluation['test']['rows']:,} {unit(evaluation)}"
    return rows if unit(evaluation) == "customers" else f"{rows} of {evaluation['bootstrap']['customers']:,} customers"
