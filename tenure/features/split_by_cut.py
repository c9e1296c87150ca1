"""The split of a panel by cut, with an embargo: cuts whose labels are known only after the next part begins.

What a customer does in days that two horizons share is part of the label at both cuts: a model would be tested on what
it was taught (Lopez de Prado 2018, "Advances in Financial Machine Learning", section 7.4).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tenure.contract.assembly import Assembly
from tenure.contract.cuts import Rolling
from tenure.contract.durations import Duration
from tenure.errors import DataError
from tenure.features.cuts import label_end
from tenure.features.instants import instant_of, local

EMBARGO = -1
"""Place of a row that is in no part."""

Moments = NDArray[np.datetime64]


def label_ends(assembly: Assembly, cuts: Moments) -> Moments:
    """What the clock shows when the labels of cuts are known; both of shape (cuts,)."""
    shown = cuts.astype("datetime64[us]").tolist()
    ends = [local(label_end(assembly, instant_of(cut, assembly.zone)), assembly.zone) for cut in shown]
    return np.array(ends, dtype="datetime64[us]")


def parts_of_cuts(
    assembly: Assembly, cuts: Moments, rows: NDArray[np.int64], shares: tuple[float, ...]
) -> NDArray[np.int8]:
    """The part of each cut, or ``EMBARGO``; shape (cuts,).

    Of all divisions without an empty part, that with the shares of rows nearest to ``shares``; of several, the one
    that keeps most rows.

    Args:
        assembly: with the label.
        cuts: in ascending order, at least three.
        rows: of each cut.
        shares: of training, validation and test.

    Raises:
        DataError: the cuts are too few.
    """
    # How many cuts, from the first on, have labels that are known when each cut begins.
    known = np.searchsorted(label_ends(assembly, cuts), cuts.astype("datetime64[us]"), side="right")
    before = np.append(0, np.cumsum(rows))
    validation, test = np.meshgrid(np.arange(len(cuts)), np.arange(len(cuts)), indexing="ij")
    sizes = np.stack([before[known[validation]], before[known[test]] - before[validation], before[-1] - before[test]])
    possible = (known[validation] > 0) & (known[test] > validation) & (sizes > 0).all(axis=0)
    if not possible.any():
        raise DataError(too_few(assembly, cuts))
    kept = sizes.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        distance = np.abs(sizes / kept - np.reshape(shares, (3, 1, 1))).sum(axis=0)
    order = np.lexsort((-kept[possible], np.round(distance[possible], 9)))
    begins = validation[possible][order[0]], test[possible][order[0]]
    found = np.full(len(cuts), EMBARGO, dtype=np.int8)
    found[: known[begins[0]]] = 0
    found[begins[0] : known[begins[1]]] = 1
    found[begins[1] :] = 2
    return found


def overlap(assembly: Assembly, cuts: Moments) -> int:
    """Largest number of later cuts that lie before the label of a cut is known."""
    ends = label_ends(assembly, cuts)
    after = np.searchsorted(cuts.astype("datetime64[us]"), ends, side="left")
    return int((after - np.arange(len(cuts)) - 1).max(initial=0))


def too_few(assembly: Assembly, cuts: Moments) -> str:
    """Why cuts cannot be divided, and what to do."""
    reach = assembly.label.reach.astype("timedelta64[us]")
    step = np.diff(cuts.astype("datetime64[us]")).min(initial=reach)
    needed = 3 + 2 * (-(-reach // step) - 1)
    advice = f"cuts at least {_reach(assembly)} apart"
    if isinstance(assembly.cuts, Rolling):
        advice = f"'count: {needed}' under 'cuts'"
    return (
        f"{len(cuts)} cuts cannot be divided into training, validation and test: the label of a cut is known "
        f"{_reach(assembly)} later, when the next part must not have begun. It takes {advice}, or 'by: customer' under "
        "'split'"
    )


def _reach(assembly: Assembly) -> str:
    parts = (assembly.label.gap, assembly.label.horizon, assembly.label.grace)
    whole = (Duration(days=sum(part.days for part in parts)), Duration(microseconds=sum(p.microseconds for p in parts)))
    return " and ".join(str(part) for part in whole if part != Duration())
