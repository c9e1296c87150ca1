"""Validate, as a KFP component."""

from kfp import dsl

from components.image import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def validate(
    contract: str,
    as_of: str,
    raw: dsl.Input[dsl.Dataset],
    champion: dsl.Input[dsl.Artifact],
    valid: dsl.Output[dsl.Dataset],
    validation: dsl.Output[dsl.Artifact],
) -> None:
    """Hold the table against the contract; stop what must not go on.

    Args:
        contract: the contract, YAML text.
        as_of: the day of the run where the contract has dates, else empty. Nothing reads it: it is part of the cache
            key, because what is fresh today is not for ever.
        raw: what ingest brought in.
        champion: the model in place, whose profile the table is compared with.
        valid: data.parquet, quarantine.parquet, profile.json. The same whatever the champion and the time, so that
            the steps after this one can be reused.
        validation: validation.json, validation.html.
    """
    from pathlib import Path

    from components.content import address_by_content
    from components.step import step
    from components.validate.logic import run

    with step("validate") as running:
        running.summary = run(contract, Path(raw.path), Path(champion.path), Path(valid.path))
        reports = Path(validation.path)
        reports.mkdir(parents=True)
        for name in ("validation.json", "validation.html"):
            (Path(valid.path) / name).rename(reports / name)
        valid.metadata.update(rows=running.summary["rows_good"])
        validation.metadata.update(verdict=running.summary["verdict"])
        address_by_content(valid)
