"""The chosen model's figures on the rows it was fitted to, in training's held-out rows, and on the test part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tenure.stats.bootstrap import Estimate

Json = dict[str, Any]


def parts(
    names: Sequence[str],
    *,
    fitted: Mapping[str, Estimate] | None,
    fitted_rows: int,
    entry: Json,
    test: Mapping[str, Estimate],
) -> list[Json]:
    """A record a metric: ``fitted``, ``held_out`` and ``test``, each an estimate or None.

    Args:
        names: of the metrics.
        fitted: metrics of the shipped model on ``fitted_rows`` of the rows it was fitted to.
        entry: the chosen family's line of the leaderboard; its ``validation`` holds the metrics of held-out rows.
        test: metrics on the test part.
    """
    held_out = entry.get("validation", {})
    return [
        {
            "metric": name,
            "fitted": None if fitted is None or name not in fitted else fitted[name].to_json(),
            "fitted_rows": fitted_rows,
            "held_out": held_out.get(name),
            "test": test[name].to_json(),
        }
        for name in names
        if name in test
    ]
