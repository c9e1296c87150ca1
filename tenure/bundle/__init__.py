"""The bundle: a model as it is shipped. Writes, reads and predicts; nothing in a bundle is executable."""

from tenure.bundle.bundle import Bundle
from tenure.bundle.companion import Companion
from tenure.bundle.decision import Decision, ModelOutputs
from tenure.bundle.manifest import FileEntry, Manifest
from tenure.bundle.prediction import Flags, Prediction
from tenure.bundle.read import read
from tenure.bundle.sign import signature_of
from tenure.bundle.write import ExportedModel, write

__all__ = [
    "Bundle",
    "Companion",
    "Decision",
    "ExportedModel",
    "FileEntry",
    "Flags",
    "Manifest",
    "ModelOutputs",
    "Prediction",
    "read",
    "signature_of",
    "write",
]
