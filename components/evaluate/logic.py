"""evaluate: how good the chosen candidate is on rows that nothing before has seen, and whether it may go live."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from components.evaluate import parts
from components.evaluate.scoring import TestPart, read_test_part, score
from components.evaluate.standing import read_standing
from components.step import progress, publish
from tenure.bundle import Bundle, read
from tenure.contract import Contract, contract_hash, parse
from tenure.decision import customer_values
from tenure.errors import DataError
from tenure.evaluation import Campaign, Verdict, curves, decide, permutation_importance, rank_auc
from tenure.evaluation.bootstrap import LEVEL
from tenure.report import render
from tenure.sources import write_text

FORMAT = 1
EXAMPLE_ROWS = 3

Json = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What the graph goes on with."""

    verdict: str
    """``bless``, ``reject`` or ``inconclusive``."""
    proceed: bool
    """Whether the candidate may be served and registered: blessed, or inconclusive with an override."""
    summary: Json
    """What a person wants to see at once."""


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
    """Evaluate every candidate on the test part, and decide about the chosen one.

    Args:
        contract: the contract's YAML.
        raw: folder of ``ingest``; read: ``ingest.json``.
        valid: folder of ``validate``; read: ``validation.json``.
        features: folder of ``feature``; read: ``test.parquet``, ``split.json``, ``leakage.json``.
        candidates: folder of ``train``; read: ``train.json``, which names the chosen family, and one bundle a family.
        champion: folder of ``champion``; read: ``champion.json`` and, if there is a champion, ``bundle/``.
        evaluation: written: ``evaluation.json`` (the complete record), ``report.html`` (the same for people),
            ``example.json`` (raw inputs of a few rows), ``bundle/`` (the chosen candidate, unchanged).
        override: a person's reason to register the model even if the verdict is inconclusive.
        code_version: of the code that trained.

    Raises:
        DataError: the test part is empty, or the chosen candidate answers with something that is no probability.
        BundleError: the chosen candidate's bundle cannot be read.
    """
    terms = parse(contract)
    test = read_test_part(features / "test.parquet")
    split, train = _read(features / "split.json"), _read(candidates / "train.json")
    ingest, validation = _read(raw / "ingest.json"), _read(valid / "validation.json")
    # To a reader of the report the leakage check is one more check of the data.
    validation["checks"] += _read(features / "leakage.json")["checks"]
    chosen = read(candidates / train["chosen"])
    family = chosen.manifest.family

    progress("scoring the test part")
    try:
        scored = score(chosen, test.table)
    except DataError as error:
        raise DataError(f"the candidate '{family}' cannot be evaluated: {error}") from error
    setting = parts.Setting(
        test,
        _campaign(terms, chosen),
        terms.acceptance.metric,
        terms.acceptance.bootstrap_samples,
        terms.training.seed,
        _customer_values(chosen, test),
    )
    metrics = setting.measure(scored)
    families = []
    for done, entry in enumerate(train["leaderboard"]):
        progress("comparing families", done, len(train["leaderboard"]))
        families.append(parts.family(entry, candidates, train["chosen"], metrics, setting))

    progress("comparing with the champion")
    standing = read_standing(champion, test.table)
    slices, by_slice = parts.slices(terms, setting, scored, None if standing is None else standing.scored)
    challenge, champion_record = parts.challenge(standing, chosen, scored, by_slice, setting)
    verdict = decide(
        metrics,
        terms.acceptance,
        terms.business.currency,
        rows=test.rows,
        churners=test.churners,
        constant=bool(np.ptp(scored.probability) == 0.0),
        challenge=challenge,
    )
    document: Json = {
        "format": FORMAT,
        "name": terms.name,
        "description": terms.description,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "verdict": verdict.to_json(),
        "override": override.strip() if verdict.state == "inconclusive" else "",
        "chosen": _chosen(chosen),
        "rows": _rows(ingest, validation, split),
        "test": {"rows": test.rows, "churners": test.churners, "churn_rate": test.churners / test.rows},
        "business": asdict(setting.campaign),
        "metrics": parts.to_json(metrics),
        "families": families,
        "champion": champion_record,
        "slices": slices,
        "curves": curves(test.label, scored, setting.campaign, setting.value),
        "importance": _importance(terms, chosen, setting),
        "training": train,
        "split": split,
        "bootstrap": {"samples": setting.samples, "seed": setting.seed, "level": LEVEL},
        "versions": {
            "bundle_version": chosen.version,
            "data_hash": chosen.manifest.data_hash,
            "contract_hash": contract_hash(terms),
            "code_version": code_version,
            "libraries": chosen.manifest.libraries,
        },
    }
    progress("writing the report")
    example = {name: test.table.column(name).slice(0, EXAMPLE_ROWS).to_pylist() for name in terms.inputs}
    _write(
        evaluation,
        document,
        example,
        render(document, validation=validation, ingest=ingest),
        candidates / train["chosen"],
    )
    return Outcome(verdict.state, _proceeds(verdict, document["override"]), _summary(document))


