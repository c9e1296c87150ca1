"""Validate, as a KFP component."""

from kfp import dsl

from components.image import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def validate(
    contract: str,
    raw: dsl.Input[dsl.Dataset],
    champion: dsl.Input[dsl.Artifact],
    valid: dsl.Output[dsl.Dataset],
) -> None:
    """Hold the table against the contract; stop what must not go on.

    Args:
        contract: the contract, YAML text.
        raw: what ingest brought in.
        champion: the model in place, whose profile the table is compared with.
        valid: data.parquet, quarantine.parquet, validation.json, validation.html, profile.json.
    """
    from pathlib import Path

    from components.content import address_by_content
    from components.step import step
    from components.validate.logic import run

    with step("validate") as running:
        running.summary = run(contract, Path(raw.path), Path(champion.path), Path(valid.path))
        valid.metadata.update(rows=running.summary["rows_good"], verdict=running.summary["verdict"])
        address_by_content(valid)
