"""Check serving, as a KFP component."""

from kfp import dsl

from components.image import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def check_serving(
    contract: str,
    candidates: dsl.Input[dsl.Model],
    features: dsl.Input[dsl.Dataset],
    valid: dsl.Input[dsl.Dataset],
    serving: dsl.Output[dsl.Artifact],
) -> None:
    """Serve the candidate's bundle by the real model server and compare its predictions with offline ones.

    Args:
        contract: the contract, YAML text, with the limits.
        candidates: train.json, and the chosen bundle. It is not taken from the evaluation: a new evaluation against
            another champion does not change the bundle, and must not repeat this step.
        features: test.parquet, the rows to replay.
        valid: the tables from which inputs are computed, whose rows are replayed too.
        serving: serving.json, the measurements.
    """
    import json
    from pathlib import Path

    from components.check_serving.logic import run
    from components.lineage import trace
    from components.step import publish, step

    with step("check_serving") as running:
        path = Path(serving.path) / "serving.json"
        chosen = json.loads((Path(candidates.path) / "train.json").read_text(encoding="utf-8"))["chosen"]
        running.summary = run(contract, Path(candidates.path) / chosen, Path(features.path), Path(valid.path), path)
        publish(path)
        model = candidates.metadata.get("bundle_version")
        trace([serving], contract=contract, inputs=[features, valid], bundle_version=model)
