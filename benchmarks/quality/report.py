"""The benchmark's tables, in Markdown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.quality.comparison import (
    METRICS,
    Difference,
    difference,
    is_worse,
    measure,
    over_splits,
    over_tables,
)
from benchmarks.quality.methods import TENURE, TREE, Result
from benchmarks.quality.split import Split
from benchmarks.table import heading, revision, table
from tenure.contract.settings import DecisionMetric
from tenure.tasks.churn.evaluation.advantage import LESS_IS_BETTER

Results = Mapping[str, Result | None]
"""Method to its result on a split; None where there is none."""


@dataclass(frozen=True)
class Compared:
    """Tenure and another method on the splits of one table that both have a result of."""

    table: str
    splits: tuple[int, ...]
    tenure: Mapping[DecisionMetric, float]
    other: Mapping[DecisionMetric, float]
    """Means over the splits."""
    less: Mapping[DecisionMetric, Difference]


def report(found: Sequence[tuple[Split, Results]]) -> None:
    """Print the tables of the splits that Tenure has a result of."""
    by_table: dict[str, list[tuple[Split, Results]]] = defaultdict(list)
    for split, results in found:
        if results[TENURE] is not None:
            by_table[split.table].append((split, results))
    if not by_table:
        print("no result of this Tenure: python -m benchmarks.quality train Tenure")
        return
    names = {name for pairs in by_table.values() for _, results in pairs for name in results if results[name]}
    others = [name for name in found[0][1] if name in names and name != TENURE]
    compared = {
        other: [each for pairs in by_table.values() if (each := _compare(pairs, other)) is not None] for other in others
    }
    heading("Quality: Tenure less the others")
    print(f"Tenure is that of revision {revision(TREE)}.\n")
    table(
        ["less", "tables (splits)", *METRICS.values()],
        [[other, _counts(tables), *_overall(tables)] for other, tables in compared.items() if tables],
    )
    for other, tables in compared.items():
        if tables:
            print(f"\n### Tenure / {other}: Tenure less {other} ± standard error\n")
            table(["table, splits", *METRICS.values()], [_one(each) for each in tables])
    print("\n### Processor time of the training, one row, size of the model\n")
    table(
        ["table", "learn / test rows, features", *(TENURE, *others)],
        [_costs(pairs, others) for pairs in by_table.values()],
    )
    known = [pairs for pairs in by_table.values() if pairs[0][0].truth is not None]
    if known:
        print("\n### Distance to the best possible, invented businesses\n")
        table(["table", *(TENURE, *others), "the truth itself"], [_truth(pairs, others) for pairs in known])


def _compare(pairs: Sequence[tuple[Split, Results]], other: str) -> Compared | None:
    both = [(split, results[TENURE], results[other]) for split, results in pairs]
    complete = [(split, ours, theirs) for split, ours, theirs in both if ours is not None and theirs is not None]
    if not complete:
        return None
    less, ours_mean, theirs_mean = {}, {}, {}
    for metric in METRICS:
        less[metric] = over_splits(
            [
                difference(metric, split.label, ours.probability, theirs.probability, split.customer)
                for split, ours, theirs in complete
            ],
            complete[0][0].test_share,
        )
        ours_mean[metric], theirs_mean[metric] = (
            float(np.mean([measure(metric, each[0].label, each[side].probability) for each in complete]))
            for side in (1, 2)
        )
    numbers = tuple(split.number for split, _, _ in complete)
    return Compared(complete[0][0].table, numbers, ours_mean, theirs_mean, less)


def _counts(tables: Sequence[Compared]) -> str:
    return f"{len(tables)} ({sum(len(each.splits) for each in tables)})"


def _overall(tables: Sequence[Compared]) -> list[str]:
    """Mean with its interval, worst table, and the tables on which Tenure is behind."""
    cells = []
    for metric in METRICS:
        mean = over_tables([each.less[metric] for each in tables])
        sign = 1 if metric in LESS_IS_BETTER else -1
        worst = max(tables, key=lambda each: sign * each.less[metric].value)
        behind = sum(is_worse(metric, each.less[metric]) for each in tables)
        cells.append(
            f"**{mean.value:+.4f}** ({mean.low:+.4f} to {mean.high:+.4f}); worst {worst.less[metric].value:+.4f},"
            f" {worst.table}; worse on {behind}"
        )
    return cells


def _one(each: Compared) -> list[str]:
    cells = [f"{each.table}, {', '.join(map(str, each.splits))}"]
    for metric in METRICS:
        less = each.less[metric]
        worse = " **worse**" if is_worse(metric, less) else ""
        cells.append(
            f"{each.tenure[metric]:.4f} / {each.other[metric]:.4f}: {less.value:+.4f} ± {less.error:.4f}{worse}"
        )
    return cells


def _costs(pairs: Sequence[tuple[Split, Results]], others: Sequence[str]) -> list[str]:
    split = pairs[0][0]
    cells = [split.table, f"{split.rows['learn']:,} / {split.rows['test']:,}, {len(split.features)}"]
    for name in (TENURE, *others):
        results = [found for _, each in pairs if (found := each[name]) is not None]
        if not results:
            cells.append("–")
            continue
        seconds, row_s, size = (
            float(np.mean([result.figures[figure] for result in results]))
            for figure in ("processor_s", "row_s", "bytes")
        )
        chosen = sorted({str(result.figures["model"]) for result in results}) if name.startswith(TENURE) else []
        cells.append(
            f"{seconds:.0f} s, {row_s * 1e3:.2f} ms, {size / 2**20:.2f} MiB{''.join(f', {each}' for each in chosen)}"
        )
    return cells


def _truth(pairs: Sequence[tuple[Split, Results]], others: Sequence[str]) -> list[str]:
    cells = [pairs[0][0].table]
    probabilities: list[Callable[[Split, Results], np.ndarray | None]] = [
        *(
            lambda _split, results, name=name: None if results[name] is None else results[name].probability
            for name in (TENURE, *others)
        ),
        lambda split, _results: split.truth,
    ]
    for probability in probabilities:
        given = [(split, found) for split, results in pairs if (found := probability(split, results)) is not None]
        log_loss, auc = (
            [measure(metric, split.label, found) for split, found in given] for metric in ("log_loss", "roc_auc")
        )
        cells.append(f"log loss {np.mean(log_loss):.4f}, ROC-AUC {np.mean(auc):.4f}" if given else "–")
    return cells
