"""Clusters of customers: how many there are, and what is said of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import silhouette_score

from tenure.bundle.additions.kinds.clusters import Clusters
from tenure.contract import Contract, contract_hash, dump, parse
from tenure.errors import ContractError
from tenure.training.clusters import make_clusters
from tenure.training.clusters.counting import _distances, _silhouette, count_clusters
from tenure.training.clusters.scaling import fit_scale
from tenure.transform import Feature, Transform, fit, of_table

CONTRACT = """
name: shops
label: {positive: "yes"}
columns:
  id: {type: string, role: key}
  orders: {type: integer, unit: orders}
  spend: {type: number, unit: USD}
  plan: {type: category}
  city: {type: category}
  paper: {type: boolean, values: [digital, on paper]}
  churned: {type: category, values: ["yes", "no"], role: label}
"""
CITIES = [f"city {number}" for number in range(50)]


def contract(more: str = "") -> Contract:
    return parse(CONTRACT + more)


def shops(rows: int = 1_500, *, groups: bool = True) -> dict[str, list]:
    """Half have few orders on the plan "small", a third many on "large", others spend most; or nothing in common."""
    random = np.random.default_rng(3)
    group = random.choice(3, size=rows, p=[0.5, 0.3, 0.2]) if groups else np.zeros(rows, dtype=int)
    plans = np.array(["small", "large", "none"])
    plan = plans[group] if groups else random.choice(plans, size=rows)
    return {
        "orders": np.round(random.normal(np.array([10.0, 60.0, 20.0])[group], 3.0)).clip(0).tolist(),
        "spend": random.normal(np.array([100.0, 300.0, 900.0])[group], 30.0).tolist(),
        "plan": plan.tolist(),
        "city": random.choice(CITIES, size=rows).tolist(),
        "paper": np.where(random.random(rows) < (0.9 if groups else 0.5), "digital", "on paper").tolist(),
    }


def encoded(found: Contract, columns: dict[str, list]) -> tuple[Transform, np.ndarray]:
    transform = fit(found, of_table(pa.table(columns)))
    return transform, transform.encode(columns).matrix


def test_the_groups_of_a_table_are_found_by_size_and_described() -> None:
    found = contract()
    transform, matrix = encoded(found, shops())
    made = make_clusters(found, transform, matrix)
    assert (made.record["count"], made.record["reason"]) == (3, "")
    (clusters,) = made.additions
    np.testing.assert_allclose(clusters.shares, [0.5, 0.3, 0.2], atol=0.05)
    first, second, third = clusters.descriptions
    assert "plan is small (100 %, all 5" in first and "orders 10 orders (all 1" in first
    # Orders tell "large" from the others, and spend tells "none": they say the same as the plan, and are not repeated.
    assert second.startswith("plan is large (100 %, all 3") and "orders" not in second
    assert third.startswith("plan is none (100 %, all 2") and "spend" not in third
    assert set(made.record["silhouettes"]) == {"2", "3", "4", "5", "6"}
    assert made.record["silhouettes"]["3"] == clusters.silhouette > made.record["needed"]
    again = make_clusters(found, transform, matrix)
    assert again.additions[0].to_document() == clusters.to_document()
    read = Clusters.from_document(clusters.to_document(), transform, found)
    shares = np.bincount(read.assign(matrix)) / len(matrix)
    np.testing.assert_allclose(shares, clusters.shares, atol=1e-6)


def test_columns_that_have_nothing_in_common_make_no_clusters() -> None:
    found = contract()
    made = make_clusters(found, *encoded(found, shops(groups=False)))
    assert made.additions == () and made.record["count"] == 1
    assert "has a silhouette of 0." in made.record["reason"]
    assert max(made.record["silhouettes"].values()) < made.record["needed"]


def test_small_tables_have_clusters_where_the_contract_asks_for_them() -> None:
    columns = shops(400)
    without, limited, none = contract(), contract("clusters: {max: 2}\n"), contract("clusters: false\n")
    assert make_clusters(without, *encoded(without, columns)).record["reason"] == (
        "the training and validation part have 400 rows, 500 are needed"
    )
    assert make_clusters(limited, *encoded(limited, columns)).record["count"] == 2
    assert make_clusters(none, *encoded(none, shops())).record["reason"] == "the contract says 'clusters: false'"


def test_rows_that_do_not_differ_have_none() -> None:
    found = contract("clusters: {max: 3}\n")
    one = {name: values[:1] * 50 for name, values in shops(1).items()}
    assert make_clusters(found, *encoded(found, one)).record == {"count": 1, "reason": "the rows do not differ"}


def test_a_column_with_many_values_counts_as_much_as_another() -> None:
    transform, matrix = encoded(contract(), shops())
    scaled = fit_scale(matrix, transform.features).apply(matrix)
    variance = scaled.var(axis=0)
    by_source = {
        source: sum(variance[place] for place, feature in enumerate(transform.features) if feature.source == source)
        for source in {feature.source for feature in transform.features}
    }
    assert by_source.pop("paper") < 1.0, "of two values one is rare"
    np.testing.assert_allclose(list(by_source.values()), 1.0, atol=1e-6)


def test_a_few_outliers_are_no_cluster() -> None:
    found = contract()
    columns = shops(groups=False)
    columns["spend"][:5] = [1e9] * 5
    made = make_clusters(found, *encoded(found, columns))
    assert all(share > 0.02 for clusters in made.additions for share in clusters.shares)


def test_the_silhouette_is_scikit_learns() -> None:
    random = np.random.default_rng(1)
    rows, label = random.normal(size=(80, 3)), random.integers(4, size=80)
    label[0] = 9  # alone in its cluster
    assert _silhouette(_distances(rows), label) == pytest.approx(silhouette_score(rows, label))
    assert _silhouette(_distances(rows), np.zeros(80, dtype=np.int64)) == -1.0


def test_no_division_counts_that_has_a_tiny_cluster() -> None:
    transform, _ = encoded(contract(), shops(10))
    rows = np.zeros((300, len(transform.features)))
    rows[:3, 0] = 100.0
    rows[:, 1] = np.linspace(0.0, 0.01, 300)
    assert count_clusters(rows, transform.features, 2, 1) is None


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("clusters: {max: 1}", "'clusters.max': Input should be greater than or equal to 2"),
        ("clusters: {max: 21}", "'clusters.max': Input should be less than or equal to 20"),
        ("clusters: {many: 2}", "unknown key 'clusters.many'"),
        ("clusters: true", "'clusters': Input should be False"),
        ("clusters: 5", "'clusters': Input should be False"),
    ],
)
def test_invalid_settings_name_the_key(written: str, said: str) -> None:
    with pytest.raises(ContractError) as caught:
        contract(written)
    assert said in str(caught.value)


def test_the_hash_of_a_contract_without_the_key_is_that_of_before() -> None:
    assert "clusters" not in dump(contract())
    hashes = [contract_hash(contract(more)) for more in ("", "clusters: false\n", "clusters: {max: 3}\n")]
    assert len(set(hashes)) == 3
    assert parse(dump(contract("clusters: false\n"))).clusters is False
    again: Any = parse(dump(contract("clusters: {max: 3}\n"))).clusters
    assert again.max == 3


def test_target_statistics_make_no_clusters() -> None:
    features = (Feature("city", "city", "target"), Feature("orders", "orders", "number"))
    scale = fit_scale(np.random.default_rng(2).random((100, 2)).astype(np.float32), features)
    assert scale.weights[0] == 0.0 < scale.weights[1]
