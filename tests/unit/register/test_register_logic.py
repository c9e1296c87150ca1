"""Who gets into the registry: on a real MLflow with SQLite."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from components.champion.logic import run as fetch_champion
from components.register.logic import run, track
from components.step import step
from pipelines.cluster.workflow import logged_verdict
from tenure.bundle import read
from tenure.contract import Contract, dump
from tenure.errors import BundleError, InputError, VerdictError
from tenure.signing import SIGNING_KEY_VARIABLE, SigningKey, TrustRoot
from tenure.tracking import Registry, resolve

Make = Callable[..., Path]


@pytest.fixture
def registry(tracked_home: Path) -> Registry:
    return Registry("telco", resolve())


def tracked_runs(registry: Registry) -> list[str]:
    from mlflow import MlflowClient

    client = MlflowClient(registry.location.uri)
    experiment = client.get_experiment_by_name("telco")
    assert experiment is not None
    return [found.data.tags["tenure.run_id"] for found in client.search_runs([experiment.experiment_id])]


def test_the_first_blessed_version_becomes_champion(
    registry: Registry, make_evaluation: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "ann")
    found = run(evaluation=make_evaluation(), run_id="r1", code_version="abc")
    assert (found["version"], found["aliases"], found["registered"]) == ("1", ["challenger", "champion"], True)
    (move,) = registry.history()
    assert (move.action, move.who, move.why) == ("first", "ann", "the first blessed version, from run r1")
    assert registry.version("1").code_version == "abc"


def test_a_later_blessed_version_waits_for_promotion(registry: Registry, make_evaluation: Make) -> None:
    run(evaluation=make_evaluation(), run_id="r1")
    found = run(evaluation=make_evaluation(threshold=0.4), run_id="r2")
    assert (found["version"], found["aliases"]) == ("2", ["challenger"])
    assert registry.champion().version == "1"


def test_a_rejected_model_is_tracked_and_never_registered(registry: Registry, make_evaluation: Make) -> None:
    with pytest.raises(VerdictError, match=r"rejected: The ROC-AUC is 0\.851") as caught:
        run(evaluation=make_evaluation("reject"), run_id="r1", override="please")
    assert caught.value.exit_status == 7
    assert registry.versions() == []
    assert tracked_runs(registry) == ["r1"]


def test_an_inconclusive_model_needs_a_reason(registry: Registry, make_evaluation: Make) -> None:
    evaluation = make_evaluation("inconclusive")
    with pytest.raises(VerdictError, match="--override"):
        run(evaluation=evaluation, run_id="r1")
    with pytest.raises(VerdictError, match="--override"):
        run(evaluation=evaluation, run_id="r1", override="   ")
    assert registry.versions() == []
    found = run(evaluation=evaluation, run_id="r1", override="the board wants it")
    version = registry.version(found["version"])
    assert (version.verdict, version.override, version.aliases) == (
        "inconclusive",
        "the board wants it",
        ("challenger",),
    )
    assert registry.champion() is None


def test_an_override_given_to_evaluate_counts(registry: Registry, make_evaluation: Make) -> None:
    run(evaluation=make_evaluation("inconclusive", override="known gap"), run_id="r1")
    assert registry.version("1").override == "known gap"


def test_identical_to_the_champion_returns_its_version(registry: Registry, make_evaluation: Make) -> None:
    run(evaluation=make_evaluation(), run_id="r1")
    run(evaluation=make_evaluation(threshold=0.4), run_id="r2")
    found = run(evaluation=make_evaluation(champion={"version": "1", "identical": True}), run_id="r3")
    assert (found["version"], found["registered"]) == ("1", False)
    assert len(registry.versions()) == 2
    assert registry.version("1").run_id == "r1"


def test_a_retry_returns_the_same_version(registry: Registry, make_evaluation: Make) -> None:
    evaluation = make_evaluation()
    first = run(evaluation=evaluation, run_id="r1")
    assert run(evaluation=evaluation, run_id="r1") == first
    assert len(registry.versions()) == 1
    assert len(registry.history()) == 1
    assert tracked_runs(registry) == ["r1"]


def test_killed_before_it_became_champion(
    registry: Registry, make_evaluation: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(Registry, "promote", killed)
        run(evaluation=make_evaluation(), run_id="r1")
    assert registry.champion() is None
    assert run(evaluation=make_evaluation(), run_id="r2")["aliases"] == ["challenger", "champion"]
    assert len(registry.versions()) == 1


def test_another_bundle_than_the_evaluated_one_is_refused(registry: Registry, make_evaluation: Make) -> None:
    evaluation, other = make_evaluation(), make_evaluation(threshold=0.4)
    (evaluation / "bundle").rename(evaluation / "old")
    (other / "bundle").rename(evaluation / "bundle")
    with pytest.raises(BundleError, match="was evaluated"):
        run(evaluation=evaluation, run_id="r1")
    assert registry.versions() == []


def test_a_run_without_a_model_is_tracked(
    registry: Registry, make_evaluation: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "validation.html").write_text("<p>checks</p>")
    evaluation = make_evaluation("reject")
    with step("register"):
        found = track(evaluation=evaluation, run_id="r1", validation=tmp_path)
    summary = json.loads((evaluation / "evaluation.json").read_text())["verdict"]["summary"]
    assert logged_verdict(capsys.readouterr().out) == summary.rstrip(".")
    kept = registry.location.artifact_root / "telco" / found["mlflow_run_id"] / "artifacts"
    assert {path.name for path in kept.iterdir()} == {"evaluation.json", "report.html", "validation.html"}
    assert registry.versions() == []


def test_the_champion_is_fetched_for_the_next_run(
    registry: Registry, make_evaluation: Make, small_contract: Contract, tmp_path: Path
) -> None:
    found = run(evaluation=make_evaluation(), run_id="r1")
    fetched = fetch_champion(contract=dump(small_contract), champion=tmp_path / "champion")
    assert (fetched["version"], fetched["bundle_version"], fetched["unreadable"]) == (
        "1",
        found["bundle_version"],
        None,
    )


@pytest.fixture
def small_contract(make_evaluation: Make) -> Contract:
    from tenure.bundle import read

    return read(make_evaluation() / "bundle").contract


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> SigningKey:
    made = SigningKey.generate()
    monkeypatch.setenv(SIGNING_KEY_VARIABLE, made.private_pem().decode())
    return made


def test_the_registered_bundle_is_signed(
    registry: Registry, make_evaluation: Make, key: SigningKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "ann")
    evaluation = make_evaluation()
    found = run(evaluation=evaluation, run_id="r1")
    assert found["signing_key"] == key.key_id
    loaded = read(registry.download("1", tmp_path / "bundle"), trust=TrustRoot.of(key))
    assert (loaded.signed.statement.signed_by, loaded.signed.statement.run_id) == ("ann", "r1")
    # The step's input is as it was, and the version is the one that was evaluated.
    assert not (evaluation / "bundle" / "signature.json").exists()
    assert loaded.version == found["bundle_version"] == read(evaluation / "bundle").version


def test_a_repetition_keeps_a_signed_version_and_replaces_an_unsigned_one(
    registry: Registry, make_evaluation: Make, key: SigningKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(SIGNING_KEY_VARIABLE)
    assert run(evaluation=make_evaluation(), run_id="r1")["signing_key"] is None
    monkeypatch.setenv(SIGNING_KEY_VARIABLE, key.private_pem().decode())
    # A copy that anybody may have stored is not signed: it is registered anew.
    assert run(evaluation=make_evaluation(), run_id="r2")["version"] == "2"
    assert run(evaluation=make_evaluation(), run_id="r2")["version"] == "2"
    assert read(registry.download("2", tmp_path / "two"), trust=TrustRoot.of(key)).signed is not None


def test_an_invalid_key_ends_the_step_before_anything_is_tracked(
    registry: Registry, make_evaluation: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SIGNING_KEY_VARIABLE, "")
    with pytest.raises(InputError, match="TENURE_SIGNING_KEY is empty"):
        run(evaluation=make_evaluation(), run_id="r1")
    assert registry.versions() == []
