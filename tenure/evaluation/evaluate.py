"""The evaluation of the chosen candidate on the test part, which no step before has used."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tenure.atomic import write_bytes, write_text
from tenure.bundle import Bundle, read
from tenure.contract import Contract, contract_hash
from tenure.errors import DataError
from tenure.evaluation import Verdict, record
from tenure.evaluation.business import basis
from tenure.evaluation.champion import read_champion
from tenure.evaluation.clusters import record_clusters
from tenure.evaluation.evaluator import Evaluator
from tenure.evaluation.reliance import reliance
from tenure.evaluation.repeats import Repeats, average, rank_within_folds
from tenure.evaluation.science.find import Judged, find_errors
from tenure.evaluation.science.fitted import fitted_rows
from tenure.evaluation.science.most_wrong import FILE_NAME
from tenure.evaluation.scoring import read_test_part
from tenure.explanation import customers_held, sampled_walks
from tenure.features.reduction import FILE_NAME as REDUCTION
from tenure.progress import progress
from tenure.stats.bootstrap import LEVEL, Estimate
from tenure.tasks import get
from tenure.transform import rows_held

FORMAT = 1
EXAMPLE_ROWS = 3

Json = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """The result of an evaluation."""

    verdict: str
    """``bless``, ``reject`` or ``inconclusive``."""
    proceed: bool
    """Whether the candidate may be served and registered: blessed, or inconclusive with an override."""
    summary: Json
    """For the step's page: verdict, family and the main figures."""
    record: Json
    """The content of ``evaluation.json``."""
    validation: Json
    """The content of ``validation.json`` with the leakage checks, for the report."""
    ingest: Json
    """The content of ``ingest.json``, for the report."""


def evaluate(
    *,
    contract: Contract,
    raw: Path,
    valid: Path,
    features: Path,
    candidates: Path,
    champion: Path,
    evaluation: Path,
    override: str = "",
    code_version: str = "",
    repeats: Repeats | None = None,
) -> Outcome:
    """Evaluate every candidate on the test part, and decide about the chosen one.

    The chosen candidate of a small table is evaluated on all rows, by repeated cross-fitting; the test part then only
    compares it with the champion and with the other families.

    Args:
        contract: with acceptance minimums, business values and slices.
        raw: folder of ``ingest``; read: ``ingest.json``.
        valid: folder of ``validate``; read: ``validation.json``.
        features: folder of ``feature``; read: ``test.parquet``, ``split.json``, ``leakage.json``, ``reduction.json``;
            of ``train.parquet`` and ``validation.parquet`` some rows, to show how much better the model is on rows that
            it was fitted to.
        candidates: folder of ``train``; read: ``train.json``, which names the chosen family, and one bundle a family.
        champion: folder of ``champion``; read: ``champion.json`` and, if there is a champion, ``bundle/``.
        evaluation: written: ``evaluation.json`` (the complete record), ``example.json`` (raw inputs of a few rows),
            ``bundle/`` (the chosen candidate, unchanged), ``most_wrong.csv`` (the customers it is most wrong about).
        override: a person's reason to register the model even if the verdict is inconclusive.
        code_version: of the code that trained.
        repeats: of a small table, see ``tenure.training.small_tables``.

    Raises:
        DataError: the test part is empty, or a prediction of the chosen candidate is not a possible one.
        BundleError: the chosen candidate's bundle cannot be read, or is of another task.
    """
    test = read_test_part(features / "test.parquet", contract)
    split, train = _read(features / "split.json"), _read(candidates / "train.json")
    ingest, validation = _read(raw / "ingest.json"), _read(valid / "validation.json")
    # To a reader of the report the checks of the split and for leakage are more checks of the data.
    validation["checks"] += _read(features / "leakage.json")["checks"]
    chosen = read(candidates / train["chosen"])
    family = chosen.manifest.family

    evaluator = get(contract.task).evaluator(contract, test, chosen)

    progress("scoring the test part")
    try:
        predictions = evaluator.predict(chosen, test.table)
    except DataError as error:
        raise DataError(f"the candidate '{family}' cannot be evaluated: {error}") from error
    metrics = evaluator.measure(predictions)
    families, scored = [], {}
    for done, entry in enumerate(train["leaderboard"]):
        progress("comparing families", done, len(train["leaderboard"]))
        line, of_family = record.family(entry, candidates, train["chosen"], (predictions, metrics), evaluator)
        families.append(line)
        if of_family is not None:
            scored[line["family"]] = of_family
    judged, judged_predictions = evaluator, predictions
    if repeats is not None:
        metrics, judged, judged_predictions = _of_repeats(contract, repeats, chosen)

    progress("comparing with the champion")
    live = read_champion(champion, contract.task, evaluator)
    if live is None:
        slices, by_slice = record.slices(contract, judged, judged_predictions, None)
    else:
        slices, by_slice = record.slices(contract, evaluator, predictions, live.predictions)
    challenge, champion_record = record.challenge(live, chosen, predictions, by_slice, evaluator)
    verdict = judged.decide(metrics, judged_predictions, chosen, challenge)
    of_task = judged.record(judged_predictions, chosen)
    progress("looking for where it is wrong")
    found = find_errors(
        contract=contract,
        chosen=chosen,
        judged=Judged(judged, judged_predictions, metrics),
        evaluator=evaluator,
        families=scored,
        train=train,
        fitted=fitted_rows(features, contract),
    )
    document: Json = {
        "format": FORMAT,
        "task": contract.task,
        "name": contract.name,
        "description": contract.description,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "verdict": verdict.to_json(),
        "override": override.strip() if verdict.state == "inconclusive" else "",
        "rows": _rows(ingest, validation, split),
        "test": judged.counts(),
        "cross_fitting": None if repeats is None else {**repeats.describe(), "test_rows": test.rows},
        **of_task,
        "business": of_task["business"] | basis(contract),
        "chosen": _chosen(chosen, train) | of_task["chosen"],
        "metrics": record.to_json(metrics),
        "families": families,
        "champion": champion_record,
        "slices": slices,
        "horizons": evaluator.within_times(chosen),
        "clusters": record_clusters(
            chosen, judged, train.get("clusters"), None if repeats is None else repeats.repeats[0].predictions
        ),
        **reliance(contract, chosen, evaluator),
        "not_used": _read(features / REDUCTION)["dropped"],
        "training": train,
        "science": found.record,
        "split": split,
        "bootstrap": {
            "samples": contract.acceptance.bootstrap_samples,
            "seed": contract.training.seed,
            "level": LEVEL,
            "by": "row" if judged.test.customer is None else "customer",
            "customers": judged.test.customers,
        },
        "versions": {
            "bundle_version": chosen.version,
            "data_hash": chosen.manifest.data_hash,
            "contract_hash": contract_hash(contract),
            "code_version": code_version,
            "libraries": chosen.manifest.libraries,
        },
    }
    first = test.table.slice(0, EXAMPLE_ROWS)
    example = {
        name: [column.as_written(value) for value in first.column(name).to_pylist()]
        for name, column in contract.inputs.items()
    }
    _write(evaluation, document, example, candidates / train["chosen"])
    write_bytes(evaluation / FILE_NAME, found.most_wrong.to_csv())
    return Outcome(
        verdict.state,
        _proceeds(verdict, document["override"]),
        _summary(document) | evaluator.summarize(document),
        document,
        validation,
        ingest,
    )