def _proceeds(verdict: Verdict, override: str) -> bool:
    return verdict.state == "bless" or (verdict.state == "inconclusive" and bool(override))


def _campaign(contract: Contract, bundle: Bundle) -> Campaign:
    business, limit = contract.business, bundle.decision.limit
    return Campaign(
        customer_value=business.customer_value,
        offer_cost=business.offer_cost,
        offer_success_share=business.offer_success_share,
        contacts_per_day=limit.contacts_per_day,
        population=limit.population,
        currency=business.currency,
    )


def _customer_values(bundle: Bundle, test: TestPart) -> np.ndarray | None:
    """(rows,) what each customer is worth, where the contract's segments say so."""
    segments, otherwise = bundle.decision.segments, bundle.contract.business.customer_value
    if all(segment.customer_value is None for segment in segments):
        return None
    inputs = {name: test.table.column(name) for name in bundle.transform.inputs}
    return customer_values(segments, bundle.transform.values(inputs), otherwise)


def _chosen(bundle: Bundle) -> Json:
    return {
        "family": bundle.manifest.family,
        "bundle_version": bundle.version,
        "threshold": bundle.decision.threshold,
        "segments": [segment.to_dict() for segment in bundle.decision.segments],
        "calibration": bundle.decision.calibration.method,
        "bands": bundle.decision.bands,
        "base_rate": bundle.decision.base_rate,
        "expected": bundle.decision.expected,
    }


def _rows(ingest: Json, validation: Json, split: Json) -> Json:
    """How many rows went where, from the source to the parts."""
    return {
        "read": ingest["rows_read"],
        "rejected": ingest["rows_rejected"],
        "quarantined": validation["rows"]["quarantined"],
        **{part: split["rows"][part] for part in ("train", "validation", "test")},
    }


def _importance(contract: Contract, bundle: Bundle, setting: parts.Setting) -> list[Json]:
    def predict(columns: Mapping[str, pa.Array]) -> np.ndarray:
        return bundle.predict(columns).probability

    inputs = contract.inputs
    found = permutation_importance(
        predict,
        {name: setting.test.table.column(name).combine_chunks() for name in inputs},
        setting.test.label,
        list(inputs),
        quality=rank_auc,
        seed=setting.seed,
        progress=lambda done, total: progress("measuring what the model relies on", done, total),
    )
    return [{**asdict(importance), "description": inputs[importance.column].description} for importance in found]


def _summary(document: Json) -> Json:
    metrics = document["metrics"]
    names = ("roc_auc", "average_precision", "precision", "recall", "calibration_error", "profit_per_day")
    return {
        "verdict": document["verdict"]["state"],
        "why": document["verdict"]["summary"],
        "family": document["chosen"]["family"],
        "bundle_version": document["chosen"]["bundle_version"],
        "threshold": document["chosen"]["threshold"],
        "test_rows": document["test"]["rows"],
        "currency": document["business"]["currency"],
        **{name: metrics[name] for name in names},
        "contacts_per_day": metrics["contacts_per_day"]["value"],
        "families": {row["family"]: row["metrics"].get("roc_auc") for row in document["families"]},
    }


def _read(path: Path) -> Json:
    found: Json = json.loads(path.read_text(encoding="utf-8"))
    return found


def _write(folder: Path, document: Json, example: Json, report: str, bundle: Path) -> None:
    shutil.copytree(bundle, folder / "bundle", dirs_exist_ok=True)
    write_text(folder / "example.json", json.dumps(example, indent=1, default=str) + "\n")
    write_text(folder / "report.html", report)
    write_text(folder / "evaluation.json", json.dumps(document, indent=1, allow_nan=False) + "\n")
    publish(folder / "evaluation.json")
    publish(folder / "report.html")
