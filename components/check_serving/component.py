"""Check serving, as a KFP component."""

from kfp import dsl

from components.image import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def check_serving(
    contract: str,
    candidates: dsl.Input[dsl.Model],
    features: dsl.Input[dsl.Dataset],
    serving: dsl.Output[dsl.Artifact],
) -> None:
    """Serve the candidate's bundle for real and compare its answers with offline predictions.

    Args:
        contract: the contract, YAML text: its limits.
        candidates: train.json, and the bundle that it says was chosen. Not the evaluation's copy of it: an evaluation
            against another champion leaves the bundle as it is, and what serves it needs no second check.
        features: test.parquet, the rows that are replayed.
        serving: serving.json, what was measured.
    """
    import json
    from pathlib import Path

    from components.check_serving.logic import run
    from components.lineage import trace
    from components.step import publish, step

    with step("check_serving") as running:
        path = Path(serving.path) / "serving.json"
        chosen = json.loads((Path(candidates.path) / "train.json").read_text(encoding="utf-8"))["chosen"]
        running.summary = run(contract, Path(candidates.path) / chosen, Path(features.path), path)
        publish(path)
        model = candidates.metadata.get("bundle_version")
        trace([serving], contract=contract, inputs=[features], bundle_version=model)
