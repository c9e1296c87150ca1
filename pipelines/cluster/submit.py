"""Kubeflow Pipelines' API: with ``pipelines/cluster/connection.py`` all of the pipelines that talks to a cluster.

Where the API is, ``--endpoint`` or ``KFP_ENDPOINT`` says, with a bearer token from ``KFP_TOKEN``; without either it is
asked behind the API server of the kubeconfig's cluster.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.cluster.connection import at_address, in_cluster_of, quiet
from pipelines.cluster.held_up import RUN, HeldUp
from pipelines.cluster.kubeconfig import kubeconfig
from pipelines.cluster.kubeflow_errors import answering
from pipelines.cluster.run_bodies import Submission, recurring_run_body, run_body
from pipelines.cluster.run_states import RunState, read_run
from pipelines.cluster.workflow import Workflow, read_workflow
from tenure.errors import InputError, SourceError, TenureError

if TYPE_CHECKING:
    import kfp

ENDPOINT_VARIABLE = "KFP_ENDPOINT"
PAGE_VARIABLE = "KF_PIPELINES_UI_ENDPOINT"
"""Kubeflow's own."""
ANSWER_TIMEOUT_S = 30.0
POLL_S = 5.0
PATIENCE_S = 300.0
"""How long an API that answered before may be away: restarts and broken port forwards are no end of a run."""
AWAY_TOLD_S = 30.0
"""One that is away for longer is told of."""
PAGE_ROWS = 100


class StillRunningError(TenureError):
    """The run goes on; only waiting for it has ended."""


@dataclass(frozen=True)
class Schedule:
    """A recurring run."""

    id: str
    name: str
    cron: str
    enabled: bool
    description: str


