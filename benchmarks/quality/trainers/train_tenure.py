"""Tenure as it comes: train by the library's own steps, predict the test part.

    python train_tenure.py SPLIT OUT

``PYTHONPATH`` names the tree whose Tenure is measured: nothing else is imported of it, so that older trees can be
measured too.
"""

import sys
import tempfile
from pathlib import Path

import pyarrow.parquet as pq
from outcome import processor_s, row_s, write

LATENCY_ROWS = 200


def main(split: Path, out: Path) -> None:
    import tenure

    with tempfile.TemporaryDirectory() as folder:
        model = tenure.train(tenure.load(split), folder=folder)
        trained_s = processor_s()
        test = pq.read_table(Path(folder) / "features" / "test.parquet")
        expected = pq.read_table(split / "test.parquet", columns=["_label", "_customer"])
        key = test[model.contract.key_column]
        if not (test["_label"].equals(expected["_label"]) and key.equals(expected["_customer"])):
            raise SystemExit(f"this Tenure divides {split.name} otherwise: remove the folder and its results")
        columns = {name: test[name] for name in model.contract.accepted if name in test.column_names}
        figures = {
            "processor_s": trained_s,
            "row_s": row_s(model.bundle.predict, plain_rows(columns)),
            "bytes": sum(file.stat().st_size for file in model.folder.rglob("*") if file.is_file()),
            "model": model.family,
            "leaderboard": {entry.family: [entry.cv_mean, entry.validation_score] for entry in model.leaderboard},
        }
        write(out, model.bundle.predict(columns).probability, figures)


def plain_rows(columns: dict) -> list[dict]:
    """Some rows as a server gives them: plain values by name."""
    values = {name: column.slice(0, LATENCY_ROWS).to_pylist() for name, column in columns.items()}
    count = len(next(iter(values.values())))
    return [{name: [found[row]] for name, found in values.items()} for row in range(count)]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
