"""Statistics of drift: a new one is a module of ``tenure.monitoring.statistics``, and nothing else."""

from __future__ import annotations

import json

import pytest
from documents import faults

from tenure.monitoring import compare, statistics
from tenure.monitoring.statistic import Measured, Statistic
from tenure.monitoring.verdict import Limits, decide

MORE_MISSING = """
from tenure.monitoring.statistic import Statistic, Thresholds


class MoreMissing(Statistic):
    title = "More missing"
    unit = "share"
    meaning = "Growth of the share of missing values."

    def is_for(self, column):
        return column.type == "number"

    def compute(self, found):
        return max(0.0, found.shares.current.missing - found.shares.reference.missing)

    def thresholds(self, quality):
        return Thresholds(watch=0.05, retrain=0.2)


STATISTIC = MoreMissing()
"""


@pytest.fixture
def more_missing(tmp_path, monkeypatch) -> Statistic:
    (tmp_path / "more_missing.py").write_text(MORE_MISSING)
    monkeypatch.setattr(statistics, "__path__", [*statistics.__path__, str(tmp_path)])
    found = statistics.find()
    monkeypatch.setitem(statistics.STATISTICS, "more_missing", found["more_missing"])
    assert set(found) == {"psi", "more_missing"}
    return found["more_missing"]


def without_charges(rows, every: int):
    charges = [None if place % every == 0 else old for place, old in enumerate(rows["MonthlyCharges"].to_pylist())]
    return rows.set_column(rows.column_names.index("MonthlyCharges"), "MonthlyCharges", [charges])


def test_it_is_in_the_document_the_verdict_and_the_report(watched, small_bundle, more_missing):
    found = compare(watched, without_charges(small_bundle.rows, 4))
    document = json.loads(found.to_json())
    assert faults("monitoring", document) == []
    assert document["statistics"] == {
        "more_missing": {
            "title": "More missing",
            "unit": "share",
            "meaning": "Growth of the share of missing values.",
            "thresholds": {"watch": 0.05, "retrain": 0.2},
            "columns": {"MonthlyCharges": 0.25, "TotalCharges": 0.0},
        }
    }
    assert found.verdict == "retrain"
    assert "'MonthlyCharges' moved far: More missing 25.0%, limit 20%" in found.reasons
    html = found.to_html()
    assert "<th>More missing</th>" in html
    assert '<span class="far">moved far</span> 25.0 %</td>' in html
    assert "Growth of the share of missing values. Watch from 5.0 % on. Retrain from 20.0 % on." in html


def test_an_undecided_comparison_has_no_values(more_missing):
    assert Measured.of(more_missing, [], None).values == {}


def test_a_statistic_that_moved_is_watched_though_psi_is_small(more_missing):
    measured = Measured(more_missing, {"a": 0.1, "b": 0.0}, more_missing.thresholds(None))
    found = decide({"a": 0.0, "b": 0.0}, None, 0.0, Limits(0.25, 0.05), further=[measured])
    assert (found.state, found.reasons) == ("watch", ("'a' moved: More missing 10.0%",))


def test_without_thresholds_a_statistic_is_shown_only(more_missing):
    measured = Measured(more_missing, {"a": 0.9}, None)
    assert decide({"a": 0.0}, None, 0.0, Limits(0.25, 0.05), further=[measured]).state == "fine"
    assert measured.to_dict()["thresholds"] is None


@pytest.mark.parametrize("name", statistics.STATISTICS)
def test_each_module_of_the_folder_is_a_statistic(name):
    found = statistics.STATISTICS[name]
    assert isinstance(found, Statistic)
    assert found.title and found.unit and found.meaning.endswith(".")