class Kubeflow:
    """A Kubeflow Pipelines API. Every method raises ``SourceError`` if it is down, hangs or refuses."""

    def __init__(self, client: kfp.Client, shown: str, page: str) -> None:
        """
        Args:
            shown: the API's address, for people.
            page: address of the user interface; empty if it is not known.
        """
        self._client = client
        self.shown = shown
        self._page = page

    @classmethod
    def connect(cls, endpoint: str | None, context: str | None = None) -> Kubeflow:
        """Connect to ``endpoint``, to ``KFP_ENDPOINT``, or to the cluster of a kubeconfig's context.

        Raises:
            InputError: there is none of them, it is no URL, or something else than Kubeflow Pipelines answers there.
            SourceError: nobody answers, or the token is refused.
        """
        address = (endpoint or os.environ.get(ENDPOINT_VARIABLE) or "").rstrip("/")
        page = os.environ.get(PAGE_VARIABLE, "").rstrip("/")
        if address and context is not None:
            raise InputError(f"the API is at --endpoint (or {ENDPOINT_VARIABLE}), or in --context's cluster: say one")
        if address:
            return cls(at_address(address), address, page or address)
        files = kubeconfig()
        if files is None:
            raise InputError(
                f"no cluster: set KUBECONFIG, or give --endpoint or set {ENDPOINT_VARIABLE}; after 'kubectl "
                "--namespace kubeflow port-forward service/ml-pipeline 8888' it is http://localhost:8888"
            )
        return cls(*in_cluster_of(files, context), page)

    def create(self, submission: Submission) -> str:
        """Create a run; its id is returned."""
        with answering(self.shown), quiet():
            experiment = self._client.create_experiment(submission.experiment)
            made = self._client._run_api.run_service_create_run(run=run_body(submission, experiment.experiment_id))
        return str(made.run_id)

    def url(self, run_id: str) -> str:
        """The run's page, at ``KF_PIPELINES_UI_ENDPOINT`` where the user interface has another address than the API."""
        path = f"#/runs/details/{run_id}"
        return f"{self._page}/{path}" if self._page else f"{path} of Kubeflow's user interface"

    def state(self, run_id: str) -> RunState:
        with answering(self.shown):
            return read_run(self._client._run_api.run_service_get_run(run_id=run_id, _request_timeout=ANSWER_TIMEOUT_S))

    def workflow(self, run_id: str) -> Workflow | None:
        """The workflow behind the run, which only the API of before tells; None where that is gone, or away."""
        with contextlib.suppress(TenureError, ValueError, KeyError, TypeError), answering(self.shown):
            run = self._get("/apis/v1beta1/runs/{run_id}", {"run_id": run_id}, response_type="object")
            return read_workflow(run["pipeline_runtime"]["workflow_manifest"])
        return None

    def log(self, run_id: str, pod: str) -> str:
        """What a pod of the run said; empty where Kubeflow has it no more."""
        with contextlib.suppress(TenureError), answering(self.shown):
            where = {"run_id": run_id, "node_id": pod}
            answer = self._get("/apis/v1alpha1/runs/{run_id}/nodes/{node_id}/log", where, _preload_content=False)
            return bytes(answer.data).decode(errors="replace")
        return ""

    def _get(self, path: str, parameters: dict[str, str], **options: Any) -> Any:
        """What kfp's client has no method for, by the same connection and token."""
        call = self._client._run_api.api_client.call_api
        timed = {"_request_timeout": ANSWER_TIMEOUT_S, "_return_http_data_only": True}
        return call(path, "GET", path_params=parameters, auth_settings=["Bearer"], **timed, **options)

    def follow(self, run_id: str, tell: Callable[[RunState], None], timeout_s: float | None = None) -> RunState:
        """Wait for the run's end, and tell each state on the way.

        Raises:
            TenureError: an image cannot be pulled; the run goes on trying.
            StillRunningError: the run has not ended within ``timeout_s``.
            SourceError: the API was away for ``PATIENCE_S``.
        """
        began = answered = time.monotonic()
        held_up = HeldUp(lambda: self.workflow(run_id), self.url(run_id))
        last = RunState("PENDING", (), "")
        while True:
            try:
                now = self.state(run_id)
                answered = time.monotonic()
                if not now.has_ended:
                    now = dataclasses.replace(now, waiting=held_up.reasons(begun=bool(now.tasks)))
            except SourceError as error:
                away_s = time.monotonic() - answered
                if away_s > PATIENCE_S:
                    raise
                if away_s >= AWAY_TOLD_S:
                    tell(dataclasses.replace(last, waiting={RUN: f"{error}; asking for {PATIENCE_S:g} s"}))
            else:
                last = now
                tell(now)
                if now.has_ended:
                    return now
            if timeout_s is not None and time.monotonic() - began > timeout_s:
                raise StillRunningError(f"the run goes on after {timeout_s:g} s: {self.url(run_id)}")
            time.sleep(POLL_S)

    def schedules(self, experiment: str | None = None) -> list[Schedule]:
        """The recurring runs, of one experiment or of all."""
        found, token = [], ""
        with answering(self.shown), quiet():
            inside = None if experiment is None else self._client.create_experiment(experiment).experiment_id
            while True:
                page = self._client.list_recurring_runs(page_token=token, page_size=PAGE_ROWS, experiment_id=inside)
                found += [_schedule(job) for job in page.recurring_runs or []]
                token = page.next_page_token or ""
                if not token:
                    return found

    def schedule(self, submission: Submission, cron: str, description: str) -> Schedule:
        """Create a recurring run that does not catch up on missed times, one run at a time."""
        with answering(self.shown), quiet():
            experiment = self._client.create_experiment(submission.experiment)
            made = self._client._recurring_run_api.recurring_run_service_create_recurring_run(
                recurring_run=recurring_run_body(submission, experiment.experiment_id, cron, description)
            )
        return _schedule(made)

    def unschedule(self, schedule: Schedule) -> None:
        """Delete a recurring run. It owns the workflow of a run that is under way, which goes with it."""
        with answering(self.shown), quiet():
            self._client.delete_recurring_run(schedule.id)


def _schedule(job: Any) -> Schedule:
    cron = getattr(getattr(job.trigger, "cron_schedule", None), "cron", None) or ""
    enabled = (job.status or job.mode or "").upper() in ("ENABLED", "ENABLE")
    return Schedule(str(job.recurring_run_id), job.display_name or "", cron, enabled, job.description or "")
