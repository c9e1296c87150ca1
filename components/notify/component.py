"""Notify, as a KFP component: the exit task of the graphs on a cluster."""

from kfp import dsl

from components.image import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def notify(status: dsl.PipelineTaskFinalStatus, run_id: str, pipeline: str) -> None:
    """Record how the run ended, and alert if it failed. Runs whatever happened before.

    Args:
        status: how the graph ended; given by Kubeflow.
        run_id: Kubeflow's id of the run.
        pipeline: the pipeline's name.
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
    """Tell what a run found, where the run itself worked.

    Args:
        message: what to do.
        run_id, pipeline: as for ``notify``.
    """
    from components.notify.logic import run
    from components.step import step

    with step("alert") as running:
        running.summary = run(state="ALERT", message=message, code=None, run_id=run_id, pipeline=pipeline)
