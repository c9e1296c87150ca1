"""Register, as a KFP component."""

from typing import NamedTuple

from kfp import dsl

from components.image import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def register(
    evaluation: dsl.Input[dsl.Artifact],
    validation: dsl.Input[dsl.Artifact],
    run_id: str,
    serving: dsl.Input[dsl.Artifact] = None,
    override: str = "",
    code_version: str = "",
) -> NamedTuple("Registered", [("version", str), ("model", str)]):  # type: ignore[valid-type]
    """Track the run, and register its model if the verdict allows it; returns version and name of the model.

    Args:
        evaluation: output of evaluate.
        validation: reports of validate and check_drift, stored with the run.
        run_id: Tenure's id of the run.
        serving: serving.json of check_serving, stored with the run.
        override: reason to register an inconclusive model; empty for none.
        code_version: version of the code that trained; the image's own if empty.
    """
    from collections import namedtuple
    from pathlib import Path

    from components.image import code_version as of_image
    from components.register.logic import run
    from components.step import step

    with step("register") as running:
        running.summary = run(
            evaluation=Path(evaluation.path),
            validation=Path(validation.path),
            run_id=run_id,
            serving=Path(serving.path) if serving else None,
            override=override,
            code_version=of_image(code_version),
        )
    Registered = namedtuple("Registered", ["version", "model"])
    return Registered(version=running.summary["version"], model=running.summary["name"])


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def track(evaluation: dsl.Input[dsl.Artifact], validation: dsl.Input[dsl.Artifact], run_id: str) -> None:
    """Track a run whose model is not registered.

    Args:
        evaluation, validation, run_id: as for ``register``.
    """
    from pathlib import Path

    from components.register.logic import track
    from components.step import step

    with step("register") as running:
        running.summary = track(
            evaluation=Path(evaluation.path),
            validation=Path(validation.path),
            run_id=run_id,
        )
