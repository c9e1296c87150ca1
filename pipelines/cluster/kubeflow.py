"""Client of the Kubeflow Pipelines API: creates, follows and schedules runs.

The address is ``--endpoint`` or ``KFP_ENDPOINT``, with a bearer token from ``KFP_TOKEN``. Without an address, requests
go through the API server of the kubeconfig's cluster.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.cluster.connection import at_address, in_cluster, quiet
from pipelines.cluster.kubeconfig import kubeconfig
from pipelines.cluster.kubeflow_errors import api_errors
from pipelines.cluster.run_bodies import Submission, recurring_run_body, run_body
from pipelines.cluster.run_states import RunState, read_run
from pipelines.cluster.stalls import RUN, StallDetector
from pipelines.cluster.workflow import Workflow, read_workflow
from tenure.errors import InputError, SourceError, TenureError

if TYPE_CHECKING:
    import kfp

ENDPOINT_VARIABLE = "KFP_ENDPOINT"
PAGE_VARIABLE = "KF_PIPELINES_UI_ENDPOINT"
"""Kubeflow's own variable: address of the user interface."""
RESPONSE_TIMEOUT_S = 30.0
POLL_S = 5.0
OUTAGE_TIMEOUT_S = 300.0
"""Longest outage of the API while a run is followed: a restart or a broken port forward does not end the run."""
OUTAGE_REPORT_S = 30.0
"""Length of an outage after which it is reported."""
PAGE_ROWS = 100


class StillRunningError(TenureError):
    """The time to follow a run is over; the run itself continues."""


@dataclass(frozen=True)
class Schedule:
    """A recurring run."""

    id: str
    name: str
    cron: str
    enabled: bool
    description: str


