"""Replaces changed bundles without a restart and without dropped requests."""

from serving.lifecycle.reload.folder import Fingerprint, fingerprint
from serving.lifecycle.reload.reloader import Reloader, Served
from serving.lifecycle.reload.trusted import read

__all__ = ["Fingerprint", "Reloader", "Served", "fingerprint", "read"]
