"""Tenure as it comes: train by the library's own steps, predict the test part.

    python train_tenure.py SPLIT OUT

``PYTHONPATH`` names the tree whose Tenure is measured: this file imports nothing else of it, so that older trees can
be measured too.
"""

import json
import resource
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
import pyarrow.parquet as pq

LATENCY_ROWS = 200


def processor_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def main(split: Path, out: Path) -> None:
    import tenure

    with tempfile.TemporaryDirectory() as folder:
        model = tenure.train(tenure.load(split), folder=folder)
        trained_s = processor_s()
        test = pq.read_table(Path(folder) / "features" / "test.parquet")
        expected = pq.read_table(split / "test.parquet", columns=["_label", "_customer"])
        key = test[model.contract.key_column]
        if not (test["_label"].equals(expected["_label"]) and key.equals(expected["_customer"])):
            raise SystemExit(f"this Tenure divides {split.name} otherwise: remove the folder and the results of it")
        columns = {name: test[name] for name in model.contract.accepted if name in test.column_names}
        probability = model.bundle.predict(columns).probability
        found = {
            "processor_s": trained_s,
            "row_s": row_s(model.bundle, columns),
            "bytes": sum(file.stat().st_size for file in model.folder.rglob("*") if file.is_file()),
            "model": model.family,
            "version": model.version,
            "leaderboard": {entry.family: [entry.cv_mean, entry.validation_score] for entry in model.leaderboard},
        }
    np.save(out / "test.npy", np.asarray(probability, dtype=np.float64))
    (out / "result.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def row_s(bundle: object, columns: dict) -> float:
    """Median seconds of a prediction of one row, given as a server gives it: plain values by name."""
    count = min(LATENCY_ROWS, len(next(iter(columns.values()))))
    values = {name: column.slice(0, count).to_pylist() for name, column in columns.items()}
    rows = [{name: [found[row]] for name, found in values.items()} for row in range(count)]
    bundle.predict(rows[0])
    seconds = []
    for row in rows:
        start = perf_counter()
        bundle.predict(row)
        seconds.append(perf_counter() - start)
    return float(np.median(seconds))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
