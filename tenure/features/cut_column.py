"""The column that says which instant a row was computed for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time

import numpy as np
import pyarrow as pa

from tenure.features.instants import local


def cut_column(instants: Sequence[int], counts: Sequence[int], zone: str) -> pa.Array:
    """What the clock shows in ``zone`` at each instant, as often as it has rows.

    date32 if all instants are midnights there, otherwise timestamp[us] without a zone.
    """
    shown = [local(instant, zone) for instant in instants]
    whole_days = all(moment.time() == time() for moment in shown)
    values = pa.array(shown, pa.timestamp("us"))
    return (values.cast(pa.date32()) if whole_days else values).take(pa.array(np.repeat(np.arange(len(shown)), counts)))
