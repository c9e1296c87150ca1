"""What leaves a trace outside the cluster's state: Events, the audit's entries, the outcome in the registry."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from rollout.audit.entry import Entry
from rollout.audit.table import Audit
from rollout.loop.history import Row, iso
from rollout.policy.request import Answer, RolloutRequest
from rollout.policy.request import Phase as Answered
from rollout.policy.state import Phase, Plan, State
from rollout.registry import Registry
from rollout.traffic.cluster import Cluster
from rollout.traffic.inference_service import Document
from tenure.errors import InputError, SourceError, TenureError

RETRY_S = 30.0


class Recorder:
    """Posts Events and appends to the audit.

    The rollout goes on without an Event. What cannot be appended to the audit now is appended at a later look, and an
    audit that has failed is left alone for ``RETRY_S``, so that waiting for it does not cost the Lease.

    Args:
        cluster: of the service.
        audit: None records nothing.
        clock: monotonic seconds.
        log: of the controller.
    """

    def __init__(
        self, cluster: Cluster, audit: Audit | None, clock: Callable[[], float], log: Callable[..., Any]
    ) -> None:
        self._cluster = cluster
        self._audit = audit
        self._log = log
        self._clock = clock
        self._identity = ""
        self._failure: tuple[float, SourceError] | None = None

    def check(self) -> None:
        """Check that the audit can be appended to.

        Raises:
            SourceError: it cannot.
        """
        if self._audit is None:
            return
        if self._failure is not None and self._clock() - self._failure[0] < RETRY_S:
            raise self._failure[1]
        try:
            self._audit.check()
        except SourceError as error:
            self._failure = (self._clock(), error)
            raise

    def post(self, rows: Iterable[Row], known: int, isvc: Document) -> None:
        """Post the Events of the rows whose number is larger than ``known``."""
        for row in rows:
            if row.number > known:
                self._post(
                    row.event_name,
                    isvc,
                    warning=row.warning,
                    reason=row.event_reason,
                    message=row.reason,
                    time=row.time,
                )

    def audit(self, rows: Iterable[Row], known: int) -> int:
        """Append the rows whose number is larger than ``known``; returns the number of the last in the audit."""
        for row in rows:
            if row.number > known:
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
                known = row.number
        return known

    def post_request(self, request: RolloutRequest, answer: Answer, now: float) -> None:
        """Log and post a final answer at ``now`` (seconds since the epoch)."""
        said = f"{request.action} requested by {request.words}" + (f": {answer.message}" if answer.message else "")
        self._log("request", name=request.name, phase=str(answer.phase), message=said)
        refused = answer.phase is Answered.REFUSED
        try:
            isvc = self._cluster.isvc()
        except TenureError as error:
            self._log("error", type=type(error).__name__, message=f"Event not posted: {error}")
        else:
            reason = f"RolloutRequest{answer.phase}"
            self._post(request.name, isvc, warning=refused, reason=reason, message=said, time=iso(now))

    def audit_request(self, request: RolloutRequest, answer: Answer, now: float) -> bool:
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

    def record_outcome(self, registry: Registry, plan: Plan, state: State) -> None:
        """Record a rollout's outcome in the registry.

        Raises:
            SourceError: the registry is down or fails.
        """
        try:
            if state.phase is Phase.PROMOTED:
                registry.record_promotion(plan.model, plan.version, who=plan.who, why=plan.why or state.reason)
            else:
                registry.record_rollback(plan.model, plan.version, why=state.reason)
        except InputError as error:
            # The version is not in the registry (start --storage-uri): another attempt would fail in the same way.
            self._log("error", type=type(error).__name__, message=f"the registry was not updated: {error}")

    def _post(self, name: str, isvc: Document, *, warning: bool, reason: str, message: str, time: str) -> None:
        try:
            self._cluster.post_event(name, isvc, warning=warning, reason=reason, message=message, time=time)
        except (SourceError, InputError) as error:
            # Log and history have it too.
            self._log("error", type=type(error).__name__, message=f"Event not posted: {error}")

    def _appended(self, entry: Entry) -> bool:
        if self._audit is None:
            return True
        if self._failure is not None and self._clock() - self._failure[0] < RETRY_S:
            return False
        try:
            self._identity = self._identity or self._cluster.requests.identity()
            self._audit.append(entry if entry.who else entry.by(self._identity))
        except SourceError as error:
            self._failure = (self._clock(), error)
            self._log("error", type=type(error).__name__, message=f"not in the audit yet: {entry.key}: {error}")
            return False
        self._failure = None
        return True
