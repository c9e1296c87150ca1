"""Check serving, as a KFP component."""

from kfp import dsl

from components.image import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def check_serving(
    contract: str,
    evaluation: dsl.Input[dsl.Artifact],
    features: dsl.Input[dsl.Dataset],
    serving: dsl.Output[dsl.Artifact],
) -> None:
    """Serve the candidate's bundle for real and compare its answers with offline predictions.

    Args:
        contract: the contract, YAML text: its limits.
        evaluation: bundle/, the candidate.
        features: test.parquet, the rows that are replayed.
        serving: serving.json, what was measured.
    """
    from pathlib import Path

    from components.check_serving.logic import run
    from components.step import publish, step

    with step("check_serving") as running:
        path = Path(serving.path) / "serving.json"
        running.summary = run(contract, Path(evaluation.path) / "bundle", Path(features.path), path)
        publish(path)
