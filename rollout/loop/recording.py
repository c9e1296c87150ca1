"""Requests and decisions, as they are recorded in the audit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from rollout.audit.entry import Entry
from rollout.audit.table import Audit
from rollout.loop.history import Row, iso
from rollout.policy.request import Answer, RolloutRequest
from tenure.errors import TenureError


class Recorder:
    """Appends to the audit. What cannot be appended now is appended at a later look; the rollout goes on meanwhile.

    Args:
        audit: None records nothing.
        identity: returns the authenticated name of this process.
        log: of the controller.
    """

    def __init__(self, audit: Audit | None, identity: Callable[[], str], log: Callable[..., Any]) -> None:
        self._audit = audit
        self._identity = identity
        self._log = log
        self._known = ""
        self.failures = 0

    def check(self) -> None:
        """Check that the audit can be appended to.

        Raises:
            SourceError: it cannot.
        """
        if self._audit is not None:
            self._audit.check()

    def record_request(self, request: RolloutRequest, answer: Answer, now: float) -> bool:
        """Append a request and its answer at ``now`` (seconds since the epoch); returns whether that worked."""
        content: dict[str, Any] = {key: request.spec[key] for key in ("start", "replay") if key in request.spec}
        entry = Entry(
            key=f"request {request.uid}",
            time=iso(now),
            kind="request",
            who=request.requested_by,
            action=request.action,
            outcome=str(answer.phase).lower(),
            rollout=answer.rollout or request.rollout,
            reason=request.reason,
            details={**content, "answer": answer.message, "name": request.name, "created_at": request.created_at},
        )
        return self._appended(entry)

    def record_decisions(self, rows: Iterable[Row]) -> int:
        """Append rows of a rollout's history, oldest first; returns the number of the last that worked, or 0."""
        last = 0
        for row in rows:
            details = {"version": row.version, "percent": row.percent, "e_value": row.e_value, "process": row.by}
            entry = Entry(
                key=f"decision {row.event_name}",
                time=row.time,
                kind="decision",
                who="",
                action=row.action,
                outcome=row.phase,
                rollout=row.rollout,
                reason=row.reason,
                details=details,
            )
            if not self._appended(entry):
                break
            last = row.number
        return last

    def _appended(self, entry: Entry) -> bool:
        if self._audit is None:
            return True
        try:
            self._known = self._known or self._identity()
            self._audit.append(entry if entry.who else entry.by(self._known))
        except TenureError as error:
            self.failures += 1
            self._log("error", type=type(error).__name__, message=f"not in the audit yet: {entry.key}: {error}")
            return False
        return True
