"""The controller: observe, decide, record, act; then again.

The recorded state determines how the cluster should be, so after a controller that was killed between any two writes
the next one reads the state and continues: it writes the spec that the state requires, posts the Events that are
missing and updates the registry.
"""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

from rollout.audit.table import Audit
from rollout.loop import history
from rollout.loop.health import Health
from rollout.loop.inbox import AT_ONCE, Inbox
from rollout.loop.measuring import Metrics, measure
from rollout.loop.recording import Recorder
from rollout.policy import decide as policy
from rollout.policy.decide import Action, Decision
from rollout.policy.observation import Observation, Request
from rollout.policy.request import REPLAY, START, RolloutRequest
from rollout.policy.state import State, dump
from rollout.registry import Registry
from rollout.signatures import BundleCheck
from rollout.traffic import inference_service as spec
from rollout.traffic.cluster import Cluster
from rollout.traffic.connection import Conflict
from rollout.traffic.inference_service import Document
from rollout.traffic.lease import DURATION_S, Leadership
from rollout.traffic.record import HISTORY_KEY, PROGRESS_KEY, REPLAY_KEY, STATE_KEY, Progress, Stored, replay_json
from rollout.traffic.view import view
from tenure.errors import SourceError, TenureError

CONFLICT_RETRIES = 5
IDLE_S = 10.0
"""Time between two looks while no rollout is under way."""


