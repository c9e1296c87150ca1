"""A changed bundle is served without a restart and without a dropped request."""

from serving.lifecycle.reload.folder import Fingerprint, fingerprint
from serving.lifecycle.reload.reloader import Reloader, Served

__all__ = ["Fingerprint", "Reloader", "Served", "fingerprint"]
