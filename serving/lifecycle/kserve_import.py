"""Imports KServe without the modules that a model server does not use.

``import kserve`` also imports KServe's clients (for InferenceServices, with the Kubernetes client; for other model
servers, with httpx) and pandas, for one conversion. They take more than half of the import's time and memory. While
KServe is imported, stubs replace them; the stubs are removed afterwards, so that a later ``import pandas`` works.
KServe's clients do not work in such a process.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, MutableSequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

_UNUSED = ("httpx", "kserve.api.kserve_client", "kserve.api_client", "kserve.configuration", "kserve.models", "pandas")
"""Modules, with their submodules."""


class _Stub(ModuleType):
    """A module that has every name."""

    __path__: MutableSequence[str] = []  # noqa: RUF012 of a package without files

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return object


class _StubFinder(MetaPathFinder, Loader):
    """Finds a stub for every unused module that is not imported yet."""

    def __init__(self) -> None:
        self._unused = tuple(name for name in _UNUSED if name not in sys.modules)
        self.made: list[str] = []

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:  # noqa: ARG002
        if not any(fullname == name or fullname.startswith(f"{name}.") for name in self._unused):
            return None
        return ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        self.made.append(spec.name)
        return _Stub(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """A stub has no code."""


@contextmanager
def _stubs() -> Iterator[None]:
    finder = _StubFinder()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in finder.made:
            del sys.modules[name]


def import_kserve() -> None:
    """Import KServe, before any other module of this package imports it.

    KServe parses ``sys.argv`` when imported, and would end the process for an option that both servers have.
    """
    arguments, sys.argv = sys.argv, sys.argv[:1]
    try:
        with _stubs():
            import kserve
    finally:
        sys.argv = arguments
    # A submodule is also an attribute of its package; without it the next import finds the real one.
    for name in ("api_client", "configuration", "models"):
        if isinstance(getattr(kserve, name, None), _Stub):
            delattr(kserve, name)
