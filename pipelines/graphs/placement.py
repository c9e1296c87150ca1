"""Applies the settings of a place and the declaration of a step (``components.spec``) to the tasks of a graph."""

from __future__ import annotations

from kfp.dsl.pipeline_task import PipelineTask

from components.spec import StepSpec, step_specs
from pipelines.graphs.settings import Pods, Settings

RETRY_AFTER_S = 30
RETRY_FACTOR = 2

STEP_LABEL = ("app.kubernetes.io/component", "tenure-step")
"""Label of every step's pod, by which k8s/components/step-pods closes it: kfp cannot set a read-only root."""


class Placement:
    """Gives each task its image and caching, and on a cluster its resources, retries, Secrets and limits."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __call__(self, task: PipelineTask, *, cached: bool | None = None) -> PipelineTask:
        """Place a task.

        Args:
            task: as the component returned it.
            cached: whether its result may come from an earlier run; as the step declares if None.

        Raises:
            KeyError: no ``spec.py`` declares the step.
        """
        spec = step_specs()[task.component_spec.name.replace("-", "_")]
        image = self._settings.rollout_image if spec.in_rollout_image else self._settings.image
        if image is not None:
            task.set_container_image(image)
        task.set_caching_options(
            enable_caching=self._settings.use_cache and (spec.cached if cached is None else cached)
        )
        if self._settings.retries and not spec.is_exit:
            task.set_retry(
                self._settings.retries,
                backoff_duration=f"{RETRY_AFTER_S}s",
                backoff_factor=float(RETRY_FACTOR),
                backoff_max_duration=f"{self._all_tries_s(spec)}s",
            )
        if self._settings.pods is not None:
            _configure_pod(task, spec, self._settings.pods)
        return task

    def _all_tries_s(self, spec: StepSpec) -> int:
        """Time that all tries of a step and the pauses between them may take, in seconds.

        Kubeflow calls it the longest back-off. Argo measures it from the start of the first try, starts no try after
        it, and ends a running one at it: less than this takes the retries from the steps that take long.
        """
        retries = self._settings.retries
        pauses_s: int = sum(RETRY_AFTER_S * RETRY_FACTOR**number for number in range(retries))
        return (retries + 1) * spec.timeout_s + pauses_s


def _configure_pod(task: PipelineTask, spec: StepSpec, pods: Pods) -> None:
    from kfp import kubernetes

    cpu, memory = spec.resources
    task.set_cpu_request(cpu).set_cpu_limit(cpu)
    task.set_memory_request(memory).set_memory_limit(memory)
    for name, value in pods.environment.items():
        task.set_env_variable(name, value)
    source = (pods.source_secret,) if spec.reads_source and pods.source_secret is not None else ()
    for secret in (*spec.secrets, *source):
        kubernetes.use_secret_as_env(task, secret.name, dict(secret.variables), optional=secret.optional)
    kubernetes.set_timeout(task, spec.timeout_s)
    for name, value in (*pods.labels.items(), STEP_LABEL):
        kubernetes.add_pod_label(task, name, value)
    kubernetes.set_security_context(task, run_as_non_root=True)
