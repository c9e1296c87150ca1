"""Train, as a KFP component."""

from kfp import dsl

from components.image import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def train(
    contract: str,
    raw: dsl.Input[dsl.Dataset],
    valid: dsl.Input[dsl.Dataset],
    features: dsl.Input[dsl.Dataset],
    trials: dsl.Input[list[dsl.Artifact]],
    candidates: dsl.Output[dsl.Model],
) -> None:
    """Fit the best parameters of each family, calibrate, set the threshold, refit on all but the test part, and write a
    bundle.

    Args:
        contract: the contract, YAML text.
        raw: ingest.json.
        valid: profile.json.
        features: train.parquet, validation.parquet, transform.json.
        trials: trials.json of every worker.
        candidates: one bundle a family, and train.json.
    """
    import json
    from datetime import UTC, datetime
    from pathlib import Path

    from components.lineage import trace
    from components.step import step
    from components.train.logic import run

    with step("train") as running:
        running.summary = run(
            contract=contract,
            raw=Path(raw.path),
            valid=Path(valid.path),
            features=Path(features.path),
            trials=[Path(worker.path) for worker in trials],
            candidates=Path(candidates.path),
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        document = json.loads((Path(candidates.path) / "train.json").read_text(encoding="utf-8"))
        (chosen,) = [entry for entry in document["leaderboard"] if entry["chosen"]]
        model = {"family": chosen["family"], "bundle_version": chosen["version"]}
        trace([candidates], contract=contract, inputs=[raw], **model)
