"""A rollout that another version of the controller has stored is read and written under the same keys."""

from __future__ import annotations

from pathlib import Path

from rollout.evidence.comparison import Comparison, Tally
from rollout.evidence.e_process import EProcess
from rollout.limits import Limits
from rollout.policy.state import Phase, Plan, Stable, State, dump, load

STORED = Path(__file__).with_name("stored_rollout.json")


def test_stored_keys_stay() -> None:
    text = STORED.read_text(encoding="utf-8")
    plan, state = load(text)
    assert plan == Plan(
        rollout="churn-v7-1",
        canary="v7",
        model="churn",
        version="7",
        storage_uri="s3://m/7",
        stable=Stable("", "s3://m/6", 2, None),
        limits=Limits(),
        shadow=False,
        who="ada",
        why="new data",
        started_at=1000.0,
    )
    assert state == State(
        phase=Phase.ROLLED_BACK,
        since=1600.0,
        deadline=22600.0,
        looked_at=1590.0,
        step=1,
        percent=0,
        capacity=4,
        comparison=Comparison(
            processes={"errors": EProcess(0.5, (0.125, 0.25, 1.5, 3.0), 900.0, 9.0)},
            tallies={"errors": Tally(100, 3, 900, 9)},
            requests_c=100,
            requests_s=900,
            slow_s=0.25,
        ),
        reason="aborted by ada: x",
        rows=5,
        held_reason="route carries 25 %",
        events_posted=4,
        registry_updated=True,
    )
    assert dump(plan, state) == text.rstrip("\n")
