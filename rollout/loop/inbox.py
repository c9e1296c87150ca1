"""The requests of people and pipelines: which are carried out, and what each is answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from rollout.loop.recording import Recorder
from rollout.loop.start import NotReady, begin
from rollout.policy.observation import Request
from rollout.policy.request import REPLAY, START, Answer, Phase, RolloutRequest
from rollout.policy.state import Phase as RolloutPhase
from rollout.signatures import BundleCheck
from rollout.traffic.cluster import Cluster
from rollout.traffic.record import Stored
from tenure.errors import BusyError, InputError, SourceError, TenureError, VerdictError

LIFETIME_S = 600.0
"""A request that could not be carried out by then is refused: what was meant then may be wrong now."""

READY_TIMEOUT_S = 90.0
"""A pod is ready within ten seconds of its start, and a node may have to be added for it."""

AT_ONCE = 20
"""The largest number of requests of a kind that are answered or removed at a look, which must not take too long."""

KEPT = 100
"""Number of answered requests that are kept; audit and Events have the older ones."""


class Inbox:
    """Reads the requests of one service and answers them.

    Args:
        cluster: of the service.
        recorder: of the audit.
        prefixes: below which a bundle must be (``rollout.addresses``).
        bundles: verifies the signature of a bundle; None accepts any.
        now: seconds since the epoch.
        clock: monotonic seconds.
        log: of the controller.
    """

    def __init__(
        self,
        cluster: Cluster,
        recorder: Recorder,
        prefixes: Sequence[str],
        bundles: BundleCheck | None,
        *,
        now: Callable[[], float],
        clock: Callable[[], float],
        log: Callable[..., Any],
    ) -> None:
        self._cluster = cluster
        self._recorder = recorder
        self._prefixes = prefixes
        self._bundles = bundles
        self._now = now
        self._clock = clock
        self._log = log
        self._seen_at: dict[str, float] = {}
        self.refused = 0

    def pending(self) -> list[RolloutRequest]:
        """The requests that are to be carried out: operators' first, then oldest first. Old ones are tidied up."""
        found = self._cluster.requests.all()
        answered = [request for request in found if not request.pending]
        for request in answered[: max(0, len(answered) - KEPT)][:AT_ONCE]:
            self._cluster.requests.remove(request)
        missing = [request for request in answered[-KEPT:] if request.answer and not request.answer.audited]
        for request in missing[:AT_ONCE]:
            if request.answer is not None:
                self._answer(request, request.answer)
        late: list[RolloutRequest] = []
        in_time: list[RolloutRequest] = []
        for request in found:
            if request.pending:
                (late if self._age_s(request) > LIFETIME_S else in_time).append(request)
        for request in late[:AT_ONCE]:
            self._refuse(
                request, InputError(f"not carried out within {LIFETIME_S:g} s{_why(request)}; request it again")
            )
        # A pipeline that makes thousands of requests must not keep an operator's abort waiting.
        return sorted(in_time, key=lambda request: request.action in (START, REPLAY))

    def start(self, request: RolloutRequest) -> None:
        """Begin the rollout that a request asks for, or refuse it, or leave it until the service is ready."""
        first_seen = self._seen_at.setdefault(request.uid, self._clock())
        try:
            self._recorder.check()
            plan = begin(self._cluster, request.start(), self._prefixes, self._bundles)
        except NotReady as reason:
            service = self._cluster.service
            if self._clock() - first_seen < READY_TIMEOUT_S:
                self._wait(request, f"waiting for {service}: {reason}")
            else:
                self._refuse(
                    request, InputError(f"{service} is not ready, so there is nothing to compare with: {reason}")
                )
        except SourceError as error:
            self._wait(request, str(error))
        except (InputError, BusyError, VerdictError) as error:
            self._refuse(request, error)
        else:
            rollout = plan.rollout if plan is not None else ""
            self._finish(request, Answer(Phase.ACCEPTED, "" if plan else "serves already", rollout=rollout))

    def following(self, pending: Sequence[RolloutRequest], stored: Stored | None) -> RolloutRequest | None:
        """The first request that changes the present rollout. Those before it that are not possible are refused."""
        for request in [request for request in pending if request.action != START][:AT_ONCE]:
            if stored is not None and stored.progress.handled == request.name:
                self.accept(request)  # a controller was killed between the write and its answer
                continue
            fault = _fault(self._cluster.service, request, stored)
            if fault:
                self._refuse(request, InputError(fault))
                continue
            try:
                if request.action == Request.PROMOTE:
                    self._recorder.check()
            except SourceError as error:
                self._wait(request, str(error))
                continue
            return request
        return None

    def accept(self, request: RolloutRequest) -> None:
        """Answer a request that has been carried out."""
        self._finish(request, Answer(Phase.ACCEPTED, rollout=request.rollout))

    def _refuse(self, request: RolloutRequest, error: TenureError) -> None:
        self.refused += 1
        self._finish(request, Answer.refusal(error))

    def _finish(self, request: RolloutRequest, answer: Answer) -> None:
        self._seen_at.pop(request.uid, None)
        self._answer(request, answer)
        self._recorder.post_request(request, answer, self._now())

    def _answer(self, request: RolloutRequest, answer: Answer) -> None:
        audited = self._recorder.audit_request(request, answer, self._now())
        if request.answer != (answer := replace(answer, audited=audited)):
            self._cluster.requests.answer(request, answer)

    def _wait(self, request: RolloutRequest, reason: str) -> None:
        answer = Answer(Phase.WAITING, reason)
        if request.answer != answer:
            self._log("request", name=request.name, phase=str(answer.phase), message=reason)
            self._cluster.requests.answer(request, answer)

    def _age_s(self, request: RolloutRequest) -> float:
        return self._now() - datetime.fromisoformat(request.created_at).timestamp()


def _fault(service: str, request: RolloutRequest, stored: Stored | None) -> str:
    """Why a request cannot be carried out, in one line; "" if it can."""
    if stored is None or stored.state.phase.ended:
        return f"{service}: no rollout is under way"
    if request.rollout != stored.plan.rollout:
        return f"{service}: {request.rollout} is not under way, but {stored.plan.rollout}"
    phase = stored.state.phase
    if request.action == Request.ABORT and phase is RolloutPhase.PROMOTING:
        return f"{service}: too late to abort: promotion has begun; roll the former version out"
    if request.action == REPLAY and phase not in (RolloutPhase.PREPARING, RolloutPhase.SHADOW):
        return f"{service}: the rollout does not wait for a replay: it is {phase}"
    return ""


def _why(request: RolloutRequest) -> str:
    return f" ({request.answer.message})" if request.answer is not None and request.answer.message else ""
