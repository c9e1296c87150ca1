"""The search itself: the same result for any number of workers, after a kill, and in any storage."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import optuna
import pytest

from components.tune import logic
from tenure.contract import dump
from tenure.errors import BusyError, DataError, SourceError, StorageError
from tenure.training.families import get
from tenure.training.search import study
from tenure.training.search.finals import CONTENDERS, FINALISTS
from tenure.training.search.storage import open_storage

TRIALS = 9
FAMILIES = ("logistic_regression", "xgboost")

KILLED_IN_TRIAL = """
import os, signal, sys
from pathlib import Path
from components.tune import logic
from tenure.training.search import study

whole, calls = study.cross_validate, 0

def die_after_a_fold(*arguments, go_on, **more):
    global calls
    calls += 1
    if calls == {fatal}:
        go_on = lambda so_far: os.kill(os.getpid(), signal.SIGKILL)
    return whole(*arguments, go_on=go_on, **more)

study.cross_validate = die_after_a_fold
logic.run(contract=Path({contract!r}).read_text(), features=Path({features!r}), storage={storage!r},
          trials=Path({out!r}))
"""


@pytest.fixture(scope="module", autouse=True)
def no_early_end():
    """All trials are done: where a search ends early is tested in ``test_tune_stopping``."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tenure.training.search.stopping.PATIENCE", 99)
        yield


@pytest.fixture(scope="module")
def upstream(make_upstream):
    return make_upstream(rows=800, families=FAMILIES, trials=TRIALS, folds=3)


def search(upstream, folder, storage=None, workers=1, **more):
    """All workers' units, by family, without durations."""
    found = {}
    for worker in range(workers):
        out = folder / f"trials{worker}"
        logic.run(
            contract=more.get("contract", upstream.contract),
            features=upstream.features,
            storage=storage or str(folder / "studies.log"),
            trials=out,
            worker=worker,
            workers=workers,
        )
        for unit in json.loads((out / logic.FILE_NAME).read_text())["units"]:
            for trial in unit["trials"]:
                del trial["seconds"]
            found[unit["family"]] = unit
    return found


def without_numbers(found):
    """Of an interrupted search, where a trial that was left behind has a number, too."""
    return {
        family: unit
        | {"trials": [{name: trial[name] for name in trial if name != "number"} for trial in unit["trials"]]}
        for family, unit in found.items()
    }


def only(upstream, family):
    """The contract with one family."""
    training = upstream.terms.training.model_copy(update={"families": (family,)})
    return dump(upstream.terms.model_copy(update={"training": training}))


@pytest.fixture(scope="module")
def whole_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("whole")


@pytest.fixture(scope="module")
def uninterrupted(upstream, whole_folder):
    return search(upstream, whole_folder)


@pytest.fixture
def done(uninterrupted, whole_folder, tmp_path):
    """The path of a journal with all of the uninterrupted search in it, to be changed at will."""
    return Path(shutil.copy(whole_folder / "studies.log", tmp_path))


def test_what_is_found(upstream, uninterrupted):
    assert set(uninterrupted) == set(FAMILIES)
    for family, unit in uninterrupted.items():
        trials = unit["trials"]
        assert [trial["number"] for trial in trials] == list(range(TRIALS))
        assert trials[0]["parameters"] == get(family).default and trials[0]["state"] == "complete"
        assert 0.3 < trials[0]["score"] < 0.6
        assert len({json.dumps(trial["parameters"]) for trial in trials}) == TRIALS
        for trial in trials:
            whole = trial["state"] == "complete"
            assert (len(trial["scores"]) == 3) == whole == (trial["score"] is not None)
            assert (trial["rounds"] is None) == (family == "logistic_regression")
            if whole:
                assert trial["score"] == pytest.approx(sum(trial["scores"]) / 3)


def test_bad_trials_are_cut_short(upstream, uninterrupted):
    pruned = [trial for unit in uninterrupted.values() for trial in unit["trials"] if trial["state"] == "pruned"]
    assert pruned
    assert {len(trial["scores"]) for trial in pruned} <= {1, 2}


