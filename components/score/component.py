"""Score, as a KFP component."""

from kfp import dsl

from components.image import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def score(
    contract: str,
    champion: dsl.Input[dsl.Artifact],
    scores: dsl.Output[dsl.Dataset],
    summary: dsl.Output[dsl.Metrics],
    as_of: str = "",
) -> int:
    """Score the contract's customers with the champion; returns the number of customers to contact.

    Args:
        contract: the contract, YAML text, with the table or tables as its sources.
        champion: the model in production.
        scores: a folder named after the date: Parquet parts, rejected.parquet, the highest scores as CSV, summary.json.
        summary: counts, for the run's page.
        as_of: instant that inputs are computed as of, from a contract with tables, ISO 8601; empty for now.
    """
    from pathlib import Path

    from components.lineage import trace
    from components.score.logic import run
    from components.step import step
    from tenure.contract import parse
    from tenure.errors import DataError
    from tenure.intake.locate import located

    with step("score") as running:
        bundle = Path(champion.path) / "bundle"
        if not bundle.exists():
            raise DataError("there is no champion to score with: train and promote a model first")
        source = located(parse(contract), Path())
        found = run(bundle=bundle, source=source, out=Path(scores.path), as_of=as_of)
        scores.metadata.update(rows=found["rows"], day=found["day"])
        model = {"name": found["name"], "bundle_version": found["bundle_version"]}
        trace([scores], contract=contract, version=champion.metadata.get("version"), **model)
        for name in ("rows", "contacts", "rejected", "mean_probability", "mean_value"):
            if name in found:
                summary.log_metric(name, found[name])
        Path(summary.path).touch()
        running.summary = found
    return int(found["contacts"])
