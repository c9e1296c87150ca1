"""Start-up of short-lived processes, where imports cost more than the work."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Iterator

LIGHT_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "PYDANTIC_DISABLE_PLUGINS": "1"}
"""Variables with which numpy starts no threads for matrix products when it is imported, and pydantic does not search
all installed distributions for plugins."""


class _NoPandas:
    """An importer that finds no pandas."""

    @staticmethod
    def find_spec(name: str, *_: object) -> None:
        if name == "pandas":
            raise ModuleNotFoundError("pandas is kept out of this process", name=name)


def forbid_pandas() -> None:
    """Let every import of pandas fail in this process from now on; see ``keep_pandas_out``. pyarrow is not imported."""
    sys.meta_path.insert(0, _NoPandas())


def keep_pandas_out() -> None:
    """Make pyarrow look for pandas now and find none.

    pyarrow imports pandas, where it is installed, the first time that it makes an array of a Python object: to find
    out whether the object is a Series. In a process that uses no pandas that costs 0.2 s of CPU and 50 MB, in a model
    server during a client's request. Conversions that are asked for, such as ``Table.to_pandas``, still import it.
    """
    import pyarrow as pa

    if "pandas" in sys.modules:
        return
    finder = _NoPandas()
    sys.meta_path.insert(0, finder)
    try:
        pa.array([None])
    finally:
        sys.meta_path.remove(finder)


@contextlib.contextmanager
def light_imports() -> Iterator[None]:
    """Import numpy, pyarrow and pydantic inside the ``with`` block as a process needs them that reads one table.

    No pandas for pyarrow, no threads for matrix products, of which there are none, no search of all installed
    distributions for plugins of pydantic. The garbage collector waits until the imports are done, and does not scan
    what they left: modules stay. The environment is as before after the block.
    """
    added = {name: value for name, value in LIGHT_ENVIRONMENT.items() if name not in os.environ}
    os.environ.update(added)
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
        keep_pandas_out()
        gc.freeze()
    finally:
        if collects:
            gc.enable()
        for name in added:
            del os.environ[name]
