"""Current customers compared with those that a model was trained on, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure import bundle
from tenure.bundle import Bundle
from tenure.errors import DataError, InputError
from tenure.features.current import AsOf
from tenure.features.instant_given import read_as_of
from tenure.features.instants import local
from tenure.monitoring.answered import Answered
from tenure.monitoring.current import Observed, Table, of_log, read_current, read_reference
from tenure.monitoring.inputs import compared_inputs, describe, not_compared
from tenure.monitoring.result import Monitoring, Samples
from tenure.monitoring.scores import compare_scores, outputs, predict, read_scores, validation_scores
from tenure.monitoring.statistic import Measured
from tenure.monitoring.statistics import PSI, STATISTICS
from tenure.monitoring.verdict import Limits, Verdict, decide
from tenure.stats import Profile, ScoreProfile
from tenure.transform import utc_day

AGAINST_VALIDATION = "no reference table was given: scores are compared with those of the rows held out in training"
INPUTS_ONLY = "no reference table was given, and the bundle holds no scores: only the inputs are compared"


def compare(
    model: Bundle | Path | str,
    current: Table | None = None,
    *,
    reference: Table | None = None,
    scores: Path | str | None = None,
    log: str | None = None,
    base_folder: Path = Path(),
    day: date | None = None,
    as_of: AsOf = None,
) -> Monitoring:
    """Compare current customers with those that a model was trained on.

    Each input is compared with its distribution in the bundle. The scores are compared with those of the reference
    table, or without one with the scores on the rows held out in training, whose distribution is in the bundle too.

    Args:
        model: a bundle, or its folder.
        current: the table of the current customers: a source, an Arrow table, a path or an address; None for the
            customers in the prediction log. Of a model whose inputs are computed from tables also these, by name.
        reference: a table from a time when all was well, such as the training table.
        scores: a day's folder of ``tenure score`` with the current scores; without it a sample of ``current`` is
            scored.
        log: a prediction log with the current scores, and without ``current`` also the current customers.
        base_folder: what relative addresses start from.
        day: what ``today()`` is for current customers whose rows name no day; today in UTC by default. For rows of the
            reference it is the contract's ``as_of``.
        as_of: when tables are looked at from which the inputs are computed; now by default. ``today()`` is its day.

    Returns:
        The verdict and what it rests on. It is ``undecided`` if the log holds too few rows that this version
        answered, as it does after a promotion.

    Raises:
        BundleError: the bundle is damaged.
        InputError: both ``scores`` and ``log`` are given; ``as_of`` is not an instant, or does not belong to the table.
        DataError: there are no customers; the bundle has no reference distributions; a table lacks a column, has too
            few rows, or too many of its rows cannot be read; there are no scores, or no log.
        SourceError: a system that holds the table or the log is down.
    """
    if scores is not None and log is not None:
        raise InputError("the current scores come from 'scores' or from 'log', not from both")
    model = model if isinstance(model, Bundle) else bundle.read(model)
    given, day = day, day or _day_of(model, current, as_of)
    profile = Profile.from_dict(model.profile)
    before = validation_scores(model)
    if before is None and reference is None and (scores is not None or log is not None):
        raise DataError(f"the bundle {model.version} holds no scores to compare with: give a reference table")
    answered = None if log is None else Answered.read(model, log)
    now = _observe(model, current, answered, base_folder, as_of=as_of, day=given)
    then = None if reference is None else read_reference(model, reference, base_folder)
    if then is not None:
        before = ScoreProfile.of(predict(model, then.sample, model.contract.as_of or day))
    notes = [] if reference is not None else [INPUTS_ONLY if before is None else AGAINST_VALIDATION]
    notes += [] if answered is None else [f"prediction log {answered}"]
    notes += now.notes
    if model.contract.uses_today and answered is None and scores is None and not now.tables:
        notes.append(f"today() is {day} for current customers whose rows name no day")
    limits = Limits(model.contract.quality.max_psi, model.contract.quality.max_rejected_share)
    rejected = now.rejected.total()
    too_few = _too_few(model, now, answered)
    described = model.contract.inputs
    inputs = {} if too_few else compared_inputs(profile, now.sketch, described)
    quality = model.contract.quality
    measured = {name: Measured.of(statistic, inputs.values(), quality) for name, statistic in STATISTICS.items()}
    distances = measured.pop(PSI).values
    score_drift = None
    if too_few is None and before is not None:
        score_drift = compare_scores(model, before, *_current_scores(model, now, scores, answered, day))
    verdict = too_few or decide(
        distances,
        None if score_drift is None else score_drift["psi"],
        now.rejected_share,
        limits,
        predicted=f"the {outputs(model).noun}",
        further=measured.values(),
    )
    return Monitoring(
        verdict=verdict.state,
        reasons=verdict.reasons,
        notes=tuple(notes),
        columns=distances,
        inputs={name: describe(inputs[name]) for name in distances},
        not_compared={} if too_few else not_compared(profile, now.sketch, described),
        statistics={name: each.to_dict() for name, each in measured.items()},
        scores=score_drift,
        limits=limits,
        rows=now.rows,
        rejected=rejected,
        rejected_reasons=dict(sorted(now.rejected.items(), key=lambda entry: (-entry[1], entry[0]))),
        reference={"rows": profile.rows, "source": None if then is None else then.source},
        model=_identity(model),
        source=now.source,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        samples=None if then is None or not now.rows else Samples(then.sample, now.sample, model.contract),
    )


def _day_of(model: Bundle, current: Table | None, as_of: AsOf) -> date:
    """What ``today()`` is for rows that name no day: the day of the instant, in the contract's zone."""
    assembly = model.contract.assembly
    if assembly is None or not isinstance(current, Mapping):
        return utc_day()
    return local(read_as_of(as_of, assembly.zone), assembly.zone).date()


def _observe(
    model: Bundle,
    current: Table | None,
    answered: Answered | None,
    base_folder: Path,
    *,
    as_of: AsOf,
    day: date | None,
) -> Observed:
    if current is not None:
        return read_current(model, current, base_folder, as_of, day)
    if answered is not None:
        return of_log(model, answered)
    raise DataError("there are no current customers: give a table or a prediction log")


def _too_few(model: Bundle, now: Observed, answered: Answered | None) -> Verdict | None:
    """The verdict if the prediction log holds too few rows to judge by."""
    least = model.contract.quality.min_rows
    if answered is None or min(now.rows, len(answered.scores)) >= least:
        return None
    reason = f"the model answered fewer than {least:,} customers ('quality.min_rows') in the prediction log"
    return Verdict("undecided", (reason,))


def _identity(model: Bundle) -> dict[str, Any]:
    return {
        "name": model.manifest.name,
        "version": model.version,
        "data_hash": model.manifest.data_hash,
        "created_at": model.manifest.created_at,
        "task": model.contract.task,
        "description": model.contract.description,
    }


def _current_scores(
    model: Bundle, now: Observed, scores: Path | str | None, answered: Answered | None, day: date
) -> tuple[NDArray[np.float64], str]:
    """The current scores, and where they come from."""
    if scores is not None:
        return read_scores(model, Path(scores)), str(scores)
    if answered is not None:
        return answered.scores, answered.location
    return predict(model, now.sample, day), "a sample of the table"
