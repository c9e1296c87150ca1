"""Notify, as a KFP component: the exit task of the graphs on a cluster."""

from kfp import dsl

from components.image import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def notify(status: dsl.PipelineTaskFinalStatus, run_id: str, pipeline: str) -> None:
    """Record how the run ended, and send an alert if it failed. Runs also after a failure.

    Args:
        status: final status of the graph, from Kubeflow.
        run_id: Kubeflow's id of the run.
        pipeline: name of the pipeline.
    """
    from components.notify.logic import run
    from components.step import step

    with step("notify") as running:
        running.summary = run(
            state=status.state,
            message=status.error_message,
            code=status.error_code,
            run_id=run_id,
            pipeline=pipeline,
        )


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def alert(message: str, run_id: str, pipeline: str) -> None:
    """Send an alert about the result of a run that succeeded.

    Args:
        message: the recommended action.
        run_id, pipeline: as for ``notify``.
    """
    from components.notify.logic import run
    from components.step import step

    with step("alert") as running:
        running.summary = run(state="ALERT", message=message, code=None, run_id=run_id, pipeline=pipeline)
