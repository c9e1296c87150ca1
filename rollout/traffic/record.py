"""The rollout's ConfigMap: plan and state, the replay's outcome, the history. The controller alone writes it.

Controllers of other versions read it too: the keys within plan and state stay, and what is new has a key of its own.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from rollout.evidence.replay import Replay
from rollout.policy.state import Plan, State, load
from rollout.traffic.inference_service import Document

STATE_KEY = "rollout.json"
HISTORY_KEY = "history.jsonl"
REPLAY_KEY = "replay.json"
PROGRESS_KEY = "progress.json"


@dataclass(frozen=True)
class Progress:
    """What has been done about a rollout's requests and history.

    handled: name of the last request that was carried out. audited: rows up to this number are in the audit.
    """

    handled: str = ""
    audited: int = 0

    def to_json(self) -> str:
        """The text under ``PROGRESS_KEY``."""
        return json.dumps(asdict(self))


@dataclass(frozen=True)
class Stored:
    """The content of the rollout's ConfigMap."""

    document: Document
    plan: Plan
    state: State
    replay: Replay | None
    history: str
    progress: Progress

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
        replayed = json.loads(data.get(REPLAY_KEY) or "{}")
        return cls(
            document=document,
            plan=plan,
            state=state,
            replay=Replay(replayed["ok"], replayed["summary"]) if replayed.get("rollout") == plan.rollout else None,
            history=data.get(HISTORY_KEY, ""),
            progress=Progress(**json.loads(data.get(PROGRESS_KEY) or "{}")),
        )


def replay_json(plan: Plan, replay: Replay) -> str:
    """A replay's outcome, as it is stored; it is valid for this rollout only."""
    return json.dumps({"rollout": plan.rollout, "ok": replay.ok, "summary": replay.summary})
