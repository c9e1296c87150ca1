"""The rollout's ConfigMap: plan and state, the operator's request, the replay's outcome, the history.

The controller writes state and history and takes requests out; operators put requests in; a replay its outcome.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from rollout.observation import Replay, Request
from rollout.spec import Document
from rollout.state import Plan, State, load

STATE_KEY = "rollout.json"
REQUEST_KEY = "request.json"
HISTORY_KEY = "history.jsonl"
REPLAY_KEY = "replay.json"


@dataclass(frozen=True)
class Stored:
    """The rollout's ConfigMap, read."""

    document: Document
    plan: Plan
    state: State
    request: Request | None
    asked_by: str
    replay: Replay | None
    history: str

    @classmethod
    def read(cls, document: Document | None) -> Stored | None:
        """None if there has never been a rollout.

        Raises:
            DataError: if it cannot be understood.
        """
        data = (document or {}).get("data") or {}
        if document is None or STATE_KEY not in data:
            return None
        plan, state = load(data[STATE_KEY])
        asked = json.loads(data.get(REQUEST_KEY) or "{}")
        replayed = json.loads(data.get(REPLAY_KEY) or "{}")
        return cls(
            document=document,
            plan=plan,
            state=state,
            request=Request(asked["request"]) if asked else None,
            asked_by=f"{asked['who']}: {asked['why']}" if asked else "",
            replay=Replay(replayed["ok"], replayed["summary"]) if replayed.get("rollout") == plan.rollout else None,
            history=data.get(HISTORY_KEY, ""),
        )


def request_json(request: Request, who: str, why: str) -> str:
    """An operator's request, as it is stored."""
    return json.dumps({"request": str(request), "who": who, "why": why})


def replay_json(plan: Plan, replay: Replay) -> str:
    """A replay's outcome, as it is stored; it counts for this rollout only."""
    return json.dumps({"rollout": plan.rollout, "ok": replay.ok, "summary": replay.summary})
