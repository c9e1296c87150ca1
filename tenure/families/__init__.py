"""The model families: how each is searched for, fitted and exported. ``get`` loads one by name."""

from tenure.families.family import NAMES, ROUNDS, Family, Model, Parameter, Parameters, Rows, get

__all__ = ["NAMES", "ROUNDS", "Family", "Model", "Parameter", "Parameters", "Rows", "get"]
