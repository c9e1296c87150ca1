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
    """Search the parameters of the model families: one worker's share.

    Args:
        contract: the contract, YAML text.
        features: train.parquet, transform.json.
        storage: a journal file's path or a SQLAlchemy URL; studies are kept there, and taken up again.
        worker: which worker this is, from 0.
        workers: how many there are.
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
