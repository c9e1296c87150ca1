"""What people and pipelines request of the controller, and its answers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from rollout.evidence.replay import Replay
from rollout.limits import Limits
from tenure.errors import BusyError, InputError, TenureError, VerdictError

START, REPLAY = "start", "replay"
"""The actions of pipelines; those of operators are ``rollout.policy.observation.Request``."""

REFUSALS: dict[str, type[TenureError]] = {"Invalid": InputError, "Busy": BusyError, "RolledBack": VerdictError}
"""The error that each reason of a refusal stands for."""


class Phase(StrEnum):
    """The phase of a request that the controller has seen."""

    WAITING = "Waiting"
    ACCEPTED = "Accepted"
    REFUSED = "Refused"


@dataclass(frozen=True)
class StartRequest:
    """A rollout that an operator or the deploy step requests.

    version: the registry's number, or any text that names the version. canary: the canary predictor's name.
    storage_uri: the bundle of that exact version. shadow: whether a replay must pass before any traffic.
    who, why: for the history. once: not if the version's last rollout was rolled back.
    """

    version: str
    canary: str
    storage_uri: str
    model: str
    limits: Limits
    shadow: bool
    who: str
    why: str
    once: bool = False

    def to_json(self) -> dict[str, Any]:
        """The ``spec.start`` of a request object."""
        return {
            "version": self.version,
            "canary": self.canary,
            "storageUri": self.storage_uri,
            "model": self.model,
            "shadow": self.shadow,
            "once": self.once,
            **({"limits": changed} if (changed := self.limits.changed()) else {}),
        }


@dataclass(frozen=True)
class Answer:
    """The controller's answer to a request.

    reason: a key of ``REFUSALS`` for a refusal, else "". rollout: the one that was started or changed.
    audited: whether request and answer are in the audit.
    """

    phase: Phase
    message: str = ""
    reason: str = ""
    rollout: str = ""
    audited: bool = False

    @property
    def final(self) -> bool:
        """Whether the request is accepted or refused."""
        return self.phase is not Phase.WAITING

    def to_json(self) -> dict[str, Any]:
        """The ``status`` of a request object."""
        return {**asdict(self), "phase": str(self.phase), "message": self.message[:2000]}

    @classmethod
    def refusal(cls, error: TenureError) -> Answer:
        """The refusal that says why."""
        reason = next(name for name, kind in REFUSALS.items() if isinstance(error, kind))
        return cls(Phase.REFUSED, str(error), reason)


@dataclass(frozen=True)
class RolloutRequest:
    """A request object.

    uid: the API server's, unique over time. created_at: UTC, ISO 8601.
    requested_by: the author, whom the API server has authenticated, and for whom, by the author's own words, if given.
    rollout: which is meant, "" for a start. answer: None as long as the controller has not seen it.
    """

    name: str
    uid: str
    created_at: str
    action: str
    requested_by: str
    reason: str
    rollout: str
    spec: dict[str, Any]
    answer: Answer | None

    @property
    def pending(self) -> bool:
        """Whether the controller still has to carry the request out."""
        return self.answer is None or not self.answer.final

    @property
    def words(self) -> str:
        """The author and the reason."""
        return f"{self.requested_by}: {self.reason}"

    def start(self) -> StartRequest:
        """The rollout that is requested, if the action is ``START``.

        Raises:
            InputError: a limit is out of its range.
        """
        given = self.spec["start"]
        return StartRequest(
            version=given["version"],
            canary=given["canary"],
            storage_uri=given["storageUri"],
            model=given["model"],
            limits=Limits.from_json(given.get("limits", {})),
            shadow=bool(given.get("shadow")),
            who=self.requested_by,
            why=self.reason,
            once=bool(given.get("once")),
        )

    def replay(self) -> Replay:
        """The replay's outcome, if the action is ``REPLAY``."""
        return Replay(bool(self.spec["replay"]["ok"]), str(self.spec["replay"]["summary"]))

    @classmethod
    def from_json(
        cls, name: str, uid: str, created_at: str, spec: dict[str, Any], status: dict[str, Any]
    ) -> RolloutRequest:
        """A request object's content.

        Args:
            name, uid, created_at: of its metadata.
            spec, status: its own.
        """
        behalf = str(spec.get("onBehalfOf") or "")
        answer = None
        if status.get("phase"):
            values = {key: status[key] for key in ("message", "reason", "rollout", "audited") if key in status}
            answer = Answer(Phase(status["phase"]), **values)
        return cls(
            name=name,
            uid=uid,
            created_at=created_at,
            action=str(spec["action"]),
            requested_by=str(spec["requestedBy"]) + (f" for {behalf}" if behalf else ""),
            reason=str(spec.get("reason") or ""),
            rollout=str(spec.get("rollout") or ""),
            spec=spec,
            answer=answer,
        )


def request_spec(action: str, *, who: str, why: str, rollout: str = "", **content: dict[str, Any]) -> dict[str, Any]:
    """The ``spec`` of a request object, without service and author.

    Args:
        who: on whose behalf, "" for the author's own.
        why: the reason.
        rollout: which is meant, "" for a start.
        content: ``start`` or ``replay``, where the action has it.
    """
    values = {"onBehalfOf": who[:200], "reason": why[:1000], "rollout": rollout}
    return {"action": action, **{key: value for key, value in values.items() if value}, **content}
