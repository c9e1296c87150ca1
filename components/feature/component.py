"""Feature, as a KFP component."""

from kfp import dsl

from components.image import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def feature(contract: str, valid: dsl.Input[dsl.Dataset], features: dsl.Output[dsl.Dataset]) -> None:
    """Build the features, split the rows, and fit the transform on the training part.

    Args:
        contract: the contract, YAML text.
        valid: the good rows: data.parquet, of several tables in tables/<name>.
        features: train.parquet, validation.parquet, test.parquet, transform.json, definitions.json, split.json,
            leakage.json, reduction.json.
    """
    from pathlib import Path

    from components.feature.logic import run
    from components.lineage import trace
    from components.step import publish, step

    with step("feature") as running:
        running.summary = run(contract, Path(valid.path), Path(features.path))
        publish(Path(features.path) / "definitions.json")
        features.metadata.update(running.summary["rows"])
        trace([features], contract=contract, inputs=[valid])
