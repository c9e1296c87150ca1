"""One unit's study: trial after trial, the same whoever runs it and however often it was interrupted.

    ask ─▶ RUNNING ─▶ folds ─▶ tell ─▶ COMPLETE, or PRUNED by its rank
              └── the worker died: FAIL when the study is taken up again, and asked once more

On a large table a trial is its scout, no more, and then PRUNED. After the last one the best go on to folds
(``tenure.training.search.finals``).

A trial's parameters depend on the seed, on how many trials finished before it, and on their scores: nothing else.
The sampler is made anew for every trial with a seed of its own, because a sampler's random state dies with its
process.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tenure.contract.settings import Objective
from tenure.errors import BusyError
from tenure.training.families import CrossValidation, Divided, Parameters, cross_validate, direction, get, scout
from tenure.training.search.finals import finals
from tenure.training.search.outcome import DETAILS, Outcome, details, result_of
from tenure.training.search.starts import starts
from tenure.training.search.stopping import Stopped, is_certain
from tenure.training.search.units import Unit
from tenure.training.search.warm_start import OBJECTIVE

if TYPE_CHECKING:
    from optuna.storages import BaseStorage
    from optuna.study import Study
    from optuna.trial import FrozenTrial

STARTUP_TRIALS = 5
"""Trials, those of ``starts`` among them, before TPE models the scores."""

UNPRUNED_TRIALS = 2
"""Trials of a small table, the default among them, that are never pruned. Later ones may be after their first fold
already: all trials see the same folds, so their running means are paired."""

KEPT_PERCENT = 33.0
"""A trial goes on while its running mean is among the best third of the completed ones'. Half (the median rule) kept
trials that had no chance: scores over the same folds differ by less noise than the trials themselves."""

SCOUTED = 0
"""Step at which a trial of a large table reports its scout's score."""


@dataclass(frozen=True)
class Search:
    """What all units of a search share."""

    divided: Divided
    """Training part, by fold."""
    objective: Objective
    seed: int
    threads: int
    is_over: Callable[[], bool] = lambda: False
    """Whether the time of the unit that runs is up; its first trial is finished whatever it says."""


