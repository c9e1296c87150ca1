"""Training: a candidate of each family, one more of them together, and which of them is chosen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tenure.atomic import write_text
from tenure.bundle import write
from tenure.contract import Contract
from tenure.contract.family_names import ENSEMBLE
from tenure.explanation import LinearTerms
from tenure.progress import progress
from tenure.stats import ScoreProfile
from tenure.training.best_trial import best_trials
from tenure.training.candidate import Candidate, make_candidate, make_ensemble
from tenure.training.choice import Contender, Ground, choose, complexity
from tenure.training.clusters import make_clusters
from tenure.training.companion import make_companion
from tenure.training.encoded_part import read_part, read_transform
from tenure.training.families import direction
from tenure.training.horizons import make_horizons
from tenure.training.learning_curve import learning_curve
from tenure.training.profile import reference_profile
from tenure.training.rows import join
from tenure.training.trials_summary import trials_summary

FILE_NAME = "train.json"


def train(
    *,
    contract: Contract,
    raw: Path,
    valid: Path,
    features: Path,
    trials: Sequence[Path],
    candidates: Path,
    created_at: str,
    threads: int = 1,
) -> dict[str, Any]:
    """Make a candidate of each family and choose one, before anything has looked at the test part.

    A family's best trial is cross-fitted over training and validation part together (see ``cross_fitting``): the
    predictions for rows held out calibrate it and give it a threshold, for regression an interval, bands and a
    threshold. Then it is fitted to all these rows, with as many boosting rounds as its folds stopped at (their median),
    exported to ONNX, verified against the fitted model, and shipped; one that is not linear itself with a linear
    companion, for a server to answer with where the model fails (see ``companion``). Where the contract asks for an
    ensemble, the families are blended into one more candidate (see ``blend``). ``chosen`` names the one to evaluate,
    see ``choose``; where the contract's label has ``times``, the probabilities within them are in its bundle alone (see
    ``horizons``). All figures in ``train.json`` are of rows held out.

    Args:
        contract: names the families, the objective and the business values.
        raw: folder of ``ingest``; read: ``ingest.json`` (the data's hash).
        valid: folder of ``validate``; read: ``profile.json``.
        features: folder of ``feature``; read: ``train.parquet``, ``validation.parquet``, ``transform.json``,
            and the number of rows of ``test.parquet``; of a panel ``split.json``.
        trials: folders of all workers of ``tune``; read: ``trials.json``.
        candidates: written: ``<family>/``, a bundle each, and ``train.json``.
        created_at: time of the run, for the manifests; no part of a bundle's version.
        threads: a fit may use.

    Returns:
        For the step's summary: the chosen family and every family's scores.

    Raises:
        DataError: a part has too few rows, or too few of a class.
        TenureError: a worker's trials are missing, or an export differs from its model.
        BundleError: there is a bundle in ``candidates`` already.
        StorageError: a file cannot be read or written.
    """
    transform = read_transform(features)
    rows = join(
        read_part(features, "train", contract, transform),
        read_part(features, "validation", contract, transform),
        contract,
    )
    train_rows, validation_rows = len(rows.train.label), len(rows.validation.label)
    profile = reference_profile(contract, valid, features)
    data_hash = json.loads((raw / "ingest.json").read_text(encoding="utf-8"))["data_hash"]
    customers = _count_customers(contract, features)
    made: list[Candidate] = []
    bests = best_trials(contract, trials)
    for done, best in enumerate(bests):
        progress(f"fitting {best.family}", done, len(bests))
        made.append(make_candidate(contract, best, rows, customers=customers, threads=threads))
    if ENSEMBLE in contract.training.families:
        progress("blending the families", len(bests), len(bests))
        made.append(make_ensemble(contract, made, rows, customers=customers))
    companion = None
    if not all(is_linear(candidate) for candidate in made):
        progress("fitting the companion", len(bests), len(bests))
        companion = make_companion(contract, made, rows, threads=threads)
    progress("looking for clusters", len(bests), len(bests))
    clusters = make_clusters(contract, transform, rows.both.matrix)
    ground = Ground(contract.training.objective, rows.held.label, contract.training.seed, rows.held.customer)
    chosen = made[choose(ground, [_contender(candidate) for candidate in made])]
    scores = chosen.validated.scores
    horizons = make_horizons(contract, rows.held, rows.held_index, scores, features, threads=threads)
    versions = []
    for candidate in made:
        manifest = write(
            candidates / candidate.best.family,
            contract=contract,
            transform=transform,
            model=candidate.model,
            decision=candidate.validated.decision,
            profile={**profile, "scores": ScoreProfile.of(candidate.validated.scores).to_dict()},
            family=candidate.best.family,
            data_hash=data_hash,
            created_at=created_at,
            companion=None if is_linear(candidate) else companion,
            additions=(*clusters.additions, *(horizons.additions if candidate is chosen else ())),
        )
        versions.append(manifest.version)
    leaderboard = [
        _entry(candidate, version) | {"chosen": candidate is chosen}
        for candidate, version in zip(made, versions, strict=True)
    ]
    document = {
        "chosen": chosen.best.family,
        "objective": contract.training.objective,
        "direction": direction(contract.training.objective),
        "rows": {
            "train": train_rows,
            "validation": validation_rows,
            "held_out": len(rows.held.label),
            "shipped": train_rows + validation_rows,
        },
        "leaderboard": leaderboard,
        "companion": None if companion is None else {"validation_score": companion.validation_score},
        "clusters": clusters.record,
        "horizons": horizons.record,
        "trials": trials_summary(bests, trials),
        "learning_curve": learning_curve(contract, chosen.best.family, bests, rows.train, threads=threads),
    }
    write_text(candidates / FILE_NAME, json.dumps(document, indent=1, allow_nan=False) + "\n")
    return {
        "chosen": chosen.best.family,
        "objective": contract.training.objective,
        "families": [
            {name: entry[name] for name in ("family", "cv_mean", "cv_std", "validation_score", "chosen")}
            for entry in leaderboard
        ],
    }


def is_linear(candidate: Candidate) -> bool:
    """Whether its model is as simple as a companion would be."""
    return isinstance(candidate.model.terms, LinearTerms)


def _contender(candidate: Candidate) -> Contender:
    return Contender(candidate.validated.scores, complexity(candidate.model.terms))


def _entry(candidate: Candidate, version: str) -> dict[str, Any]:
    best, validated = candidate.best, candidate.validated
    return {
        "family": best.family,
        "version": version,
        "parameters": best.parameters,
        "cv_mean": best.mean,
        "cv_std": best.std,
        "cv_scores": list(best.scores),
        "validation_score": validated.objective,
        "validation": validated.validation,
        **validated.decision.describe(),
        "threshold": validated.decision.threshold,
        "trials": best.trials,
        "pruned": best.pruned,
        "tune_seconds": best.seconds,
        "train_seconds": candidate.seconds,
    }


def _count_customers(contract: Contract, features: Path) -> int:
    """Customers that are scored at a time: rows of all three parts together, by their Parquet footers. Of a panel the
    customers; of one that is computed from tables, in which they may come and go, those eligible at the last cut."""
    import pyarrow.parquet as pq

    if contract.split.by == "customer" or contract.is_assembled:
        split = json.loads((features / "split.json").read_text(encoding="utf-8"))
        return split["panel"][-1]["eligible"] if contract.is_assembled else sum(split["customers"].values())
    return sum(pq.read_metadata(features / f"{name}.parquet").num_rows for name in ("train", "validation", "test"))
