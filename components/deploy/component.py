"""Deploy, as a KFP component."""

from kfp import dsl

from components.image import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def deploy(
    service: str,
    version: str,
    model: str,
    run_id: str,
    namespace: str = "",
    tracking_uri: str = "",
    artifact_root: str = "",
    shadow_log: str = "",
    wait: bool = False,
) -> None:
    """Start the rollout of a registered version; its controller in the cluster carries it out.

    Args:
        service: the InferenceService.
        version: the registered version's number, as register returns it; empty does nothing.
        model: the registered model's name.
        run_id: Kubeflow's id of the run, for the history.
        namespace: of the service; the pod's own if empty.
        tracking_uri: of MLflow; the environment's if empty.
        artifact_root: what MLflow's own artifact addresses are relative to, as in s3://bucket/mlflow.
        shadow_log: a prediction log to replay before any traffic; empty for none.
        wait: until it is promoted, or fail when it is rolled back.
    """
    from components.deploy.logic import run
    from components.step import step

    with step("deploy") as running:
        running.summary = run(
            service=service,
            version=version,
            model=model,
            namespace=namespace,
            tracking_uri=tracking_uri,
            artifact_root=artifact_root,
            shadow_log=shadow_log,
            wait=wait,
            who="pipeline",
            why=f"registered by run {run_id}",
        )
