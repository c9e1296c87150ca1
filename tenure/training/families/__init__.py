"""The model families: how each is searched for, cross-validated, fitted and exported. ``get`` loads one by name."""

from tenure.contract.family_names import CLASSIFIERS, REGRESSORS
from tenure.stats.folds import Fold, Folds, divide
from tenure.training.families.cross_validation import CrossValidation, cross_validate, scout
from tenure.training.families.divided import Divided
from tenure.training.families.family import NAMES, ROUNDS, Family, Model, Parameter, Parameters, Rows, get
from tenure.training.families.objective import direction, evaluate, is_better

__all__ = [
    "CLASSIFIERS",
    "NAMES",
    "REGRESSORS",
    "ROUNDS",
    "CrossValidation",
    "Divided",
    "Family",
    "Fold",
    "Folds",
    "Model",
    "Parameter",
    "Parameters",
    "Rows",
    "cross_validate",
    "direction",
    "divide",
    "evaluate",
    "get",
    "is_better",
    "scout",
]
