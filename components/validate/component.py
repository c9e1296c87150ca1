"""Validate and check drift, as KFP components."""

from kfp import dsl

from components.image import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def validate(
    contract: str,
    raw: dsl.Input[dsl.Dataset],
    valid: dsl.Output[dsl.Dataset],
    findings: dsl.Output[dsl.Artifact],
    metrics: dsl.Output[dsl.Metrics],
    report: dsl.Output[dsl.HTML],
) -> None:
    """Check the table against the contract; stop the run if it violates a limit.

    Args:
        contract: the contract, YAML text.
        raw: output of ingest.
        valid: profile.json; data.parquet, quarantine.parquet and set_aside.parquet, of several tables in tables/<name>.
            A cached result refers to the date of its run: rows that were in the future then stay quarantined, and
            check_drift checks the rows' age again.
        findings: validation.json, validation.html.
        metrics: counts of rows, for the run's page.
        report: validation.html, likewise.
    """
    from pathlib import Path

    from components.content import address_by_content
    from components.lineage import trace
    from components.step import step
    from components.validate.display import show
    from components.validate.logic import run

    with step("validate") as running:
        running.summary = run(contract, Path(raw.path), Path(valid.path))
        reports = Path(findings.path)
        reports.mkdir(parents=True)
        for name in ("validation.json", "validation.html"):
            (Path(valid.path) / name).rename(reports / name)
        show(running.summary, reports, metrics, report)
        valid.metadata.update(rows=running.summary["rows_good"])
        findings.metadata.update(verdict=running.summary["verdict"])
        trace([valid, findings, report], contract=contract, data_hash=running.summary["data_hash"])
        # Its content is metadata, but a step cache treats an artifact without a file as missing.
        Path(metrics.path).touch()
        address_by_content(valid)


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def check_drift(
    contract: str,
    raw: dsl.Input[dsl.Dataset],
    valid: dsl.Input[dsl.Dataset],
    findings: dsl.Input[dsl.Artifact],
    champion: dsl.Input[dsl.Artifact],
    validation: dsl.Output[dsl.Artifact],
    distances: dsl.Output[dsl.Metrics],
    summary: dsl.Output[dsl.Markdown],
    as_of: str = "",
) -> None:
    """Complete validate's report by drift from the champion, and by the rows' age on the day of the run.

    Args:
        contract: the contract, YAML text.
        raw: output of ingest.
        valid: the valid rows.
        findings: validate's report.
        champion: the model in production.
        validation: validation.json, validation.html: the complete report.
        distances: PSI of each column, for the run's page.
        summary: the checks that did not pass, likewise.
        as_of: date of the run, if the contract limits the rows' age; else empty.
    """
    from pathlib import Path

    from components.lineage import trace
    from components.step import step
    from components.validate.display import show_drift
    from components.validate.drift import run

    folders = {"raw": raw, "valid": valid, "findings": findings, "champion": champion, "validation": validation}
    with step("check_drift") as running:
        paths = {name: Path(artifact.path) for name, artifact in folders.items()}
        found = run(contract=contract, as_of=as_of, **paths)
        whole = show_drift(Path(validation.path), found["psi"], distances, summary)
        validation.metadata.update(verdict=whole.verdict)
        trace([validation, summary], contract=contract, data_hash=whole.data_hash)
        Path(distances.path).touch()
        running.summary = {name: found[name] for name in ("verdict", "warnings")}