def test_two_workers_and_one_too_many_find_the_same(upstream, uninterrupted, tmp_path):
    assert search(upstream, tmp_path, workers=3) == uninterrupted


def test_a_database_finds_the_same(upstream, uninterrupted, tmp_path):
    contract = only(upstream, "logistic_regression")
    found = search(upstream, tmp_path, storage=f"sqlite:///{tmp_path}/studies.db", contract=contract)
    assert found == {"logistic_regression": uninterrupted["logistic_regression"]}


@pytest.mark.parametrize("fatal", [1, TRIALS + 2])
def test_a_worker_killed_in_the_middle_of_a_trial_is_taken_up_where_it_was(upstream, uninterrupted, tmp_path, fatal):
    storage, contract = str(tmp_path / "studies.log"), tmp_path / "contract.yaml"
    contract.write_text(upstream.contract)
    code = KILLED_IN_TRIAL.format(
        fatal=fatal,
        contract=str(contract),
        features=str(upstream.features),
        storage=storage,
        out=str(tmp_path / "never"),
    )
    killed = subprocess.run([sys.executable, "-c", code], timeout=120, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not (tmp_path / "never").exists()

    assert without_numbers(search(upstream, tmp_path)) == without_numbers(uninterrupted)
    states = [
        trial.state.name
        for summary in optuna.get_all_study_summaries(open_storage(storage))
        for trial in optuna.load_study(study_name=summary.study_name, storage=open_storage(storage)).trials
    ]
    assert states.count("FAIL") == 1 and "RUNNING" not in states and "WAITING" not in states


def test_a_search_that_is_done_is_not_done_again(upstream, uninterrupted, done, monkeypatch):
    monkeypatch.setattr(study, "cross_validate", lambda *_, **__: pytest.fail("a trial ran"))
    assert search(upstream, done.parent) == uninterrupted


def test_fewer_trials_than_the_study_has_are_its_first_ones(upstream, uninterrupted, done):
    fewer = upstream.contract.replace(f"trials: {TRIALS}", "trials: 3")
    assert fewer != upstream.contract
    for family, unit in search(upstream, done.parent, contract=fewer).items():
        assert unit["trials"] == uninterrupted[family]["trials"][:3]


def test_another_objective_is_another_study_and_is_maximized(upstream, uninterrupted, tmp_path):
    contract = upstream.contract.replace("training:\n", "training:\n  objective: roc_auc\n")
    found = search(upstream, tmp_path, contract=contract)
    document = json.loads((tmp_path / "trials0" / logic.FILE_NAME).read_text())
    assert document["direction"] == "maximize" and document["objective"] == "roc_auc"
    for family, unit in found.items():
        assert unit["study"] != uninterrupted[family]["study"]
        assert unit["trials"][0]["score"] > 0.75


def test_other_rows_are_another_study(upstream, make_upstream, tmp_path, uninterrupted):
    other = make_upstream(rows=880, families=("logistic_regression",), trials=1, folds=3)
    found = search(other, tmp_path)
    assert found["logistic_regression"]["study"] != uninterrupted["logistic_regression"]["study"]


def test_too_few_churners(make_upstream, tmp_path):
    few = make_upstream(rows=12, families=("logistic_regression",), trials=1, folds=5)
    with pytest.raises(DataError, match="too few for 5 folds"):
        search(few, tmp_path)


class TestStorageThatFails:
    def test_a_folder_that_cannot_be_made(self, upstream, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(StorageError, match="cannot keep studies at"):
            search(upstream, tmp_path, storage=str(tmp_path / "file" / "studies.log"))

    def test_a_file_that_is_no_journal(self, upstream, tmp_path):
        path = tmp_path / "studies.log"
        path.write_text("customerID,tenure\n7590,1\n")
        with pytest.raises(StorageError, match="is not a file of studies"):
            search(upstream, tmp_path)
        assert path.read_text() == "customerID,tenure\n7590,1\n"

    def test_a_journal_that_disappears(self, upstream, tmp_path, monkeypatch):
        whole = study.cross_validate

        def remove_journal(*arguments, **more):
            (tmp_path / "studies.log").unlink()
            return whole(*arguments, **more)

        monkeypatch.setattr(study, "cross_validate", remove_journal)
        with pytest.raises(StorageError, match="disappeared while the search was running"):
            search(upstream, tmp_path)

    def test_a_torn_last_line_is_dropped(self, upstream, uninterrupted, done):
        lines = done.read_bytes().splitlines(keepends=True)
        done.write_bytes(b"".join(lines[:-3]) + lines[-3][:20])
        assert without_numbers(search(upstream, done.parent)) == without_numbers(uninterrupted)

    def test_a_database_that_is_down(self, upstream, tmp_path):
        with pytest.raises(SourceError) as caught:
            search(upstream, tmp_path, storage="postgresql+psycopg://tenure:secret@127.0.0.1:1/studies")
        message = str(caught.value)
        assert "127.0.0.1" in message and "secret" not in message and "\n" not in message

    def test_an_address_that_means_nothing(self, upstream, tmp_path):
        with pytest.raises(SourceError, match="cannot use nosuch://"):
            search(upstream, tmp_path, storage="nosuch://host/studies")

    def test_another_run_on_the_same_studies(self, upstream, tmp_path, monkeypatch):
        whole = study.cross_validate
        storage = str(tmp_path / "studies.log")

        def other_run_begins(*arguments, **more):
            result = whole(*arguments, **more)
            shared = open_storage(storage)
            for summary in optuna.get_all_study_summaries(shared):
                study._fail_left_behind(optuna.load_study(study_name=summary.study_name, storage=shared))
            return result

        monkeypatch.setattr(study, "cross_validate", other_run_begins)
        with pytest.raises(BusyError, match="another run works on the study telco/"):
            search(upstream, tmp_path)


class TestLargeTable:
    """Scouts and finals: on a table that counts as large when a scout has 60 rows."""

    @pytest.fixture(autouse=True)
    def small_scouts(self, monkeypatch):
        monkeypatch.setattr("tenure.training.families.divided.SCOUT_ROWS", 60)

    def test_few_trials_see_more_than_a_fold(self, upstream, tmp_path):
        for unit in search(upstream, tmp_path).values():
            reached = [len(trial["scores"]) for trial in unit["trials"]]
            assert reached.count(0) == TRIALS - CONTENDERS and reached.count(3) == 1
            assert sum(folds > 1 for folds in reached) == FINALISTS
            for trial in unit["trials"]:
                whole = len(trial["scores"]) == 3
                assert (trial["state"] == "complete") == whole == (trial["score"] is not None)
            first_folds = sorted(trial["scores"][0] for trial in unit["trials"] if trial["scores"])
            finalists = [trial["scores"][0] for trial in unit["trials"] if len(trial["scores"]) > 1]
            assert sorted(finalists) == first_folds[: len(finalists)]

    def test_two_workers_find_the_same(self, upstream, tmp_path):
        assert search(upstream, tmp_path / "two", workers=2) == search(upstream, tmp_path / "one")

    def test_finals_are_taken_up_where_they_were(self, upstream, tmp_path, monkeypatch):
        whole = search(upstream, tmp_path / "whole")
        folds_of, scout, seen, scouted = study.cross_validate, study.scout, [], []

        def count_folds(*arguments, **more):
            seen.append(more["folds"])
            if len(seen) == CONTENDERS + FINALISTS:
                raise KeyboardInterrupt
            return folds_of(*arguments, **more)

        def count_scouts(*arguments, **more):
            scouted.append(arguments)
            return scout(*arguments, **more)

        monkeypatch.setattr(study, "cross_validate", count_folds)
        monkeypatch.setattr(study, "scout", count_scouts)
        with pytest.raises(KeyboardInterrupt):
            search(upstream, tmp_path)
        assert search(upstream, tmp_path) == whole
        assert len(scouted) == len(FAMILIES) * TRIALS
        # The fold in which the run was interrupted is begun once more.
        assert len(seen) == len(FAMILIES) * (CONTENDERS + FINALISTS + 1) + 1
        assert search(upstream, tmp_path) == whole
        assert len(scouted) == len(FAMILIES) * TRIALS and len(seen) == len(FAMILIES) * (CONTENDERS + FINALISTS + 1) + 1