def run_unit(
    unit: Unit,
    name: str,
    search: Search,
    storage: BaseStorage,
    tell: Callable[[int, float | None], None],
    *,
    warm_start: Parameters | None = None,
) -> dict[str, Any]:
    """Take up the study ``name`` and bring it to ``unit.trials`` finished trials, or to a leader that is certain.

    Args:
        tell: called with the trials finished and the best score so far, after each trial.
        warm_start: parameters to begin with, after the default.

    Returns:
        ``{"family", "shard", "study", "stopped", "trials": [{"number", "state", "score", "scores", "rounds",
        "parameters", "seconds"}, …]}``; trials in the order they finished. ``stopped`` says why there are fewer than
        ``unit.trials``, see ``Stopped``.

    Raises:
        BusyError: if another process works on the same study.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        storage=storage,
        study_name=name,
        direction=direction(search.objective),
        pruner=optuna.pruners.PercentilePruner(KEPT_PERCENT, n_startup_trials=UNPRUNED_TRIALS),
        load_if_exists=True,
    )
    study.set_user_attr(OBJECTIVE, search.objective)
    _fail_left_behind(study)
    first = starts(unit.family, warm_start) if unit.shard == 0 else ()
    stopped: Stopped | None = None
    while len(finished := _finished(study)) < unit.trials:
        tell(len(finished), _best_so_far(finished, search))
        stopped = _stopped(finished, unit, search)
        if stopped is not None:
            break
        _run_trial(study, unit, first, len(finished), search)
    finished = finished[: unit.trials]
    if search.divided.large:
        outcomes = _after_finals(study, finished, unit, search)
    else:
        outcomes = [Outcome.of(trial) for trial in finished]
    tell(len(outcomes), _best([outcome.result for outcome in outcomes], search.objective))
    records = [outcome.to_json(len(search.divided)) for outcome in outcomes]
    return {"family": unit.family, "shard": unit.shard, "study": name, "stopped": stopped, "trials": records}


def _stopped(finished: list[FrozenTrial], unit: Unit, search: Search) -> Stopped | None:
    """Why no further trial is asked for, if none is."""
    large = search.divided.large
    scores = [trial.intermediate_values[SCOUTED] if large else trial.value for trial in finished]
    if is_certain(scores, unit.trials, search.objective):
        return "certain"
    return "budget" if search.is_over() and any(score is not None for score in scores) else None


def _run_trial(study: Study, unit: Unit, first: Sequence[Parameters], index: int, search: Search) -> None:
    import optuna
    from optuna.trial import TrialState

    family = get(unit.family)
    study.sampler = optuna.samplers.TPESampler(
        seed=_trial_seed(search.seed, unit, index), n_startup_trials=STARTUP_TRIALS
    )
    waiting = study.get_trials(deepcopy=False, states=(TrialState.WAITING,))
    if index < len(first) and not waiting:
        study.enqueue_trial(dict(first[index]))
    trial = study.ask()
    parameters: Parameters = family.suggest(trial)
    started = time.perf_counter()

    def go_on(so_far: CrossValidation) -> bool:
        trial.report(so_far.mean, step=len(so_far.scores))
        return not trial.should_prune() and not (index and search.is_over())

    if search.divided.large:
        result = CrossValidation((), ())
        score = scout(
            family,
            parameters,
            search.divided,
            objective=search.objective,
            seed=search.seed,
            threads=search.threads,
        )
        trial.report(score, SCOUTED)
    else:
        result = cross_validate(
            family,
            parameters,
            search.divided,
            objective=search.objective,
            seed=search.seed,
            threads=search.threads,
            go_on=go_on,
        )
    whole = len(result.scores) == len(search.divided)
    try:
        trial.set_user_attr(DETAILS, details(result, time.perf_counter() - started))
        study.tell(trial, result.mean if whole else None, state=TrialState.COMPLETE if whole else TrialState.PRUNED)
    except optuna.exceptions.UpdateFinishedTrialError:
        raise BusyError(f"another run works on the study {study.study_name}") from None


def _after_finals(study: Study, scouted: list[FrozenTrial], unit: Unit, search: Search) -> list[Outcome]:
    """What the finals made of the trials. What an interrupted run scored in them is not scored again."""
    parameters = {trial.number: trial.params for trial in scouted}
    seconds = {trial.number: trial.user_attrs[DETAILS]["seconds"] for trial in scouted}

    def further(number: int, folds: range) -> CrossValidation:
        name = f"trial {number}, folds from {folds.start} to before {folds.stop}"
        kept = study.user_attrs.get(name)
        if kept is None:
            started = time.perf_counter()
            result = cross_validate(
                get(unit.family),
                parameters[number],
                search.divided,
                objective=search.objective,
                seed=search.seed,
                threads=search.threads,
                folds=folds,
            )
            kept = details(result, time.perf_counter() - started)
            study.set_user_attr(name, kept)
        seconds[number] += kept["seconds"]
        return result_of(kept)

    scores = {trial.number: trial.intermediate_values[SCOUTED] for trial in scouted}
    scored = finals(scores, len(search.divided), search.objective, further)
    return [Outcome(trial.number, dict(trial.params), scored[trial.number], seconds[trial.number]) for trial in scouted]


def _fail_left_behind(study: Study) -> None:
    """A unit has one worker: a trial that runs before it begins was left behind by a worker that died."""
    from optuna.trial import TrialState

    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)


def _finished(study: Study) -> list[FrozenTrial]:
    from optuna.trial import TrialState

    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))


def _best_so_far(trials: list[FrozenTrial], search: Search) -> float | None:
    if not search.divided.large:
        return _best([result_of(trial.user_attrs[DETAILS]) for trial in trials], search.objective)
    scouts = [trial.intermediate_values[SCOUTED] for trial in trials]
    return _best([CrossValidation((score,), ()) for score in scouts], search.objective)


def _best(results: list[CrossValidation], objective: Objective) -> float | None:
    """The best mean score among those that came farthest."""
    farthest = max((len(result.scores) for result in results), default=0)
    means = [result.mean for result in results if len(result.scores) == farthest > 0]
    if not means:
        return None
    return max(means) if direction(objective) == "maximize" else min(means)


def _trial_seed(seed: int, unit: Unit, index: int) -> int:
    text = f"{seed}/{unit.family}/{unit.shard}/{index}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
