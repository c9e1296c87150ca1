"""Monitoring on real telco rows: nothing moved, something moved, and what cannot be judged."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from profiled import write_bundle

from components.monitor import logic
from tenure import bundle as bundles
from tenure.contract.settings import Source
from tenure.errors import DataError
from tenure.monitoring import Limits, decide
from tenure.monitoring.comparison import AGAINST_VALIDATION, INPUTS_ONLY
from tenure.scoring.score import score
from tenure.stats.row_sample import Sample

LIMITS = Limits(max_psi=0.25, max_rejected_share=0.05)


def moved(rows):
    """Everybody pays by the month and twice as much."""
    charges = pc.cast(pc.multiply(pc.cast(rows["MonthlyCharges"], pa.float64()), 2.0), pa.string())
    rows = rows.set_column(rows.column_names.index("MonthlyCharges"), "MonthlyCharges", charges)
    monthly = pa.array(["Month-to-month"] * rows.num_rows)
    return rows.set_column(rows.column_names.index("Contract"), "Contract", monthly)


def test_other_customers_of_the_same_kind_are_fine(watched, small_bundle, save, tmp_path):
    current, reference = save(small_bundle.rows.slice(0, 600)), save(small_bundle.rows.slice(600), "then.csv")
    found = logic.run(bundle=watched, current=current, monitoring=tmp_path / "out", reference=reference)
    assert found["verdict"] == "fine", found["reasons"]
    assert set(found["columns"]) == set(bundles.read(watched).contract.inputs)
    assert max(found["columns"].values()) < 0.1
    assert found["scores"]["psi"] < 0.1
    assert (found["rows"], found["rejected"], found["notes"]) == (600, 0, [])
    assert json.loads((tmp_path / "out" / "monitoring.json").read_text()) == found


def test_customers_that_moved_far_ask_for_a_new_model(watched, small_bundle, save, tmp_path):
    current, reference = save(moved(small_bundle.rows)), save(small_bundle.rows, "then.csv")
    found = logic.run(bundle=watched, current=current, monitoring=tmp_path / "out", reference=reference)
    assert found["verdict"] == "retrain"
    assert [name for name, value in found["columns"].items() if value > 0.25] == ["MonthlyCharges", "Contract"]
    assert found["reasons"][0].startswith("'MonthlyCharges' moved far: PSI ")
    assert found["scores"]["mean_now"] > found["scores"]["mean_then"]


def test_without_a_reference_scores_are_held_against_those_of_the_validation_part(
    watched, small_bundle, save, tmp_path
):
    found = logic.run(bundle=watched, current=save(small_bundle.rows), monitoring=tmp_path / "out")
    assert found["verdict"] == "fine"
    assert found["scores"]["psi"] < 0.1
    assert found["scores"]["mean_now"] == pytest.approx(found["scores"]["mean_then"])
    assert found["notes"] == [AGAINST_VALIDATION]
    far = logic.run(bundle=watched, current=save(moved(small_bundle.rows)), monitoring=tmp_path / "far")
    assert far["verdict"] == "retrain"
    assert any(reason.startswith("the probabilities moved far") for reason in far["reasons"])


def test_without_scores_in_the_bundle_only_the_inputs_are_judged(watched, small_bundle, save, tmp_path):
    """One from before they were kept."""
    given = bundles.read(watched)
    profile = {name: value for name, value in given.profile.items() if name != "scores"}
    old = write_bundle(small_bundle, tmp_path / "old", profile)
    found = logic.run(bundle=old, current=save(small_bundle.rows), monitoring=tmp_path / "out")
    assert (found["verdict"], found["scores"], found["notes"]) == ("fine", None, [INPUTS_ONLY])
    with pytest.raises(DataError, match="give a reference table"):
        logic.run(bundle=old, current=save(small_bundle.rows), monitoring=tmp_path / "out", scores=tmp_path / "scores")


def test_a_reference_that_was_asked_for_must_be_there(watched, small_bundle, save, tmp_path):
    with pytest.raises(DataError, match=r"none\.csv"):
        logic.run(
            bundle=watched,
            current=save(small_bundle.rows),
            monitoring=tmp_path / "out",
            reference=Source(uri=str(tmp_path / "none.csv")),
        )


def test_scores_in_files_are_taken_for_now(watched, small_bundle, save, tmp_path):
    (tmp_path / "day").mkdir()
    pq.write_table(pa.table({"probability": np.full(500, 0.97)}), tmp_path / "day" / "part-00000.parquet")
    arguments = {"bundle": watched, "current": save(small_bundle.rows), "monitoring": tmp_path / "out"}
    reference = save(small_bundle.rows, "then.csv")
    found = logic.run(**arguments, reference=reference, scores=tmp_path / "day")
    assert found["verdict"] == "retrain"
    assert [reason.partition(":")[0] for reason in found["reasons"]] == ["the probabilities moved far"]
    assert found["scores"]["mean_now"] == pytest.approx(0.97)
    with pytest.raises(DataError, match="no scores in"):
        logic.run(**arguments, reference=reference, scores=tmp_path)


def test_values_of_a_regression_that_moved(watched_value, small_value_bundle, save, tmp_path):
    rows = small_value_bundle.rows
    same = logic.run(
        bundle=watched_value,
        current=save(rows.slice(0, 400)),
        monitoring=tmp_path / "same",
        reference=save(rows.slice(400), "then.csv"),
    )
    assert same["verdict"] == "fine", same["reasons"]
    dearer = pa.array([f"{3.0 * float(value)}" if value else "" for value in rows["basket"].to_pylist()])
    current = save(rows.set_column(rows.column_names.index("basket"), "basket", dearer))
    score(bundles.read(watched_value), current, tmp_path / "scores", day="today")
    found = logic.run(
        bundle=watched_value,
        current=current,
        monitoring=tmp_path / "moved",
        reference=save(rows, "then.csv"),
        scores=tmp_path / "scores" / "today",
    )
    assert found["verdict"] == "retrain"
    assert any(reason.startswith("the predicted values moved far") for reason in found["reasons"])
    assert found["scores"]["mean_now"] > 2.0 * found["scores"]["mean_then"]


def test_too_few_rows_are_not_judged(watched, small_bundle, save, tmp_path):
    with pytest.raises(DataError, match="199 rows can be read"):
        logic.run(bundle=watched, current=save(small_bundle.rows.slice(0, 199)), monitoring=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_bundle_without_a_profile_cannot_be_watched(small_bundle, save, tmp_path):
    with pytest.raises(DataError, match="not a profile"):
        logic.run(bundle=small_bundle.folder, current=save(small_bundle.rows), monitoring=tmp_path / "out")


def test_the_command_leaves_with_7_when_it_is_time_to_retrain(watched, small_bundle, save, tmp_path):
    from typer.testing import CliRunner

    from pipelines.cli import app

    def monitor(rows, *more):
        arguments = ["monitor", save(rows).uri, "--model", str(watched), "--out", str(tmp_path / "out"), *more]
        return CliRunner().invoke(app, arguments, prog_name="tenure")

    assert monitor(small_bundle.rows).exit_code == 0
    result = monitor(moved(small_bundle.rows), "--json")
    assert result.exit_code == 7
    assert json.loads(result.stdout)["verdict"] == "retrain"
    assert result.stderr.startswith("tenure: retrain: 'MonthlyCharges' moved far: PSI ")


@pytest.mark.parametrize(
    ("columns", "scores", "rejected", "state", "reason"),
    [
        ({"a": 0.09}, None, 0.0, "fine", "nothing moved"),
        ({"a": 0.1}, None, 0.0, "watch", "'a' moved: PSI 0.10"),
        ({"a": 0.25}, None, 0.0, "retrain", "'a' moved far: PSI 0.25, limit 0.25"),
        ({"a": 0.0}, 0.3, 0.0, "retrain", "the probabilities moved far"),
        ({"a": 0.0}, 0.2, 0.0, "watch", "the probabilities moved"),
        ({"a": 0.0}, 0.0, 0.05, "fine", "nothing moved"),
        ({"a": 0.0}, 0.0, 0.051, "watch", "5.1% of the rows cannot be read"),
        ({"b": 0.12, "a": 0.4}, 0.0, 0.2, "retrain", "'a' moved far"),
    ],
)
def test_the_verdict_at_its_limits(columns, scores, rejected, state, reason):
    found = decide(columns, scores, rejected, LIMITS)
    assert found.state == state
    assert found.reasons[0].startswith(reason)


def test_a_stricter_contract_moves_the_first_limit_too():
    assert decide({"a": 0.05}, None, 0.0, Limits(0.05, 0.05)).state == "retrain"


def test_a_sample_is_of_the_whole_table_and_no_larger_than_it_may_be():
    sample = Sample(100)
    assert sample.rows.num_rows == 0
    for start in range(0, 10_000, 1_000):
        sample.add(pa.record_batch({"x": pa.array(range(start, start + 1_000))}))
    rows = sample.rows["x"].to_numpy()
    assert len(rows) == 100
    assert list(rows) == sorted(rows)
    # 1/10 of a uniform sample of 100 lies in each tenth; fewer than 1 or more than 25 does not happen by chance.
    counts = np.histogram(rows, bins=10, range=(0, 10_000))[0]
    assert counts.min() >= 1
    assert counts.max() <= 25
