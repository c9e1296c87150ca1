"""Every finding about a slice, and how often each comes out when the truth is known."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from tenure.contract.settings import Acceptance
from tenure.evaluation import Challenge
from tenure.evaluation.advantage import Advantage
from tenure.evaluation.noninferiority import check_slices
from tenure.evaluation.slice_reasons import TOO_FEW, slice_reasons
from tenure.stats.bootstrap import Estimate
from tenure.tasks.churn.evaluation import Campaign, Scored, compare, decide, measure

ACCEPTANCE = Acceptance(max_slice_loss=0.20)
CAMPAIGN = Campaign(600.0, 10.0, 0.3, contacts=10_000, population=10_000)


def drawn(loss: float, error: float, worth: float = 100.0, seed: int = 0, **other: object) -> Advantage:
    """A slice in which the candidate truly loses ``loss``, seen with a standard error."""
    generator = np.random.default_rng(seed)
    seen = -loss + error * generator.normal() if seed else -loss
    given = {"metric": "profit", "rows": 1_000, "worth": worth} | other
    gains = seen + error * generator.normal(size=1_000)
    return Advantage(difference=Estimate(seen, None, None), gains=gains, **given)


def finding(*slices: Advantage, overall: Advantage | None = None) -> list[str]:
    whole = overall or drawn(0.0, 1.0, worth=100.0 * len(slices), rows=1_000 * len(slices))
    named = [(f"region {number}", here) for number, here in enumerate(slices)]
    return [check.finding for check in check_slices(named, whole, ACCEPTANCE)]


@pytest.mark.parametrize(
    ("loss", "error", "expected"),
    [
        (0.0, 1.0, "pass"),
        (10.0, 1.0, "pass"),  # clearly worse, and clearly by less than the margin
        (30.0, 5.0, "fail"),
        (10.0, 8.0, "unsure"),  # the slice would show a loss under 20 if there were none
        (0.0, 30.0, "too small"),
        (90.0, 30.0, "fail"),
    ],
)
def test_findings(loss: float, error: float, expected: str) -> None:
    assert finding(drawn(loss, error)) == [expected]


def test_a_slice_in_which_nothing_differs_passes() -> None:
    same = Advantage("profit", 500, Estimate(0.0, 0.0, 0.0), np.zeros(1_000), worth=0.0)
    assert finding(same) == ["pass"]


def test_a_customer_of_a_poor_slice_counts_like_one_of_all() -> None:
    poor = drawn(5.0, 2.0, worth=10.0)
    whole = drawn(0.0, 1.0, worth=400.0, rows=4_000)
    assert finding(poor, overall=whole) == ["pass"]
    assert finding(poor, overall=drawn(0.0, 1.0, worth=40.0, rows=4_000)) == ["fail"]


def test_a_worthless_champion_leaves_no_margin() -> None:
    whole = drawn(0.0, 1.0, worth=-10.0)
    assert finding(drawn(0.0, 5.0, worth=-10.0), overall=whole) == ["too small"]
    assert finding(drawn(50.0, 5.0, worth=-10.0), overall=whole) == ["fail"]


def test_the_loss_that_would_be_noticed_is_noticed_in_four_of_five_cases() -> None:
    slices = 5
    one = check_slices(
        [(str(n), drawn(0.0, 25.0)) for n in range(slices)], drawn(0.0, 1.0, worth=500.0, rows=5_000), ACCEPTANCE
    )[0]
    assert one.finding == "too small"
    loss = one.noticed_loss * 100.0
    noticed = sum(
        finding(*[drawn(0.0, 25.0)] * (slices - 1), drawn(loss, 25.0, seed=seed))[-1] == "fail"
        for seed in range(1, 201)
    )
    assert 0.70 <= noticed / 200 <= 0.90


def test_equal_models_pass_all_slices_that_are_just_large_enough_in_four_of_five_cases() -> None:
    slices = 5
    just = 20.0 / (1.645 + 1.751) - 0.2
    held_back = 0
    for seed in range(1, 201):
        found = finding(*(drawn(0.0, just, seed=1_000 * seed + n) for n in range(slices)))
        held_back += any(each in ("unsure", "fail") for each in found)
    assert held_back / 200 <= 0.26


def test_a_loss_at_the_margin_passes_no_oftener_than_one_in_twenty() -> None:
    found = Counter(finding(drawn(20.0, 4.0, seed=seed))[0] for seed in range(1, 401))
    assert found["pass"] / 400 <= 0.08
    assert found["too small"] == 0


def test_the_metric_of_the_contract_decides_and_small_slices_are_told() -> None:
    generator = np.random.default_rng(1)
    odds = generator.normal(-1.2, 1.5, 6_000)
    label = (generator.random(odds.size) < 1 / (1 + np.exp(-odds))).astype(np.int8)
    sharp, blunt = (1 / (1 + np.exp(-(odds + noise * generator.normal(size=odds.size)))) for noise in (0.3, 0.6))
    candidate, champion = Scored(sharp, sharp >= 0.3), Scored(blunt, blunt >= 0.3)
    small, large = np.arange(odds.size) < 150, np.arange(odds.size) >= 150
    acceptance = Acceptance(metric="roc_auc")
    setting = {"samples": 300, "seed": 1, "metric": "roc_auc"}
    slices = tuple(
        (name, compare(label[rows], candidate.take(rows), champion.take(rows), CAMPAIGN, **setting))
        for name, rows in (("gender = f", small), ("gender = m", large))
    )
    whole = compare(label, candidate, champion, CAMPAIGN, **setting)
    verdict = decide(
        measure(label, candidate, CAMPAIGN, samples=300, seed=1),
        acceptance,
        "USD",
        per="in one campaign",
        rows=label.size,
        churners=int(label.sum()),
        constant=False,
        challenge=Challenge("3", comparison=whole, slices=slices),
    )
    assert verdict.state == "bless"
    assert verdict.summary.startswith("The candidate's ROC-AUC is 0.0")
    assert "higher than that of the champion, version 3 (95 % interval +0.0" in verdict.summary
    said = next(reason.text for reason in verdict.reasons if reason.check == "slices")
    assert said == "In 2 of 2 slices the candidate is shown to lose less than 20 % of what the champion is worth there."


@pytest.mark.parametrize(("error", "unseen"), [(25.0, "a loss of 82 % of its worth"), (60.0, "even a large loss")])
def test_slices_too_small_to_tell_are_named(error: float, unseen: str) -> None:
    checks = check_slices(
        [(f"slice {n}", drawn(0.0, error)) for n in range(8)], drawn(0.0, 1.0, worth=800.0, rows=8_000), ACCEPTANCE
    )
    shown, small = slice_reasons(checks, 0.2, "its worth", lambda _: "", lambda _: "")
    assert shown.text == "In 0 of 8 slices the candidate is shown to lose less than 20 % of its worth."
    assert (small.check, small.outcome) == (TOO_FEW, "pass")
    assert "lose there: slice 0, slice 1, slice 2, slice 3, slice 4, slice 5 and 2 more. None clearly" in small.text
    assert small.text.endswith(f"None clearly loses, but {unseen} might go unnoticed.")
