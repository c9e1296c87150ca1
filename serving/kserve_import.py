"""KServe without what a model server never uses.

``import kserve`` also loads the Kubernetes client (for KServe's own client, which creates InferenceServices) and pandas
(for one conversion that a request may ask of itself): more than half of the time and memory that it takes. While KServe
is imported, empty modules stand in for the two; afterwards they are gone, so whoever imports pandas later gets pandas.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

_STAND_INS = {"kserve.api.kserve_client": "KServeClient", "pandas": "DataFrame"}
"""Module, and the name that KServe's modules read from it when they are loaded."""


@contextmanager
def _standing_in() -> Iterator[None]:
    absent = {module: name for module, name in _STAND_INS.items() if module not in sys.modules}
    for module, name in absent.items():
        stand_in = ModuleType(module)
        setattr(stand_in, name, object)
        sys.modules[module] = stand_in
    try:
        yield
    finally:
        for module in absent:
            del sys.modules[module]


def import_kserve() -> None:
    """Import KServe. Modules of this package that use it say ``import kserve`` after this has run.

    KServe also reads ``sys.argv`` while it is imported, and would end the process over a flag it shares with ours.
    """
    arguments, sys.argv = sys.argv, sys.argv[:1]
    try:
        with _standing_in():
            import kserve  # noqa: F401
    finally:
        sys.argv = arguments
