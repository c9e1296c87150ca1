"""What the three trainers share: processor time, latency of one row, and the files of a result.

They are scripts, run by different Pythons: their folder is on the path of each, and nothing else of the benchmark.
"""

import json
import resource
from collections.abc import Callable, Iterable
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar

import numpy as np

R = TypeVar("R")


def processor_s() -> float:
    """Of this process and of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def row_s(predict: Callable[[R], object], rows: Iterable[R]) -> float:
    """Median seconds of a prediction of one row, by the wall; the first call does not count."""
    seconds = []
    for row in rows:
        start = perf_counter()
        predict(row)
        seconds.append(perf_counter() - start)
    return float(np.median(seconds[1:]))


def write(out: Path, probability: np.ndarray, figures: dict[str, Any]) -> None:
    """Write a result: ``probability`` (n,) of the test rows, and the figures that ``methods.Result`` names."""
    np.save(out / "test.npy", np.asarray(probability, dtype=np.float64))
    (out / "result.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