class Controller:
    """Drives the rollouts of one InferenceService.

    Args:
        cluster: of the service.
        metrics: the source of both sides' counts.
        registry: records the outcome; None leaves that to the next controller that has one.
        audit: of requests and decisions; None keeps none.
        prefixes: below which the bundle of a new version must be (``rollout.addresses``); none: anywhere.
        bundles: verifies the signature of the bundle of a new version; None accepts any bundle.
        now: seconds since the epoch.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        cluster: Cluster,
        metrics: Metrics,
        registry: Registry | None,
        *,
        audit: Audit | None = None,
        prefixes: Sequence[str] = (),
        bundles: BundleCheck | None = None,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
        lease_s: float = DURATION_S,
        log: Callable[..., Any] = history.log,
    ) -> None:
        self.cluster = cluster
        self.leadership = Leadership(cluster, clock, lease_s)
        self._metrics = metrics
        self._registry = registry
        self._now = now
        self._log = log
        self._recorder = Recorder(cluster, audit, clock, log)
        self._inbox = Inbox(cluster, self._recorder, prefixes, bundles, now=now, clock=clock, log=log)
        self._look_s = IDLE_S
        self.health = Health(clock, f"{cluster.namespace}/{cluster.service}")

    def look(self) -> State | None:
        """Observe the rollout, decide and act; returns its state afterwards.

        None if there is no rollout, or another controller holds the Lease. Conflicts are retried on a fresh read.

        Raises:
            TenureError: the cluster cannot be reached or refuses a request; the next look completes what was begun.
        """
        for attempt in range(CONFLICT_RETRIES):
            try:
                if not self.leadership.hold():
                    return None
                return self._look()
            except Conflict as conflict:
                self._log("conflict", message=str(conflict), attempt=attempt + 1)
                time.sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311 (jitter)
        raise SourceError(
            f"{self.cluster.record} or its InferenceService changes too often: {CONFLICT_RETRIES} conflicts"
        )

    def run(self, stop: threading.Event) -> None:
        """Look until ``stop`` is set; then release the Lease."""
        self._log("started", identity=self.leadership.identity, service=self.cluster.service, cluster=self.cluster.host)
        try:
            while not stop.is_set():
                try:
                    state = self.look()
                    self.health.refused = self._inbox.refused
                    self.health.looked(state, leader=self.leadership.valid())
                    pause_s = IDLE_S if state is None or state.phase.ended else self._look_s
                    self._wait(stop, min(pause_s, self.leadership.duration_s / 3))
                except TenureError as error:
                    self.health.failed()
                    self._log("error", type=type(error).__name__, message=str(error))
                    stop.wait(min(IDLE_S, self.leadership.duration_s / 3))
        finally:
            # The Lease expires by itself if this fails.
            with contextlib.suppress(TenureError):
                self.leadership.release()
            self._log("stopped", identity=self.leadership.identity)

    def answer_starts(self) -> None:
        """Answer the requests to start a rollout, and nothing else, if no other controller holds the Lease.

        Raises:
            TenureError: the cluster cannot be reached or refuses a request.
        """
        with contextlib.suppress(Conflict):
            if self.leadership.hold():
                self._pending()

    def _pending(self) -> list[RolloutRequest]:
        pending = self._inbox.pending()
        for request in [request for request in pending if request.action == START][:AT_ONCE]:
            self._inbox.start(request)
        return pending

    def _look(self) -> State | None:
        pending = self._pending()
        stored = Stored.read(self.cluster.stored())
        request = self._inbox.following(pending, stored)
        if stored is None:
            return None
        self._look_s = stored.plan.limits.look_s
        recorded = stored.state.registry_updated or self._registry is None
        audited = stored.progress.audited == stored.state.rows
        if stored.state.phase.ended and request is None and recorded and audited:
            return stored.state
        isvc = self.cluster.isvc()
        decision = self._decide(stored, isvc, request)
        stored = self._write(stored, decision, isvc, request)
        if request is not None:
            self._inbox.accept(request)
        self._act(stored, isvc)
        return self._conclude(stored).state

    def _decide(self, stored: Stored, isvc: Document, request: RolloutRequest | None) -> Decision:
        plan, state = stored.plan, stored.state
        replay = request.replay() if request is not None and request.action == REPLAY else stored.replay
        of_operator = request if request is not None and request.action != REPLAY else None
        seen = Observation(
            now=self._now(),
            view=view(self.cluster.objects(isvc, plan), plan, state),
            metrics=measure(self._metrics, self.cluster, plan, state, self._now()),
            request=None if of_operator is None else Request(of_operator.action),
            requested_by="" if of_operator is None else of_operator.words,
            replay=replay,
        )
        self.health.view = seen.view
        return policy.decide(state, seen, plan.limits, shadow=plan.shadow)

    def _write(self, stored: Stored, decision: Decision, isvc: Document, request: RolloutRequest | None) -> Stored:
        """Write state and history in one write; then record the decision.

        Earlier rows are recorded (again) first: a controller may have been killed between a row and its Event.
        """
        before = history.rows_of(stored.history, stored.plan.rollout)
        self._recorder.post(before, stored.state.events_posted, isvc)
        audited = self._recorder.audit(before, stored.progress.audited)
        progress = Progress(stored.progress.handled if request is None else request.name, audited)
        held_reason = decision.reason if decision.action is Action.HOLD else ""
        row = history.row_of(stored.plan, stored.state, decision, self._now(), self.leadership.identity)
        rows = stored.state.rows
        state = replace(decision.state, held_reason=held_reason, rows=rows + (row is not None), events_posted=rows)
        data: dict[str, str | None] = {STATE_KEY: dump(stored.plan, state)}
        if row is not None:
            data[HISTORY_KEY] = history.append(stored.history, row)
        if request is not None and request.action == REPLAY:
            data[REPLAY_KEY] = replay_json(stored.plan, request.replay())
        if progress != stored.progress:
            data[PROGRESS_KEY] = progress.to_json()
        if data[STATE_KEY] != stored.document["data"][STATE_KEY] or len(data) > 1:
            self._check_lease()
            document = self.cluster.store(data, stored.document)
        else:
            document = stored.document
        if row is not None:
            self._log("decision", **asdict(row))
            self._recorder.post([row], 0, isvc)
            self._recorder.audit([*before, row], audited)
        else:
            e_value = float(f"{state.comparison.e_value():.4g}")
            self._log("look", phase=str(state.phase), percent=state.percent, reason=decision.reason, e_value=e_value)
        written = data.get(HISTORY_KEY) or stored.history
        return replace(stored, document=document, state=state, history=written, progress=progress)

    def _act(self, stored: Stored, isvc: Document) -> None:
        """Write the spec that the state requires."""
        if stored.state.phase.ended:
            return
        required = spec.required_spec(isvc, stored.plan, stored.state)
        patch = spec.merge_patch(isvc["spec"], required)
        if patch:
            self._check_lease()
            self.cluster.patch_isvc(patch, isvc["metadata"]["resourceVersion"])
            self._log("patched", phase=str(stored.state.phase), percent=stored.state.percent)

    def _conclude(self, stored: Stored) -> Stored:
        """Record the outcome once it is reached. If registry or audit is down, the next look tries again."""
        plan, state = stored.plan, stored.state
        if not state.phase.ended:
            return stored
        rows = history.rows_of(stored.history, plan.rollout)
        progress = replace(stored.progress, audited=self._recorder.audit(rows, stored.progress.audited))
        if self._registry is not None and not state.registry_updated:
            self._recorder.record_outcome(self._registry, plan, state)
            state = replace(state, registry_updated=True)
        if (state, progress) == (stored.state, stored.progress):
            return stored
        data: dict[str, str | None] = {STATE_KEY: dump(plan, state), PROGRESS_KEY: progress.to_json()}
        return replace(stored, document=self.cluster.store(data, stored.document), state=state, progress=progress)

    def _check_lease(self) -> None:
        if not self.leadership.valid():
            raise SourceError("the look took so long that another controller may hold the Lease; looking again")

    def _wait(self, stop: threading.Event, timeout_s: float) -> None:
        """Wait until the next look is due, a request is made, or ``stop`` is set."""
        if not self.leadership.valid():
            stop.wait(timeout_s)  # another controller answers the requests
            return
        started = time.monotonic()
        try:
            self.cluster.requests.wait_for_new(timeout_s)
            # A request shortens the wait; a watch that ends at once for another reason must not make a busy loop.
            stop.wait(0.2)
        except (TenureError, Conflict):
            stop.wait(max(0.0, timeout_s - (time.monotonic() - started)))
