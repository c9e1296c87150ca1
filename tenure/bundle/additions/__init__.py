"""Additions: outputs of a bundle beside the prediction, each with a file of its own in the bundle.

A new kind is one module in ``kinds``, found by its file: ``kinds/clusters.py`` reads ``clusters.json``. Nothing of an
addition is computed unless it is asked for.
"""

from tenure.bundle.additions.addition import AddedColumn, AddedValues, Addition, missing_values
from tenure.bundle.additions.reading import FILE_NAMES, check_columns, file_name, read_addition

__all__ = [
    "FILE_NAMES",
    "AddedColumn",
    "AddedValues",
    "Addition",
    "check_columns",
    "file_name",
    "missing_values",
    "read_addition",
]
