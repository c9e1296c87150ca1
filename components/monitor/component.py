"""Monitor, as a KFP component."""

from kfp import dsl

from components.image import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def monitor(
    contract: str,
    champion: dsl.Input[dsl.Artifact],
    monitoring: dsl.Output[dsl.Artifact],
    distances: dsl.Output[dsl.Metrics],
    report: dsl.Output[dsl.HTML],
    summary: dsl.Output[dsl.Markdown],
    reference: str = "",
    log: str = "",
    as_of: str = "",
) -> str:
    """Compare the current customers with those of the champion's training; returns the verdict.

    It is ``retrain``, ``watch``, ``fine`` or ``undecided``.

    Args:
        contract: the contract, YAML text; read: its sources, the table or tables of the current customers.
        champion: the model that is live.
        monitoring: monitoring.json, drift.html.
        distances: PSI of each input, for the run's page.
        report: drift.html, likewise.
        summary: verdict and reasons, likewise.
        reference: address of a table from a time when all was well; empty for none.
        log: a prediction log, s3://…: the customers that the server answered, in place of the table's; empty for none.
        as_of: instant that inputs are computed as of, from a contract with tables, ISO 8601; empty for now.
    """
    import shutil
    from pathlib import Path

    from components.lineage import trace
    from components.monitor.logic import run
    from components.step import step
    from tenure.contract import parse
    from tenure.errors import DataError
    from tenure.intake.locate import located
    from tenure.report.markdown import plain
    from tenure.sources import sniff_other

    with step("monitor") as running:
        bundle = Path(champion.path) / "bundle"
        if not bundle.exists():
            raise DataError("there is no champion to monitor: train and promote a model first")
        described = parse(contract)
        found = run(
            bundle=bundle,
            current=None if log else located(described, Path()),
            monitoring=Path(monitoring.path),
            reference=sniff_other(described.source, reference) if reference else None,
            log=log or None,
            as_of=as_of,
        )
        monitoring.metadata.update(verdict=found["verdict"])
        model = {"name": found["model"]["name"], "bundle_version": found["model"]["version"]}
        trace([monitoring, report, summary], contract=contract, version=champion.metadata.get("version"), **model)
        for name, value in found["columns"].items():
            distances.log_metric(name, value)
        reasons = "\n".join(f"- {plain(line)}" for line in [*found["reasons"], *found["notes"]])
        Path(summary.path).write_text(f"# {found['verdict']}\n\n{reasons}\n", encoding="utf-8")
        shutil.copyfile(Path(monitoring.path) / "drift.html", report.path)
        Path(distances.path).touch()
        running.summary = {name: found[name] for name in ("verdict", "reasons", "rows", "rejected")}
    return str(found["verdict"])