def _of_repeats(
    contract: Contract, repeats: Repeats, chosen: Bundle
) -> tuple[dict[str, Estimate], Evaluator[Any, Any], Any]:
    """Metrics averaged over repeats; evaluator and predictions of the first."""
    progress("measuring the repeats")
    measured, first = [], None
    for number, repeat in enumerate(repeats.repeats):
        evaluator = get(contract.task).evaluator(contract, repeats.rows(contract, number), chosen)
        predictions = evaluator.gather(repeat.predictions)
        found = evaluator.measure(predictions)
        measured.append(rank_within_folds(found, evaluator.test.label, repeat.predictions))
        first = first or (evaluator, predictions)
    if first is None:
        raise ValueError("no repeat to evaluate")
    return average(measured, repeats.folds), *first


def _proceeds(verdict: Verdict, override: str) -> bool:
    return verdict.state == "bless" or (verdict.state == "inconclusive" and bool(override))


def _chosen(bundle: Bundle, train: Json) -> Json:
    companion = bundle.companion
    own = {entry["family"]: entry["validation_score"] for entry in train["leaderboard"]}[bundle.manifest.family]
    return {
        "family": bundle.manifest.family,
        "bundle_version": bundle.version,
        "threshold": bundle.decision.threshold,
        "customers_held": customers_held(bundle.terms) + rows_held(bundle.transform.state.imputers),
        "sampled_walks": sampled_walks(bundle.terms),
        "companion": companion and {"validation_score": companion.validation_score, "own_score": own},
    }


def _rows(ingest: Json, validation: Json, split: Json) -> Json:
    """How many rows went where, from the source to the parts."""
    return {
        "read": ingest["rows_read"],
        "rejected": ingest["rows_rejected"],
        "quarantined": validation["rows"]["quarantined"],
        "set_aside": validation["rows"].get("set_aside", 0),
        **({name: validation["rows"][name] for name in ("orphaned", "duplicates")} if validation.get("tables") else {}),
        **{part: split["rows"][part] for part in ("train", "validation", "test")},
    }


def _summary(document: Json) -> Json:
    chosen = document["chosen"]
    return {
        "verdict": document["verdict"]["state"],
        "why": document["verdict"]["summary"],
        "family": chosen["family"],
        "bundle_version": chosen["bundle_version"],
        "threshold": chosen["threshold"],
        "test_rows": document["test"]["rows"],
    }


def _read(path: Path) -> Json:
    found: Json = json.loads(path.read_text(encoding="utf-8"))
    return found


def _write(folder: Path, document: Json, example: Json, bundle: Path) -> None:
    shutil.copytree(bundle, folder / "bundle", dirs_exist_ok=True)
    write_text(folder / "example.json", json.dumps(example, indent=1) + "\n")
    write_text(folder / "evaluation.json", json.dumps(document, indent=1, allow_nan=False) + "\n")
