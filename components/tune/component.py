"""Tune, as a KFP component."""

from kfp import dsl

from components.image import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def tune(
    contract: str,
    features: dsl.Input[dsl.Dataset],
    storage: str,
    worker: int,
    workers: int,
    trials: dsl.Output[dsl.Artifact],
) -> None:
    """Search the parameters of the model families: the share of one worker.

    Args:
        contract: the contract, YAML text.
        features: train.parquet, transform.json.
        storage: path of a journal file, or a SQLAlchemy URL, with the studies, which are resumed.
        worker: index of the worker, from 0.
        workers: number of workers.
        trials: trials.json.
    """
    from pathlib import Path

    from components.lineage import trace
    from components.step import step
    from components.tune.logic import run

    with step("tune", worker) as running:
        running.summary = run(
            contract=contract,
            features=Path(features.path),
            storage=storage,
            trials=Path(trials.path),
            worker=worker,
            workers=workers,
        )
        trace([trials], contract=contract, inputs=[features])
