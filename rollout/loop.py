"""The controller: look, decide, write down, act. Then the same again.

What is written down is what the cluster has to look like, so a controller that is killed between any two lines is
followed by one that reads the state and goes on: it writes the spec that the state asks for, if it is not there yet,
and tells what has not been told.
"""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any, Protocol

from rollout import history, policy, spec
from rollout.connection import Conflict
from rollout.lease import DURATION_S, Leadership
from rollout.observation import NoData, Observation, Question, Window
from rollout.policy import Action, Decision
from rollout.record import HISTORY_KEY, REQUEST_KEY, STATE_KEY, Stored
from rollout.registry import Registry
from rollout.spec import Document, predictor_object
from rollout.state import Phase, Plan, State, dump
from rollout.traffic import Cluster
from rollout.view import view
from tenure.errors import InputError, SourceError, TenureError

CONFLICT_RETRIES = 5
IDLE_S = 10.0
"""Time between two looks while no rollout is under way."""


class Metrics(Protocol):
    """Where it is counted what both sides did; ``rollout.prometheus.Prometheus`` is one."""

    def observe(self, asked: Question) -> Window | NoData: ...


class Controller:
    """Drives the rollouts of one InferenceService.

    Args:
        cluster: where it runs.
        metrics: who counts.
        registry: whose alias moves; None leaves that to the next controller that has one.
        now: seconds since the epoch.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        cluster: Cluster,
        metrics: Metrics,
        registry: Registry | None,
        *,
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
        self._resource_version = ""
        self._look_s = IDLE_S

    def look(self) -> State | None:
        """One look at the rollout, with what follows from it; its state afterwards.

        None if there is none, or another controller holds the Lease. Conflicts are retried on a fresh read.

        Raises:
            TenureError: if the cluster cannot be asked, or refuses; nothing is half done that the next look would not
                put right.
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
        """Look until ``stop`` is set; then let go of the Lease."""
        self._log("started", identity=self.leadership.identity, service=self.cluster.service, cluster=self.cluster.host)
        try:
            while not stop.is_set():
                try:
                    state = self.look()
                    pause_s = IDLE_S if state is None or state.phase.ended else self._look_s
                except TenureError as error:
                    self._log("error", type=type(error).__name__, message=str(error))
                    pause_s = IDLE_S
                self._wait(stop, min(pause_s, self.leadership.duration_s / 3))
        finally:
            # The Lease runs out by itself if this fails.
            with contextlib.suppress(TenureError):
                self.leadership.release()
            self._log("stopped", identity=self.leadership.identity)

    def _look(self) -> State | None:
        document = self.cluster.stored()
        if document is not None:
            self._resource_version = document["metadata"]["resourceVersion"]
        stored = Stored.read(document)
        if stored is None:
            return None
        self._look_s = stored.plan.limits.look_s
        done = stored.state.told or self._registry is None
        if stored.state.phase.ended and stored.request is None and done:
            return stored.state
        isvc = self.cluster.isvc()
        decision = self._decide(stored, isvc)
        stored = self._write(stored, decision, isvc)
        self._act(stored, isvc)
        return self._tell_registry(stored).state

    def _decide(self, stored: Stored, isvc: Document) -> Decision:
        plan, state = stored.plan, stored.state
        seen = Observation(
            now=self._now(),
            view=view(self.cluster.objects(isvc, plan), plan, state),
            metrics=self._measure(plan, state),
            request=stored.request,
            asked_by=stored.asked_by,
            replay=stored.replay,
        )
        return policy.decide(state, seen, plan.limits, shadow=plan.shadow)

    def _measure(self, plan: Plan, state: State) -> Window | NoData:
        if state.phase not in (Phase.PREPARING, Phase.SHADOW, Phase.RAMPING, Phase.ANALYSING):
            return NoData("not asked")
        need: tuple[str, ...] = ("canary", "stable") if state.percent < 100 else ("canary",)
        if state.percent == 0:
            need = ("stable",)
        asked = Question(
            namespace=self.cluster.namespace,
            canary=predictor_object(self.cluster.service, plan.canary),
            stable=predictor_object(self.cluster.service, plan.stable.name),
            start=state.looked_at,
            now=self._now(),
            stale_s=plan.limits.stale_s,
            need=need,
        )
        return self._metrics.observe(asked)

    def _write(self, stored: Stored, decision: Decision, isvc: Document) -> Stored:
        """State, history and the answered request in one write; then log and Event.

        Events of earlier rows are posted (again) first: whoever wrote a row may have been killed before its Event.
        """
        for earlier in history.rows(stored.history):
            if earlier.rollout == stored.plan.rollout and earlier.number > stored.state.posted:
                self._post(earlier, isvc)
        held = decision.reason if decision.action is Action.HOLD else ""
        row = history.row_of(stored.plan, stored.state, decision, self._now(), self.leadership.identity)
        state = replace(decision.state, held=held, rows=stored.state.rows + (1 if row else 0), posted=stored.state.rows)
        data: dict[str, str | None] = {STATE_KEY: dump(stored.plan, state)}
        if row is not None:
            data[HISTORY_KEY] = history.append(stored.history, row)
        if stored.request is not None:
            data[REQUEST_KEY] = None
        if data[STATE_KEY] != stored.document["data"][STATE_KEY] or len(data) > 1:
            self._check_lease()
            document = self.cluster.store(data, stored.document)
            self._resource_version = document["metadata"]["resourceVersion"]
        else:
            document = stored.document
        if row is not None:
            self._log("decision", **asdict(row))
            self._post(row, isvc)
        else:
            e_value = float(f"{state.comparison.e_value():.4g}")
            self._log("look", phase=str(state.phase), percent=state.percent, reason=decision.reason, e_value=e_value)
        return replace(stored, document=document, state=state, request=None)

    def _act(self, stored: Stored, isvc: Document) -> None:
        """Make the spec what the state asks for."""
        if stored.state.phase.ended:
            return
        wanted = spec.wanted(isvc, stored.plan, stored.state)
        patch = spec.merge_patch(isvc["spec"], wanted)
        if patch:
            self._check_lease()
            self.cluster.patch_isvc(patch, isvc["metadata"]["resourceVersion"])
            self._log("patched", phase=str(stored.state.phase), percent=stored.state.percent)

    def _tell_registry(self, stored: Stored) -> Stored:
        """The alias follows what serves, never the other way: a registry that is down is asked again."""
        plan, state = stored.plan, stored.state
        if self._registry is None or not state.phase.ended or state.told:
            return stored
        try:
            if state.phase is Phase.PROMOTED:
                self._registry.promoted(plan.model, plan.version, who=plan.who, why=plan.why or state.reason)
            else:
                self._registry.rolled_back(plan.model, plan.version, why=state.reason)
        except InputError as error:
            # A version that came from elsewhere (start --storage-uri): asked again, the registry would say the same.
            self._log("error", type=type(error).__name__, message=f"the registry was not told: {error}")
        state = replace(state, told=True)
        document = self.cluster.store({STATE_KEY: dump(plan, state)}, stored.document)
        self._resource_version = document["metadata"]["resourceVersion"]
        return replace(stored, document=document, state=state)

    def _post(self, row: history.Row, isvc: Document) -> None:
        try:
            self.cluster.post_event(
                row.event_name, isvc, warning=row.warning, reason=row.event_reason, message=row.reason, time=row.time
            )
        except (SourceError, InputError) as error:
            # An Event is news; log and history have it too, and the rollout does not stand or fall with it.
            self._log("error", type=type(error).__name__, message=f"Event not posted: {error}")

    def _check_lease(self) -> None:
        if not self.leadership.valid():
            raise SourceError("the look took so long that the Lease may have gone to another controller; looking again")

    def _wait(self, stop: threading.Event, timeout_s: float) -> None:
        """Until the next look is due, or an operator asks for something, or ``stop``."""
        if not self._resource_version:
            stop.wait(timeout_s)
            return
        started = time.monotonic()
        try:
            self.cluster.wait_for_store(self._resource_version, timeout_s)
            # A request shortens the wait; a watch that ends at once for another reason must not turn it into a spin.
            stop.wait(0.2)
        except (TenureError, Conflict):
            stop.wait(max(0.0, timeout_s - (time.monotonic() - started)))