class Kubeflow:
    """A Kubeflow Pipelines API. Its methods raise ``SourceError`` if it is unreachable, times out or denies access."""

    def __init__(self, client: kfp.Client, api: str, page: str) -> None:
        """
        Args:
            client: a connected client.
            api: the API's address, for messages.
            page: address of the user interface; empty if unknown.
        """
        self._client = client
        self.api = api
        self._page = page

    @classmethod
    def connect(cls, endpoint: str | None, context: str | None = None) -> Kubeflow:
        """Connect to ``endpoint``, to ``KFP_ENDPOINT``, or to the cluster of a kubeconfig's context.

        Raises:
            InputError: no address is given, or it is not one of a Kubeflow Pipelines API.
            SourceError: the API is unreachable, or rejects the token.
        """
        address = (endpoint or os.environ.get(ENDPOINT_VARIABLE) or "").rstrip("/")
        page = os.environ.get(PAGE_VARIABLE, "").rstrip("/")
        if address and context is not None:
            raise InputError(f"--endpoint (or {ENDPOINT_VARIABLE}) and --context exclude each other: give one")
        if address:
            return cls(at_address(address), address, page or address)
        files = kubeconfig()
        if files is None:
            raise InputError(
                f"no cluster: set KUBECONFIG, or give --endpoint or set {ENDPOINT_VARIABLE}; after 'kubectl "
                "--namespace kubeflow port-forward service/ml-pipeline 8888' it is http://localhost:8888"
            )
        return cls(*in_cluster(files, context), page)

    def create(self, submission: Submission) -> str:
        """Create a run; returns its id."""
        with api_errors(self.api), quiet():
            experiment = self._client.create_experiment(submission.experiment)
            made = self._client._run_api.run_service_create_run(run=run_body(submission, experiment.experiment_id))
        return str(made.run_id)

    def url(self, run_id: str) -> str:
        """Address of the run's page, at ``KF_PIPELINES_UI_ENDPOINT`` if the user interface has its own address."""
        path = f"#/runs/details/{run_id}"
        return f"{self._page}/{path}" if self._page else f"{path} of Kubeflow's user interface"

    def state(self, run_id: str) -> RunState:
        """The state of a run."""
        with api_errors(self.api):
            return read_run(
                self._client._run_api.run_service_get_run(run_id=run_id, _request_timeout=RESPONSE_TIMEOUT_S)
            )

    def workflow(self, run_id: str) -> Workflow | None:
        """The run's Argo workflow, which only the v1beta1 API returns; None if it is deleted or cannot be read."""
        with contextlib.suppress(TenureError, ValueError, KeyError, TypeError), api_errors(self.api):
            run = self._get("/apis/v1beta1/runs/{run_id}", {"run_id": run_id}, response_type="object")
            return read_workflow(run["pipeline_runtime"]["workflow_manifest"])
        return None

    def log(self, run_id: str, pod: str) -> str:
        """The log of a pod of the run; empty if Kubeflow does not have it."""
        with contextlib.suppress(TenureError), api_errors(self.api):
            where = {"run_id": run_id, "node_id": pod}
            answer = self._get("/apis/v1alpha1/runs/{run_id}/nodes/{node_id}/log", where, _preload_content=False)
            return bytes(answer.data).decode(errors="replace")
        return ""

    def _get(self, path: str, parameters: dict[str, str], **options: Any) -> Any:
        """A GET request that kfp's client has no method for, with its connection and token."""
        call = self._client._run_api.api_client.call_api
        timed = {"_request_timeout": RESPONSE_TIMEOUT_S, "_return_http_data_only": True}
        return call(path, "GET", path_params=parameters, auth_settings=["Bearer"], **timed, **options)

    def follow(self, run_id: str, report: Callable[[RunState], None], timeout_s: float | None = None) -> RunState:
        """Poll a run until it has ended; returns its final state.

        Args:
            run_id: Kubeflow's id of the run.
            report: called with every state.
            timeout_s: longest time to follow the run; None for no limit.

        Raises:
            TenureError: an image cannot be pulled; Kubernetes keeps trying.
            StillRunningError: the run has not ended within ``timeout_s``.
            SourceError: the API was unreachable for ``OUTAGE_TIMEOUT_S``.
        """
        began = responded = time.monotonic()
        stalls = StallDetector(lambda: self.workflow(run_id), self.url(run_id))
        state = RunState("PENDING", (), "")
        while True:
            try:
                state = self.state(run_id)
                responded = time.monotonic()
                if not state.has_ended:
                    state = dataclasses.replace(state, waiting=stalls.reasons(started=bool(state.tasks)))
            except SourceError as error:
                outage_s = time.monotonic() - responded
                if outage_s > OUTAGE_TIMEOUT_S:
                    raise
                if outage_s >= OUTAGE_REPORT_S:
                    waiting = {RUN: f"{error}; trying again for {OUTAGE_TIMEOUT_S:g} s"}
                    report(dataclasses.replace(state, waiting=waiting))
            else:
                report(state)
                if state.has_ended:
                    return state
            if timeout_s is not None and time.monotonic() - began > timeout_s:
                raise StillRunningError(f"the run continues after {timeout_s:g} s: {self.url(run_id)}")
            time.sleep(POLL_S)

    def schedules(self, experiment: str | None = None) -> list[Schedule]:
        """The recurring runs, of one experiment or of all."""
        found, token = [], ""
        with api_errors(self.api), quiet():
            inside = None if experiment is None else self._client.create_experiment(experiment).experiment_id
            while True:
                page = self._client.list_recurring_runs(page_token=token, page_size=PAGE_ROWS, experiment_id=inside)
                found += [_schedule(job) for job in page.recurring_runs or []]
                token = page.next_page_token or ""
                if not token:
                    return found

    def schedule(self, submission: Submission, cron: str, description: str) -> Schedule:
        """Create a recurring run."""
        with api_errors(self.api), quiet():
            experiment = self._client.create_experiment(submission.experiment)
            made = self._client._recurring_run_api.recurring_run_service_create_recurring_run(
                recurring_run=recurring_run_body(submission, experiment.experiment_id, cron, description)
            )
        return _schedule(made)

    def unschedule(self, schedule: Schedule) -> None:
        """Delete a recurring run, and with it the workflow of its run in progress."""
        with api_errors(self.api), quiet():
            self._client.delete_recurring_run(schedule.id)


def _schedule(job: Any) -> Schedule:
    cron = getattr(getattr(job.trigger, "cron_schedule", None), "cron", None) or ""
    enabled = (job.status or job.mode or "").upper() in ("ENABLED", "ENABLE")
    return Schedule(str(job.recurring_run_id), job.display_name or "", cron, enabled, job.description or "")
