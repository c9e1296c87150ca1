"""A model as it is shipped: write, read, predict. Nothing in it is executable."""

from tenure.bundle.bundle import Bundle
from tenure.bundle.companion import Companion
from tenure.bundle.manifest import FileEntry, Manifest
from tenure.bundle.prediction import AnyPrediction, Flags, Prediction, ValuePrediction
from tenure.bundle.read import read
from tenure.bundle.write import ExportedModel, write

__all__ = [
    "AnyPrediction",
    "Bundle",
    "Companion",
    "ExportedModel",
    "FileEntry",
    "Flags",
    "Manifest",
    "Prediction",
    "ValuePrediction",
    "read",
    "write",
]
