"""What a command says that waits for a rollout."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from test_rollout_documents import PLAN, STATE

from rollout.commands import watching
from rollout.policy.state import Phase, State, dump
from rollout.traffic.record import STATE_KEY, Stored
from tenure.errors import InputError, SourceError

PULL = "0 of 1 canary pods are available: p, container c: ImagePullBackOff: back-off"


def waiting_for(states: list[State]) -> Any:
    """A cluster whose rollout is in these states, one a look, and stays in the last."""
    left = list(states)

    def stored() -> dict[str, Any]:
        state = left.pop(0) if len(left) > 1 else left[0]
        return {"metadata": {"resourceVersion": "1"}, "data": {STATE_KEY: dump(PLAN, state)}}

    return SimpleNamespace(service="churn", stored=stored)


def ended(stored: Stored) -> bool:
    return stored.state.phase.ended


def wait(cluster: Any, limit_s: float = 10.0) -> Stored:
    return watching.wait_until(cluster, PLAN, ended, limit_s, lambda: None)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "POLL_S", 0.0)


def test_what_holds_it_up_is_told_once_and_not_at_every_look(capsys: pytest.CaptureFixture[str]) -> None:
    preparing = [replace(STATE, held_reason=held) for held in ("", PULL, f"{PULL} 10s", f"{PULL} 20s", f"{PULL} 40s")]
    last = replace(STATE, phase=Phase.ROLLED_BACK, reason=f"canary not ready for 900 s: {PULL}")
    assert wait(waiting_for([*preparing, last])).state == last
    told = [line.partition("Z  ")[2] for line in capsys.readouterr().out.splitlines()]
    assert told == [
        "preparing, 0 %: ",
        f"preparing, 0 %: {PULL}",
        f"preparing, 0 %: {PULL} 10s",  # other words than before
        f"rolled back, 0 %: canary not ready for 900 s: {PULL}",
    ]


def test_a_rollout_that_another_took_the_place_of_is_not_waited_for() -> None:
    with pytest.raises(InputError, match="another rollout has replaced r"):
        watching.wait_until(SimpleNamespace(service="churn", stored=lambda: None), PLAN, ended, 10.0, lambda: None)


def test_waiting_ends(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SourceError, match=r"churn: still preparing after .*; is a controller running"):
        wait(waiting_for([STATE]), limit_s=0.0)
    assert capsys.readouterr().out.count("preparing") == 1
