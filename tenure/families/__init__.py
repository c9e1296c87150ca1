"""The model families: how each is searched for, cross-validated, fitted and exported. ``get`` loads one by name."""

from tenure.contract.family_names import CLASSIFIERS, REGRESSORS
from tenure.families.cross_validation import CrossValidation, cross_validate, scout
from tenure.families.divided import Divided
from tenure.families.family import NAMES, ROUNDS, Family, Model, Parameter, Parameters, Rows, get
from tenure.families.folds import Fold, Folds, divide
from tenure.families.objective import direction, evaluate, is_better

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
