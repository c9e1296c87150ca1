"""The Argo workflow of a run: the pods of its steps, how they ended and why they wait.

Kubeflow's own list of tasks contains that a step failed, but not why: the workflow lists the pods, and their logs
contain the reason.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from components.spec import step_specs
from pipelines.cluster.run_states import step_of
from tenure.errors import one_line

POD_NAMES_V1 = "workflows.argoproj.io/pod-name-format"
"""Annotation of a workflow; with the value ``v1`` its pods have the names of their nodes."""
TRY = re.compile(r"\(\d+\)$")
OUTCOME = re.compile(r"^(?:\[[\w#]+\] )?(error|not blessed): (.+)$", re.MULTILINE)
"""Line of a step's log with its outcome: an error as ``components.step`` or, without the step's name, the rollout's
command line prints it, or the verdict that the step ``track`` prints."""
NO_IMAGE = ("ImagePullBackOff", "ErrImagePull", "ErrImageNeverPull", "InvalidImageName")
MAX_MESSAGE = 400


@dataclass(frozen=True)
class Pod:
    """A pod of the run: of a step, or a driver of Kubeflow, which prepares a step, a loop, a branch or the run."""

    name: str
    step: str
    """Name of the step, or Kubeflow's name of a driver without one, such as ``root-driver``."""
    group: str
    """Identifies the task; the same for all its tries."""
    phase: str
    message: str
    """Argo's message: why the pod waits, or how it ended; one line, empty for none."""
    ended_at: str
    """ISO 8601, UTC; empty while the pod runs."""
    is_driver: bool

    @property
    def label(self) -> str:
        """Name of the step or driver, for messages."""
        return f"step {self.step}" if self.step in step_specs() else f"Kubeflow's {self.step}"

    @property
    def is_exit(self) -> bool:
        """Whether its step is the run's exit task."""
        return self.step in step_specs() and step_specs()[self.step].is_exit

    @property
    def lacks_image(self) -> bool:
        return self.phase == "Pending" and self.message.startswith(NO_IMAGE)


@dataclass(frozen=True)
class Workflow:
    """The pods of a run."""

    namespace: str
    pods: tuple[Pod, ...]

    @property
    def failed(self) -> Pod | None:
        """The pod whose failure ended the run: the last try of the task that failed first."""
        succeeded = {pod.group for pod in self.pods if pod.phase == "Succeeded"}
        last: dict[str, Pod] = {}
        for pod in sorted(self.pods, key=lambda pod: pod.ended_at):
            if pod.phase in ("Failed", "Error") and pod.group not in succeeded and not pod.is_exit:
                last[pod.group] = pod
        return min(last.values(), key=lambda pod: pod.ended_at, default=None)

    @property
    def pending(self) -> list[Pod]:
        """Pods that have not started."""
        return [pod for pod in self.pods if pod.phase == "Pending"]

    @property
    def without_image(self) -> Pod | None:
        return next((pod for pod in self.pods if pod.lacks_image), None)

    @property
    def succeeded(self) -> set[str]:
        """Steps whose own pod succeeded."""
        return {pod.step for pod in self.pods if not pod.is_driver and pod.phase == "Succeeded"}

    @property
    def worked(self) -> set[str]:
        """Steps that were computed; a cached step has a driver, but no pod of its own."""
        return {pod.step for pod in self.pods if not pod.is_driver}


def read_workflow(manifest: str) -> Workflow:
    """Parse a workflow as Kubeflow stores it.

    Args:
        manifest: JSON text.

    Raises:
        ValueError: the text is not a workflow.
    """
    document = json.loads(manifest)
    if not isinstance(document, dict):
        raise ValueError("a workflow is a JSON object")  # noqa: TRY004 of the text, not of an argument's type
    metadata, status = document.get("metadata") or {}, document.get("status") or {}
    return Workflow(str(metadata.get("namespace") or ""), tuple(_pods(metadata, _nodes(status))))


def _nodes(status: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """Nodes by id. Argo compresses them in a workflow above 1 MB, which a training run reaches."""
    packed = status.get("compressedNodes")
    if not packed:
        return status.get("nodes") or {}
    try:
        nodes: dict[str, dict[str, Any]] = json.loads(gzip.decompress(base64.b64decode(packed)))
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"the workflow's nodes cannot be unpacked: {error}") from error
    return nodes


def logged_error(log: str) -> str | None:
    """The error message in a step's log; None if the step was killed before it printed one."""
    return _logged(log, "error")


def logged_verdict(log: str) -> str | None:
    """The reason in a step's log why the model was not blessed; None if there is none."""
    reason = _logged(log, "not blessed")
    return None if reason is None else reason.rstrip(".")


def _logged(log: str, kind: str) -> str | None:
    """The message of the last line of a kind."""
    return next(
        (one_line(message, MAX_MESSAGE) for found, message in reversed(OUTCOME.findall(log)) if found == kind), None
    )


def _pods(metadata: Mapping[str, Any], nodes: Mapping[str, Mapping[str, Any]]) -> Iterator[Pod]:
    for node in nodes.values():
        # tenure-training-x7k2p.root.run.ingest.executor(1): the step is the last part that is a step's name.
        path = [TRY.sub("", part) for part in str(node.get("name") or "").split(".")]
        named = [(step_of(part.removesuffix("-driver")), part) for part in reversed(path)]
        step, part = next(((step, part) for step, part in named if step is not None), (path[-1], path[-1]))
        if node.get("type") == "Pod":
            yield Pod(
                name=_pod_name(metadata, node),
                step=step,
                group=".".join(path),
                phase=str(node.get("phase") or ""),
                message=one_line(node.get("message") or "", MAX_MESSAGE),
                ended_at=str(node.get("finishedAt") or ""),
                is_driver=part.endswith("-driver"),
            )


def _pod_name(metadata: Mapping[str, Any], node: Mapping[str, Any]) -> str:
    """Pod names of Argo since 3.4: workflow, template, and the number at the end of the node's id."""
    if (metadata.get("annotations") or {}).get(POD_NAMES_V1) == "v1":
        return str(node["id"])
    return f"{metadata.get('name')}-{node.get('templateName')}-{str(node.get('id')).rpartition('-')[2]}"
