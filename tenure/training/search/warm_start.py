"""The best parameters of the last search for the same contract, on other data: one more place to begin at.

What was best for last month's table is rarely bad for this month's. It stands in the name of the study that it is part
of, so that a search that is taken up again begins where it began.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from tenure.contract.settings import Objective
from tenure.training.families import Parameters, get

if TYPE_CHECKING:
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

OBJECTIVE = "objective"
"""User attribute of a study."""


def last_best(storage: BaseStorage, prefix: str, content: str, family: str, objective: Objective) -> Parameters | None:
    """Parameters of the best trial of the newest finished study, or None.

    Args:
        storage: with the studies of earlier runs.
        prefix: with which the names of the unit's studies begin.
        content: hash of this search's data and code: its own earlier studies are left out.
        family: whose search space the parameters must lie in.
        objective: that the study must have had.
    """
    from optuna.study import StudyDirection
    from optuna.trial import TrialState

    newest: tuple[datetime, FrozenTrial] | None = None
    for study in storage.get_all_studies():
        name = study.study_name
        if not name.startswith(prefix) or name.removeprefix(prefix).startswith(content):
            continue
        if study.user_attrs.get(OBJECTIVE) != objective:
            continue
        trials = storage.get_all_trials(study._study_id, deepcopy=False, states=(TrialState.COMPLETE,))
        ended = [trial.datetime_complete for trial in trials if trial.datetime_complete is not None]
        if not ended or (newest is not None and max(ended) <= newest[0]):
            continue
        sign = 1.0 if study.direction == StudyDirection.MINIMIZE else -1.0
        newest = max(ended), min(trials, key=lambda trial: sign * (trial.value or 0.0))
    if newest is None:
        return None
    return _in_space(family, newest[1].params)


def _in_space(family: str, parameters: Parameters) -> Parameters | None:
    """The parameters, unless the family's search space has changed since."""
    from optuna.trial import FixedTrial

    trial = FixedTrial(dict(parameters))
    try:
        found = get(family).suggest(trial)
    except ValueError:
        return None
    for name, distribution in trial.distributions.items():
        if not distribution._contains(distribution.to_internal_repr(found[name])):
            return None
    return found if found.keys() == parameters.keys() else None
