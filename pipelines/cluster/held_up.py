"""What holds a run up: pods that wait for an image, for room on a node, for a Secret; or nobody who begins it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from pipelines.cluster.workflow import Pod, Workflow
from tenure.errors import TenureError

LOOK_S = 20.0
"""A workflow is a long document; it is not asked for at every poll."""
PULL_PATIENCE_S = 180.0
"""How long a registry may refuse or an image be away before waiting for it is pointless."""
START_PATIENCE_S = 60.0
"""What takes longer to begin is told of."""
STARTING = ("", "PodInitializing", "ContainerCreating")
"""What every pod says for a moment. One that stays there lacks something that Argo does not tell of, such as the image
of its own first container, Argo's or Kubeflow's, or a node that works."""
RUN = "run"
"""In a step's place, what concerns all of the run."""
NOT_BEGUN = (
    f"nothing of it has begun in {START_PATIENCE_S:g} s: are Argo and Kubeflow's agent at work? "
    "kubectl --namespace kubeflow get deployment workflow-controller ml-pipeline-persistenceagent"
)


class HeldUp:
    """Looks at a run's pods now and then."""

    def __init__(self, look: Callable[[], Workflow | None], shown: str) -> None:
        """
        Args:
            look: asks for the workflow.
            shown: where people see the run.
        """
        self._look = look
        self._shown = shown
        self._reasons: Mapping[str, str] = {}
        self._began_at = self._looked_at = time.monotonic()
        self._pending_since: dict[str, float] = {}
        self._without_image_since: float | None = None

    def reasons(self, *, begun: bool) -> Mapping[str, str]:
        """Step, or ``RUN``, to what it waits for.

        Args:
            begun: whether Kubeflow knows of a step that has.

        Raises:
            TenureError: a pod has no image for ``PULL_PATIENCE_S``.
        """
        now = time.monotonic()
        if now - self._looked_at < LOOK_S:
            return self._reasons
        self._looked_at = now
        found = self._look()
        if found is None or not found.pods:
            late = not begun and now - self._began_at >= START_PATIENCE_S
            self._reasons = {RUN: NOT_BEGUN} if late else {}
            return self._reasons
        self._reasons = self._of_pods(found, now)
        lacking = found.without_image
        if lacking is None:
            self._without_image_since = None
        elif self._without_image_since is None:
            self._without_image_since = now
        elif now - self._without_image_since >= PULL_PATIENCE_S:
            raise TenureError(
                f"{lacking.what} cannot start, {lacking.message}: push the image or load it into the cluster, "
                f"and the run goes on by itself; {self._shown}"
            )
        return self._reasons

    def _of_pods(self, found: Workflow, now: float) -> dict[str, str]:
        self._pending_since = {pod.name: self._pending_since.get(pod.name, now) for pod in found.pending}
        reasons = {}
        for pod in found.pending:
            if pod.message not in STARTING:
                reasons[pod.step] = pod.message
            elif now - self._pending_since[pod.name] >= START_PATIENCE_S:
                reasons[pod.step] = _stuck(pod, found.namespace)
        return reasons


def _stuck(pod: Pod, namespace: str) -> str:
    said = pod.message or "its pod does not begin"
    return f"{said} for {START_PATIENCE_S:g} s; kubectl --namespace {namespace} describe pod {pod.name} says why"
