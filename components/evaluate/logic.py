"""evaluate: the chosen candidate on the test part, beside the champion, and whether it may go live."""

from __future__ import annotations

from pathlib import Path

from components.step import publish
from tenure.atomic import write_text
from tenure.contract import parse
from tenure.evaluation.evaluate import Outcome, evaluate
from tenure.evaluation.science.most_wrong import FILE_NAME as MOST_WRONG
from tenure.progress import progress
from tenure.report import render
from tenure.training.small_tables import repeat_if_small


def run(
    *,
    contract: str,
    raw: Path,
    valid: Path,
    features: Path,
    candidates: Path,
    champion: Path,
    evaluation: Path,
    override: str = "",
    code_version: str = "",
) -> Outcome:
    """As ``tenure.evaluation.evaluate.evaluate``, with ``contract`` as YAML text; renders and publishes the report too.

    Raises:
        ContractError: the contract is invalid.
        DataError, BundleError: as ``evaluate``.
    """
    parsed = parse(contract)
    outcome = evaluate(
        contract=parsed,
        raw=raw,
        valid=valid,
        features=features,
        candidates=candidates,
        champion=champion,
        evaluation=evaluation,
        override=override,
        code_version=code_version,
        repeats=repeat_if_small(parsed, features, candidates),
    )
    progress("writing the report")
    write_text(
        evaluation / "report.html",
        render(outcome.record, validation=outcome.validation, ingest=outcome.ingest),
    )
    publish(evaluation / "evaluation.json")
    publish(evaluation / "report.html")
    publish(evaluation / MOST_WRONG)
    return outcome
