"""The rollout's ConfigMap: plan and state, the operator's request, the replay's outcome, the history.

The controller writes state and history and removes requests; operators write requests; a replay writes its outcome.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from rollout.evidence.replay import Replay
from rollout.policy.observation import Request
from rollout.policy.state import Plan, State, load
from rollout.traffic.inference_service import Document

STATE_KEY = "rollout.json"
REQUEST_KEY = "request.json"
HISTORY_KEY = "history.jsonl"
REPLAY_KEY = "replay.json"


@dataclass(frozen=True)
class Stored:
    """The content of the rollout's ConfigMap.

    request: the operator's pending one. requested_by: the operator's name and reason, "" without a request.
    """

    document: Document
    plan: Plan
    state: State
    request: Request | None
    requested_by: str
    replay: Replay | None
    history: str

    @classmethod
    def read(cls, document: Document | None) -> Stored | None:
        """The content of ``document``; None if there has not been a rollout yet.

        Raises:
            DataError: the plan or state is not valid.
        """
        data = (document or {}).get("data") or {}
        if document is None or STATE_KEY not in data:
            return None
        plan, state = load(data[STATE_KEY])
        requested = json.loads(data.get(REQUEST_KEY) or "{}")
        replayed = json.loads(data.get(REPLAY_KEY) or "{}")
        return cls(
            document=document,
            plan=plan,
            state=state,
            request=Request(requested["request"]) if requested else None,
            requested_by=f"{requested['who']}: {requested['why']}" if requested else "",
            replay=Replay(replayed["ok"], replayed["summary"]) if replayed.get("rollout") == plan.rollout else None,
            history=data.get(HISTORY_KEY, ""),
        )


def request_json(request: Request, who: str, why: str) -> str:
    """An operator's request, as it is stored."""
    return json.dumps({"request": str(request), "who": who, "why": why})


def replay_json(plan: Plan, replay: Replay) -> str:
    """A replay's outcome, as it is stored; it is valid for this rollout only."""
    return json.dumps({"rollout": plan.rollout, "ok": replay.ok, "summary": replay.summary})
