"""A window sees no row from the cut on: one that looks like leakage warns, and an input of another kind stops."""

from __future__ import annotations

import numpy as np
import pytest

from tenure.checks.leakage import Table, check_leakage
from tenure.checks.result import Check
from tenure.contract import parse

ROWS = 600
CONTRACT = """
version: 2
name: log
zone: UTC
tables:
  people:
    kind: entity
    columns: {id: {type: string, role: key}, score: {type: number}}
  visits:
    kind: events
    columns: {who: {type: string, role: key}, at: {type: timestamp, role: time}}
windows:
  visits_{n}: {aggregate: count, for_each: [30, 90], reason: Those who come stay}
derived:
  share: {expression: "visits_30 / max(visits_90, 1)", reason: Of late}
  both: {expression: "visits_30 + score", reason: Mixed}
label: {kind: no_event, horizon: 30 days}
cuts: [2026-01-01]
"""


def found(leaking: str) -> list[Check]:
    """Findings about features of which one is the label."""
    random = np.random.default_rng(0)
    label = (random.random(ROWS) < 0.3).astype(np.int8)
    values = {name: random.normal(size=ROWS) for name in ("score", "visits_30", "visits_90", "share", "both")}
    values[leaking] = label.astype(float)
    checks = check_leakage(parse(CONTRACT), Table(values, label, {}, None))
    return [check for check in checks if check.level != "pass"]


@pytest.mark.parametrize("name", ["visits_30", "share"])
def test_a_window_warns_and_says_what_to_look_at(name: str) -> None:
    (check,) = found(name)
    assert check.level == "warn"
    assert f"'{name}'" in check.message
    assert "known_at" in str(check.advice)


@pytest.mark.parametrize("name", ["score", "both"])
def test_what_is_no_window_alone_stops(name: str) -> None:
    (check,) = found(name)
    assert check.level == "stop"
    assert "role: ignored" in str(check.advice)
