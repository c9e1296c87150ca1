import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples

from tenure.contract.family_names import searched
from tenure.contract.settings import Training
from tenure.training.families import NAMES, get
from tenure.training.search.units import SHARD_TRIALS, share_of, units


@settings(max_examples=examples(50))
@given(st.integers(1, 200), st.integers(1, 9))
def test_every_unit_is_done_once_whatever_the_workers(trials, workers):
    work = units(NAMES, trials)
    done = [unit for worker in range(workers) for unit in share_of(worker, workers, work)]
    assert sorted(done, key=repr) == sorted(work, key=repr)
    for family in NAMES:
        assert sum(unit.trials for unit in work if unit.family == family) == trials
    assert all(0 < unit.trials <= SHARD_TRIALS for unit in work)


def test_the_slowest_family_does_not_share_its_worker_with_the_next_slowest():
    work = units(searched(Training().families), 12)
    shares = [{unit.family for unit in share_of(worker, 2, work)} for worker in (0, 1)]
    slowest, next_slowest = sorted({unit.family for unit in work}, key=lambda family: -get(family).cost)[:2]
    assert not any({slowest, next_slowest} <= share for share in shares)


@pytest.mark.parametrize(("trials", "shards"), [(25, 1), (26, 2), (75, 3)])
def test_shards(trials, shards):
    work = units(["xgboost"], trials)
    assert [unit.shard for unit in work] == list(range(shards))
    assert max(unit.trials for unit in work) - min(unit.trials for unit in work) <= 1
