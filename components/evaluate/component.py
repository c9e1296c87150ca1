"""Evaluate, as a KFP component."""

from kfp import dsl

from components.image import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def evaluate(
    contract: str,
    raw: dsl.Input[dsl.Dataset],
    validation: dsl.Input[dsl.Artifact],
    features: dsl.Input[dsl.Dataset],
    candidates: dsl.Input[dsl.Model],
    champion: dsl.Input[dsl.Artifact],
    evaluation: dsl.Output[dsl.Artifact],
    metrics: dsl.Output[dsl.Metrics],
    curves: dsl.Output[dsl.ClassificationMetrics],
    report: dsl.Output[dsl.HTML],
    summary: dsl.Output[dsl.Markdown],
    override: str = "",
    code_version: str = "",
) -> bool:
    """Evaluate the chosen candidate on the test part, with the champion; returns whether it may be registered.

    The result is a single unnamed output, because kfp.local supports no other in a condition of the graph.

    Args:
        contract: the contract, YAML text.
        raw: output of ingest.
        validation: reports of validate and check_drift.
        features: the parts of the split.
        candidates: one bundle a family, and the chosen one.
        champion: the model in production.
        evaluation: evaluation.json, report.html, example.json, most_wrong.csv, bundle/.
        metrics: metrics of the chosen candidate, for the run's page.
        curves: its confusion matrix and ROC curve, likewise; of a regression the matrix of its bands.
        report: report.html, likewise.
        summary: verdict and reasons, likewise.
        override: reason to register an inconclusive model; empty for none.
        code_version: version of the code that trained; the image's own if empty.
    """
    from pathlib import Path

    from components.evaluate.display import show
    from components.evaluate.logic import run
    from components.image import code_version as of_image
    from components.lineage import trace
    from components.step import step

    folders = {"raw": raw, "valid": validation, "features": features, "candidates": candidates, "champion": champion}
    with step("evaluate") as running:
        outcome = run(
            contract=contract,
            **{name: Path(artifact.path) for name, artifact in folders.items()},
            evaluation=Path(evaluation.path),
            override=override,
            code_version=of_image(code_version),
        )
        running.summary = outcome.summary
        versions = show(Path(evaluation.path), metrics, curves, report, summary)
        trace([evaluation, report, summary], contract=contract, inputs=[raw], **versions)
        # Their content is metadata, but a step cache treats an artifact without a file as missing.
        for artifact in (metrics, curves):
            Path(artifact.path).touch()
    return outcome.proceed
