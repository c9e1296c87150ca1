"""Reasons why a run makes no progress: pods that wait for an image, a node or a Secret, or a run that never starts."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from pipelines.cluster.workflow import Pod, Workflow
from tenure.errors import TenureError

CHECK_INTERVAL_S = 20.0
"""Time between two requests for the workflow, which is a large document."""
PULL_TIMEOUT_S = 180.0
"""Time after which an image that cannot be pulled is an error."""
START_TIMEOUT_S = 60.0
"""Time after which a pod or a run that does not start is reported."""
STARTING = ("", "PodInitializing", "ContainerCreating")
"""Messages that every starting pod has for a moment. A pod that keeps one lacks something that Argo does not report,
such as the image of an init container of Argo or Kubeflow, or a working node."""
RUN = "run"
"""Key for a reason that concerns the whole run instead of a step."""
NOT_STARTED = (
    f"no step has started within {START_TIMEOUT_S:g} s: are Argo and Kubeflow's agent running? "
    "kubectl --namespace kubeflow get deployment workflow-controller ml-pipeline-persistenceagent"
)


class StallDetector:
    """Requests a run's pods at intervals and finds the reasons why steps wait."""

    def __init__(self, get_workflow: Callable[[], Workflow | None], run_url: str) -> None:
        """
        Args:
            get_workflow: requests the workflow.
            run_url: page of the run, for messages.
        """
        self._get_workflow = get_workflow
        self._run_url = run_url
        self._reasons: Mapping[str, str] = {}
        self._began_at = self._checked_at = time.monotonic()
        self._pending_since: dict[str, float] = {}
        self._without_image_since: float | None = None

    def reasons(self, *, started: bool) -> Mapping[str, str]:
        """Step, or ``RUN``, to what it waits for.

        Args:
            started: whether Kubeflow lists a step that has started.

        Raises:
            TenureError: the image of a pod could not be pulled for ``PULL_TIMEOUT_S``.
        """
        now = time.monotonic()
        if now - self._checked_at < CHECK_INTERVAL_S:
            return self._reasons
        self._checked_at = now
        workflow = self._get_workflow()
        if workflow is None or not workflow.pods:
            late = not started and now - self._began_at >= START_TIMEOUT_S
            self._reasons = {RUN: NOT_STARTED} if late else {}
            return self._reasons
        self._reasons = self._of_pods(workflow, now)
        lacking = workflow.without_image
        if lacking is None:
            self._without_image_since = None
        elif self._without_image_since is None:
            self._without_image_since = now
        elif now - self._without_image_since >= PULL_TIMEOUT_S:
            raise TenureError(
                f"{lacking.label} cannot start, {lacking.message}: push the image or load it into the cluster, "
                f"and the run continues by itself; {self._run_url}"
            )
        return self._reasons

    def _of_pods(self, workflow: Workflow, now: float) -> dict[str, str]:
        self._pending_since = {pod.name: self._pending_since.get(pod.name, now) for pod in workflow.pending}
        reasons = {}
        for pod in workflow.pending:
            if pod.message not in STARTING:
                reasons[pod.step] = pod.message
            elif now - self._pending_since[pod.name] >= START_TIMEOUT_S:
                reasons[pod.step] = _not_starting(pod, workflow.namespace)
        return reasons


def _not_starting(pod: Pod, namespace: str) -> str:
    message = pod.message or "its pod does not start"
    return f"{message} for {START_TIMEOUT_S:g} s; kubectl --namespace {namespace} describe pod {pod.name} shows why"
