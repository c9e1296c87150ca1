"""KServe without what a model server never uses.

``import kserve`` also loads KServe's own clients: for InferenceServices, with the Kubernetes client and a hundred
classes of its API, and for other model servers, with httpx; and pandas, for one conversion that a request may ask of
itself. That is more than half of the time and memory that it takes. While KServe is imported, empty modules stand in
for them; afterwards they are gone, so whoever imports pandas later gets pandas. KServe's clients do not work in such a
process.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, MutableSequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

_UNUSED = ("httpx", "kserve.api.kserve_client", "kserve.api_client", "kserve.configuration", "kserve.models", "pandas")
"""Modules, with what is in them."""


class _Empty(ModuleType):
    """Has whatever name is read from it."""

    __path__: MutableSequence[str] = []  # noqa: RUF012 that of a package without files

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return object


class _StandIns(MetaPathFinder, Loader):
    """Finds an empty module for every unused one that is not there yet."""

    def __init__(self) -> None:
        self._unused = tuple(name for name in _UNUSED if name not in sys.modules)
        self.made: list[str] = []

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:  # noqa: ARG002
        if not any(fullname == name or fullname.startswith(f"{name}.") for name in self._unused):
            return None
        return ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        self.made.append(spec.name)
        return _Empty(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing in it."""


@contextmanager
def _standing_in() -> Iterator[None]:
    stand_ins = _StandIns()
    sys.meta_path.insert(0, stand_ins)
    try:
        yield
    finally:
        sys.meta_path.remove(stand_ins)
        for name in stand_ins.made:
            del sys.modules[name]


def import_kserve() -> None:
    """Import KServe. Modules of this package that use it say ``import kserve`` after this has run.

    KServe also reads ``sys.argv`` while it is imported, and would end the process over a flag it shares with ours.
    """
    arguments, sys.argv = sys.argv, sys.argv[:1]
    try:
        with _standing_in():
            import kserve
    finally:
        sys.argv = arguments
    # A submodule is an attribute of its package too: it must be found anew.
    for name in ("api_client", "configuration", "models"):
        if isinstance(getattr(kserve, name, None), _Empty):
            delattr(kserve, name)
