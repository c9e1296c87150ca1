"""pipelines/local/record.py: what is written down about runs."""

import json

import pytest

from pipelines.local import record
from pipelines.local.home import Home
from pipelines.local.lock import HomeLock
from tenure.errors import InputError, StorageError


@pytest.fixture
def home(tmp_path):
    place = Home.at(tmp_path / "home")
    place.create()
    return place


def a_run(run_id="20251121-090000-telco", **changes):
    fields = {
        "run_id": run_id,
        "dataset": "telco",
        "contract": "datasets/telco/contract.yaml",
        "source": "a.csv",
        "state": "running",
        "started_at": "2025-11-21T09:00:00+00:00",
    }
    return record.RunRecord(**(fields | changes))


def test_a_record_is_read_back_as_written(home):
    written = a_run(state="finished", parameters={"trials": 3}, results={"raw": "/x"})
    record.write(home, written)
    assert record.read(home, written.run_id) == written
    assert [file.name for file in (home.runs / written.run_id).iterdir()] == ["run.json"], "no temporary file is left"


def test_a_running_record_that_nobody_holds_was_interrupted(home):
    record.write(home, a_run())
    assert record.read(home, "last").state == "interrupted"
    with HomeLock(home.lock, "20251121-090000-telco"):
        assert record.read(home, "last").state == "running"
    with HomeLock(home.lock, "another-run"):
        assert record.read(home, "last").state == "interrupted"


def test_the_end_keeps_what_was_found_and_the_duration(home):
    ended = a_run().ended("finished", 7, verdict="reject", roc_auc=0.61)
    assert (ended.state, ended.exit_status, ended.verdict, ended.roc_auc) == ("finished", 7, "reject", 0.61)
    assert ended.duration_s is not None
    assert ended.duration_s > 0
    assert ended.started_at == "2025-11-21T09:00:00+00:00"


def test_runs_are_listed_newest_first_and_damaged_ones_left_out(home):
    ids = [f"20251121-09000{second}-telco" for second in (1, 3, 2)]
    ids += [f"20251121-090003-telco-{number}" for number in (2, 10)]
    for run_id in ids:
        record.write(home, a_run(run_id, state="failed"))
    (home.runs / "20251121-090009-telco").mkdir()
    (home.runs / "20251121-090009-telco" / "run.json").write_text('{"run_id": "half')
    assert [run.run_id[9:] for run in record.read_all(home)] == [
        "090003-telco-10",
        "090003-telco-2",
        "090003-telco",
        "090002-telco",
        "090001-telco",
    ]


@pytest.mark.parametrize("wanted", ["nope", "../../etc", "", "last"])
def test_a_run_that_is_not_there(home, wanted):
    with pytest.raises(InputError, match="no run"):
        record.read(home, wanted)


def test_ids_are_never_used_twice(home):
    first = record.new_run_id(home, "telco")
    (home.runs / first).mkdir()
    second = record.new_run_id(home, "telco")
    assert first != second
    assert first.endswith("-telco")


def test_a_record_that_cannot_be_written_is_a_storage_error(home):
    (home.runs / "20251121-090000-telco").write_text("a file where the folder should be")
    with pytest.raises(StorageError, match="cannot write"):
        record.write(home, a_run())


def test_the_home_is_the_argument_else_the_environment_else_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TENURE_HOME", raising=False)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert Home.at().folder == tmp_path / ".tenure"
    assert Home.at().tracking_uri == f"sqlite:///{tmp_path / '.tenure' / 'mlflow.db'}"
    monkeypatch.setenv("TENURE_HOME", str(tmp_path / "env"))
    assert Home.at().folder == tmp_path / "env"
    assert Home.at("arg").folder == tmp_path / "arg"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")
    assert Home.at().tracking_uri == "http://127.0.0.1:5000"


def test_a_home_that_cannot_be_made_is_a_storage_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot create the home"):
        Home.at(tmp_path / "file" / "home").create()


def test_run_json_is_for_people_too(home):
    record.write(home, a_run())
    text = (home.runs / "20251121-090000-telco" / "run.json").read_text()
    assert text.endswith("}\n")
    assert json.loads(text)["state"] == "running"


@pytest.mark.parametrize(
    "content",
    [b"[" * 100_000, b"\xff\xfe", b"null", b'{"run_id": 1e999}', b'{"a": ' + b"9" * 5_000 + b"}"],
    ids=["deep", "bytes", "null", "infinite", "digits"],
)
def test_a_record_of_any_content_is_left_out(home, content):
    record.write(home, a_run())
    (home.runs / "20251121-090000-telco" / "run.json").write_bytes(content)
    assert record.read_all(home) == []


def test_a_record_with_values_of_other_types_is_left_out(home):
    record.write(home, a_run())
    file = home.runs / "20251121-090000-telco" / "run.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"started_at": [5]}))
    assert record.read_all(home) == []
