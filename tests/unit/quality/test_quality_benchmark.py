"""The benchmark of quality: splits, kept results, intervals, the clock of processor time."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from benchmarks.quality import methods, split
from benchmarks.quality.comparison import Difference, difference, is_worse, measure, over_splits, over_tables
from benchmarks.quality.methods import TrainingError, code_digest, scikit_learn
from benchmarks.quality.report import report
from benchmarks.quality.split import Split, prepare
from benchmarks.quality.tables import chosen_tables, seed_of
from tenure.contract import load

TRAINERS = Path(split.__file__).parent / "trainers"


@pytest.fixture
def gym(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Split:
    monkeypatch.setattr(split, "CACHE", tmp_path)
    monkeypatch.setattr(methods, "CACHE", tmp_path)
    (table,) = [table for table in chosen_tables() if table.name == "gym"]
    return prepare(table, 2)


def test_a_split_holds_the_parts_of_the_products_own_split_under_its_seed(gym: Split) -> None:
    learn, test = (pq.read_table(gym.folder / f"{part}.parquet") for part in ("learn", "test"))
    contract = load(gym.folder)
    assert contract.split.seed == seed_of(2) == 8
    assert (learn.num_rows, test.num_rows) == (3_400, 600) == (gym.rows["learn"], gym.rows["test"])
    assert not set(learn["_customer"].to_pylist()) & set(test["_customer"].to_pylist())
    assert gym.features == [*contract.inputs, *contract.derived]
    assert learn.column_names == [*gym.features, "_label", "_customer"]
    assert gym.label.mean() == pytest.approx(0.2, abs=0.02)
    assert gym.customer is None
    assert gym.truth is None


def test_a_result_is_trained_once_for_a_code_and_a_split(gym: Split) -> None:
    method = scikit_learn("logistic regression", "logistic_regression")
    assert method.result(gym) is None
    trained = method.train(gym)
    assert measure("roc_auc", gym.label, trained.probability) > 0.7
    assert trained.figures["processor_s"] > 0
    not_installed = replace(method, command=None)
    assert not_installed.train(gym).folder == trained.folder
    assert not_installed.result(replace(gym, number=3)) is None
    with pytest.raises(TrainingError, match=r"logistic regression is not installed: see docs/quality\.md"):
        replace(not_installed, settings="others").train(gym)
    failing = replace(method, settings="others", command=(sys.executable, "-c", "raise SystemExit(3)"))
    with pytest.raises(TrainingError, match=r"ended with 3: see .*log\.txt"):
        failing.train(gym)
    assert failing.result(gym) is None


def test_the_key_of_tenures_results_is_the_code(tmp_path: Path) -> None:
    module = tmp_path / "tenure" / "module.py"
    module.parent.mkdir()
    module.write_text("1")
    first = code_digest(tmp_path)
    module.with_suffix(".txt").write_text("no code")
    assert code_digest(tmp_path) == first
    module.write_text("2")
    assert code_digest(tmp_path) != first


def test_the_report_shows_what_is_kept(gym: Split, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = {}
    for name, noise in (("Tenure", 0.1), ("AutoGluon", 0.4)):
        folder = tmp_path / name
        folder.mkdir()
        blurred = np.clip(gym.label * 0.4 + np.random.default_rng(1).normal(0.3, noise, gym.label.size), 0.01, 0.99)
        np.save(folder / "test.npy", blurred)
        figures = {"processor_s": 12.0, "row_s": 0.00025, "bytes": 2**20, "model": "xgboost"}
        (folder / "result.json").write_text(json.dumps(figures))
        kept[name] = methods.Result(folder)
    report([(gym, {"Tenure": kept["Tenure"], "AutoGluon": kept["AutoGluon"], "logistic regression": None})])
    shown = capsys.readouterr().out
    assert "| AutoGluon | 1 (1) | **-" in shown
    assert "worse on 0" in shown
    assert "| gym | 3,400 / 600, 12 | 12 s, 0.25 ms, 1.00 MiB, xgboost | 12 s, 0.25 ms, 1.00 MiB |" in shown
    assert "logistic" not in shown
    report([(gym, {"Tenure": kept["AutoGluon"], "AutoGluon": kept["Tenure"]})])
    assert "**worse**" in capsys.readouterr().out


def test_a_difference_has_the_error_of_pairs_of_rows() -> None:
    random = np.random.default_rng(3)
    probability = random.uniform(0.05, 0.95, 4_000)
    label = (random.random(4_000) < probability).astype(np.int8)
    other = np.clip(probability + random.normal(0, 0.05, 4_000), 0.01, 0.99)
    found = difference("brier", label, probability, other, None)
    pairs = (probability - label) ** 2 - (other - label) ** 2
    assert found.value == pytest.approx(pairs.mean())
    assert found.error == pytest.approx(pairs.std() / np.sqrt(4_000), rel=0.1)
    # Each row four times is no more than the row.
    fourfold = [np.repeat(values, 4) for values in (label, probability, other)]
    repeated = difference("brier", *fourfold, np.repeat(np.arange(4_000), 4))
    assert repeated.error == pytest.approx(found.error, rel=0.1)


def test_means_over_splits_and_tables() -> None:
    splits = [Difference(value, 0.5) for value in (1.0, 2.0, 3.0)]
    assert over_splits(splits[:2], 0.25) == Difference(1.5, 0.5)
    mean = over_splits(splits, 0.25)
    assert (mean.value, mean.error) == pytest.approx((2.0, np.sqrt(1 / 3 + 0.25)))
    both = over_tables([Difference(1.0, 0.3), Difference(0.0, 0.4)])
    assert (both.value, both.error) == pytest.approx((0.5, 0.25))
    assert (both.low, both.high) == pytest.approx((0.01, 0.99))


def test_less_log_loss_and_more_average_precision_are_better() -> None:
    assert is_worse("log_loss", Difference(0.02, 0.01))
    assert not is_worse("log_loss", Difference(0.01, 0.02))
    assert not is_worse("average_precision", Difference(0.02, 0.01))
    assert is_worse("average_precision", Difference(-0.02, 0.01))


def test_the_clock_that_autogluon_reads_stands_still_while_the_process_waits() -> None:
    program = """
import sys, time
sys.path.insert(0, sys.argv[1])
import train_autogluon
wall, sleep = time.perf_counter, time.sleep
train_autogluon.install_processor_clock()
for name in ("time", "monotonic", "perf_counter"):
    clock, start = getattr(time, name), wall()
    before = clock()
    sleep(0.5)
    assert clock() - before < 0.1, name
    used = time.process_time()
    while time.process_time() - used < 0.4:
        pass
    assert 0.2 <= clock() - before < 0.4, name  # of two cores, half of the time
"""
    subprocess.run([sys.executable, "-c", program, str(TRAINERS)], check=True)
