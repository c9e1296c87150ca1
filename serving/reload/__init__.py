"""A changed bundle is served without a restart and without a dropped request."""

from serving.reload.folder import Fingerprint, fingerprint
from serving.reload.reloader import Reloader, Served

__all__ = ["Fingerprint", "Reloader", "Served", "fingerprint"]
