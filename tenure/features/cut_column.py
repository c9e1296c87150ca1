"""The column that says which instant a row was computed for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from tenure.features.instants import local, midnight


def cut_column(instants: Sequence[int], counts: Sequence[int], zone: str) -> pa.Array:
    """What the clock shows in ``zone`` at each instant, as often as it has rows.

    date32 if all instants are midnights there, otherwise timestamp[us] without a zone.
    """
    shown = [local(instant, zone) for instant in instants]
    if all(instant == midnight(instant, zone) for instant in instants):
        values = pa.array([moment.date() for moment in shown], pa.date32())
    else:
        values = pa.array(shown, pa.timestamp("us"))
    return values.take(pa.array(np.repeat(np.arange(len(shown)), counts)))
