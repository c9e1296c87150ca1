"""Deploy, as a KFP component: the rollout's own command line in the rollout's image.

The step only requests the rollout: the controller in the cluster carries it out, which takes hours. Starting the
version that is being rolled out, or that serves already, changes nothing, so a retry is safe. ``--once`` refuses a
version that was rolled back: a schedule that trains the same model every night must not roll it out every night.
"""

from kfp import dsl

from components.image import ROLLOUT_IMAGE


@dsl.container_component
def deploy(service: str, namespace: str, version: str, model: str, run_id: str):  # type: ignore[no-untyped-def]
    """Start the rollout of a registered version.

    Args:
        service: the InferenceService.
        namespace: namespace of the service.
        version: number of the registered version.
        model: name of the registered model.
        run_id: Kubeflow's id of the run, for the history.
    """
    return dsl.ContainerSpec(
        image=ROLLOUT_IMAGE,
        command=["python", "-m", "rollout"],
        args=[
            *("start", service, "--namespace", namespace, "--version", version, "--model", model, "--once"),
            *("--who", "pipeline", "--why", f"registered by run {run_id}"),
        ],
    )
