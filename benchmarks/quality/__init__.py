"""How good the models are: Tenure as it comes beside logistic regression, HistGradientBoosting and AutoGluon.

On every table, split by split, each method learns from the same rows and columns and is measured on the same test rows;
docs/quality.md says which tables there are, how AutoGluon is installed, and what came out.

``TENURE_BENCH_CACHE`` (default ``~/.cache/tenure-quality``) keeps tables, splits and results: a run that was
interrupted goes on, and what is there is not trained again. ``TENURE_BENCH_SPLITS`` (default ``1,2,3,4,5``) and
``TENURE_BENCH_TABLES_ONLY`` (names with commas between) choose a part. ``TENURE_BENCH_TABLES`` names a folder of tables
of one's own, a folder each with ``contract.yaml``; ``TENURE_BENCH_HILLSTROM`` the file ``hillstrom.csv.gz``.
``TENURE_BENCH_AUTOGLUON`` is the Python of an environment with AutoGluon, ``TENURE_BENCH_AUTOGLUON_S`` (240) its limit.
``TENURE_BENCH_TREE`` is another checkout whose Tenure is measured, ``TENURE_BENCH_BEFORE`` one to compare it with.
"""

from __future__ import annotations


def main() -> None:
    """Train what has no result yet, and show the tables."""
    from benchmarks.quality.run import main as run

    run()
