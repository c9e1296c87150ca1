"""Puts a graph's tasks where the settings say."""

from __future__ import annotations

from kfp.dsl.pipeline_task import PipelineTask

from pipelines.graphs.settings import Pods, Settings

RETRY_AFTER_S = 30
RETRY_FACTOR = 2
LONGEST_TRY_S = 24 * 3600
"""Of a step without a timeout of its own."""


class Placement:
    """Gives each task its image, and on a cluster its resources, retries, Secrets and limits."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __call__(self, task: PipelineTask, *, cached: bool = True, retried: bool = True) -> PipelineTask:
        """Place a task.

        Args:
            task: as the component made it.
            cached: whether its result may come from an earlier run.
            retried: whether it may be tried again; an exit task may not.
        """
        task.set_container_image(self._settings.image)
        task.set_caching_options(enable_caching=cached and self._settings.use_cache)
        step = task.name.replace("-", "_")
        resources = self._settings.resources.get(step)
        if resources is not None:
            task.set_cpu_request(resources.cpu).set_cpu_limit(resources.cpu)
            task.set_memory_request(resources.memory).set_memory_limit(resources.memory)
        if self._settings.retries and retried:
            task.set_retry(
                self._settings.retries,
                backoff_duration=f"{RETRY_AFTER_S}s",
                backoff_factor=float(RETRY_FACTOR),
                backoff_max_duration=f"{self._all_tries_s(step)}s",
            )
        if self._settings.pods is not None:
            _describe_pod(task, step, self._settings.pods)
        return task

    def _all_tries_s(self, step: str) -> int:
        """How long all tries of a step may take together, and the pauses between them.

        Kubeflow calls this the longest back-off; Argo counts it from the first try's start, tries nothing again after
        it, and gives a later try only what is left: a shorter time takes retries from the very steps that take long.
        """
        retries, timeouts_s = self._settings.retries, self._settings.pods.timeouts_s if self._settings.pods else {}
        pauses_s: int = sum(RETRY_AFTER_S * RETRY_FACTOR**number for number in range(retries))
        return (retries + 1) * timeouts_s.get(step, LONGEST_TRY_S) + pauses_s


def _describe_pod(task: PipelineTask, step: str, pods: Pods) -> None:
    from kfp import kubernetes

    for name, value in pods.environment.items():
        task.set_env_variable(name, value)
    for secret in pods.secrets.get(step, ()):
        kubernetes.use_secret_as_env(task, secret.name, dict(secret.variables), optional=secret.optional)
    if step in pods.timeouts_s:
        kubernetes.set_timeout(task, pods.timeouts_s[step])
    for name, value in pods.labels.items():
        kubernetes.add_pod_label(task, name, value)
    kubernetes.set_security_context(task, run_as_non_root=True)
