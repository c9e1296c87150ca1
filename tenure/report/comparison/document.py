"""The comparison as JSON: what the page shows, and ``--json`` prints."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tenure.errors import InputError
from tenure.report.comparison.contracts import contract_changes
from tenure.report.comparison.drift import drift
from tenure.report.comparison.paired import Paired, paired
from tenure.report.comparison.side import Side
from tenure.stats.bootstrap import Estimate
from tenure.tasks import DEFAULT

FORMAT = 1

NO_DECISION = ("family", "bundle_version")
"""Keys of ``chosen`` that say which model it is."""

Json = dict[str, Any]


def compare(first: Side, second: Side) -> Json:
    """Compare two evaluations; every difference is second less first.

    Raises:
        InputError: they are of different tasks.
    """
    one, other = first.evaluation, second.evaluation
    tasks = [evaluation.get("task", DEFAULT) for evaluation in (one, other)]
    if tasks[0] != tasks[1]:
        raise InputError(f"{first.name} is a {tasks[0]} and {second.name} a {tasks[1]}: they cannot be compared")
    together = paired(first, second)
    drifted, no_drift = drift(first, second)
    changes = None
    if first.bundle is not None and second.bundle is not None:
        changes = contract_changes(first.bundle.contract, second.bundle.contract)
    return {
        "format": FORMAT,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "task": tasks[0],
        "first": _side(first),
        "second": _side(second),
        "contract": {
            "same": one["versions"]["contract_hash"] == other["versions"]["contract_hash"],
            "changes": changes,
        },
        "data": {
            "same": one["versions"]["data_hash"] == other["versions"]["data_hash"],
            "rows": [
                {"part": part, "first": one["rows"].get(part), "second": other["rows"].get(part)}
                for part in dict.fromkeys((*one["rows"], *other["rows"]))
            ],
            "drift": drifted,
            "no_drift": no_drift,
        },
        "families": _families(one, other),
        "parameters": _parameters(one, other),
        "paired": {"rows": together.rows, "why_not": together.why_not},
        "metrics": _metrics(one["metrics"], other["metrics"], together),
        "decision": [
            row for row in _changed(*map(_scalars, (one["chosen"], other["chosen"]))) if row["key"] not in NO_DECISION
        ],
        "importance": _importance(one["importance"], other["importance"]),
    }


def _side(side: Side) -> Json:
    evaluation = side.evaluation
    return {
        "name": side.name,
        "dataset": evaluation["name"],
        "created_at": evaluation["created_at"],
        "family": evaluation["chosen"]["family"],
        "verdict": evaluation["verdict"],
        "test_rows": evaluation["test"]["rows"],
        "versions": {
            name: evaluation["versions"].get(name) for name in ("bundle_version", "data_hash", "contract_hash")
        },
    }


def _families(one: Json, other: Json) -> list[Json]:
    """Scores of each family in cross-validation and on the test part, by the objective of training."""
    found: dict[str, Json] = {}
    for place, evaluation in (("first", one), ("second", other)):
        objective = evaluation["training"]["objective"]
        for row in evaluation["families"]:
            entry = found.setdefault(row["family"], {"family": row["family"], "first": None, "second": None})
            entry[place] = {
                "chosen": row["chosen"],
                "objective": objective,
                "cv_mean": row["cv_mean"],
                "test": row["metrics"].get(objective),
            }
    return list(found.values())


def _parameters(one: Json, other: Json) -> list[Json]:
    """Parameters of every family that both searched in which its best trials differ."""
    before, after = (
        {entry["family"]: entry.get("parameters", {}) for entry in evaluation["training"]["leaderboard"]}
        for evaluation in (one, other)
    )
    return [
        {"family": family, **change}
        for family in after
        if family in before
        for change in _changed(before[family], after[family])
    ]


def _metrics(one: Mapping[str, Json], other: Mapping[str, Json], together: Paired) -> list[Json]:
    """Every metric of both, on each its own test part; the difference paired where it can be."""
    found = []
    for name in other:
        if name not in one:
            continue
        is_paired = name in together.differences
        difference = together.differences[name] if is_paired else _unpaired(one[name], other[name])
        found.append(
            {
                "metric": name,
                "first": one[name],
                "second": other[name],
                "difference": difference.to_json(),
                "paired": is_paired,
            }
        )
    return found


def _unpaired(one: Json, other: Json) -> Estimate:
    """The difference of two independent estimates, from their intervals (Zou and Donner 2008, "Construction of
    confidence limits about effect measures: a general approach", the method MOVER)."""
    if one["value"] is None or other["value"] is None:
        return Estimate(None, None, None)
    difference = other["value"] - one["value"]
    if any(end is None for estimate in (one, other) for end in (estimate["low"], estimate["high"])):
        return Estimate(difference, None, None)
    below = math.hypot(other["value"] - other["low"], one["high"] - one["value"])
    above = math.hypot(other["high"] - other["value"], one["value"] - one["low"])
    return Estimate(difference, difference - below, difference + above)


def _scalars(chosen: Json, path: str = "") -> Json:
    """Texts and numbers of the decision by their path; lists as they are."""
    found: Json = {}
    for name, value in chosen.items():
        place = f"{path}.{name}" if path else name
        if isinstance(value, dict):
            found |= _scalars(value, place)
        else:
            found[place] = value
    return found


def _changed(one: Json, other: Json) -> list[Json]:
    return [
        {"key": key, "first": one.get(key), "second": other.get(key)}
        for key in dict.fromkeys((*one, *other))
        if one.get(key) != other.get(key)
    ]


def _importance(one: list[Json], other: list[Json]) -> list[Json]:
    """Each column's importance in both, and its rank from 1, the largest first; None where a model lacks the column."""
    before, after = (
        {
            row["column"]: {"rank": rank, "drop": row["drop"], "low": row["low"], "high": row["high"]}
            for rank, row in enumerate(rows, 1)
        }
        for rows in (one, other)
    )
    columns = dict.fromkeys((*after, *before))
    found = [{"column": column, "first": before.get(column), "second": after.get(column)} for column in columns]
    return sorted(found, key=lambda row: -max(side["drop"] for side in (row["first"], row["second"]) if side))
