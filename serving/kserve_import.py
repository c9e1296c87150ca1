"""Imports KServe when it is needed, and without the modules that a model server does not use.

Inference needs KServe's messages only. ``reserve_kserve`` makes them importable without the package's own
``__init__``, which imports FastAPI, pydantic and all of KServe; ``import_kserve`` imports it later, for the first
request that one of KServe's endpoints answers.

``import kserve`` also imports KServe's clients (for InferenceServices, with the Kubernetes client; for other model
servers, with httpx) and pandas, for one conversion. They take more than half of the import's time and memory. While
KServe is imported, stubs replace them; the stubs are removed afterwards, so that a later ``import pandas`` works.
KServe's clients do not work in such a process.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, MutableSequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec
from types import ModuleType

_UNUSED = ("httpx", "kserve.api.kserve_client", "kserve.api_client", "kserve.configuration", "kserve.models", "pandas")
"""Modules, with their submodules."""

_lock = threading.Lock()


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


def reserve_kserve() -> None:
    """Make submodules of KServe importable, before any other module imports KServe.

    The package is as it would be before its first line is run.
    """
    if "kserve" in sys.modules:
        return
    spec = find_spec("kserve")
    if spec is None:
        raise ModuleNotFoundError("kserve is not installed", name="kserve")
    sys.modules["kserve"] = module_from_spec(spec)


def import_kserve() -> None:
    """Import all of KServe; the first call does, on any thread.

    KServe parses ``sys.argv`` when imported, and would end the process for an option that both servers have.
    """
    with _lock:
        reserve_kserve()
        kserve = sys.modules["kserve"]
        if hasattr(kserve, "ModelServer"):
            return
        arguments, sys.argv = sys.argv, sys.argv[:1]
        try:
            with _stubs():
                assert kserve.__spec__ is not None and kserve.__spec__.loader is not None  # noqa: S101 it was found
                kserve.__spec__.loader.exec_module(kserve)
        finally:
            sys.argv = arguments
        # A submodule is also an attribute of its package; without it the next import finds the real one.
        for name in ("api_client", "configuration", "models"):
            if isinstance(getattr(kserve, name, None), _Stub):
                delattr(kserve, name)
