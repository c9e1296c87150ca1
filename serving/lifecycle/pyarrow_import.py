"""Arrow without pandas.

The first Python list that pyarrow makes an array of costs two seconds and 50 MB where pandas is installed: it is
imported to be asked whether the list is a Series. In a server that happens under a client's request.
"""

from __future__ import annotations

import sys


class _Refusing:
    """An importer that finds no pandas."""

    @staticmethod
    def find_spec(name: str, *_: object) -> None:
        if name == "pandas":
            raise ModuleNotFoundError("pandas is kept out", name=name)


def keep_pandas_out() -> None:
    """Let pyarrow look for pandas now, and find none; it does not look again. Others import it as ever."""
    import pyarrow as pa

    if "pandas" in sys.modules:
        return
    refusing = _Refusing()
    sys.meta_path.insert(0, refusing)
    try:
        pa.array([None])
    finally:
        sys.meta_path.remove(refusing)
