"""The registry on MLflow with SQLite: versions, champion, history, and killed processes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tenure import bundle as bundles
from tenure.errors import BundleError, InputError, SourceError
from tenure.tracking import Registry, Version, compare_versions, log_run, resolve, to_tags
from tenure.tracking.version import from_mlflow
from tenure.training.export import ExportedModel

EVALUATION: dict[str, Any] = {
    "name": "telco",
    "metrics": {
        "roc_auc": {"value": 0.85, "low": 0.83, "high": 0.87},
        "precision": {"value": None, "low": None, "high": None},
    },
    "families": [{"family": "xgboost", "metrics": {"roc_auc": {"value": 0.85, "low": 0.83, "high": 0.87}}}],
    "chosen": {"family": "xgboost", "threshold": 0.31},
    "rows": {"train": 700, "test": 150, "rejected": None},
    "business": {"period": "campaign", "defaults": ["offer_cost"]},
    "versions": {"data_hash": "d" * 64, "contract_hash": "c" * 64, "bundle_version": "0123456789ab"},
    "verdict": {"state": "bless", "summary": "It passes."},
}


@pytest.fixture
def registry(tracked_home: Path) -> Registry:
    return Registry("telco", resolve())


@pytest.fixture
def make_bundle(small_bundle: Any, tmp_path: Path) -> Callable[[float], Path]:
    """Writes a bundle with its own version for each threshold."""

    def make(threshold: float) -> Path:
        given = bundles.read(small_bundle.folder)
        folder = tmp_path / f"bundle-{threshold}"
        bundles.write(
            folder,
            contract=given.contract,
            transform=given.transform,
            model=ExportedModel((small_bundle.folder / "model.onnx").read_bytes(), given.terms),
            decision=replace(given.decision, threshold=threshold),
            profile=given.profile,
            family="xgboost",
            data_hash="0" * 64,
            created_at="2026-01-01T00:00:00Z",
        )
        return folder

    return make


def enter(registry: Registry, folder: Path, run_id: str = "r1", **changes: Any) -> Version:
    """Log a run and register its bundle."""
    given = bundles.read(folder)
    mlflow_run_id = log_run(registry.location, EVALUATION, run_id=run_id, files=[])
    tags = {
        "bundle_version": given.version,
        "family": "xgboost",
        "verdict": "bless",
        "override": "",
        "run_id": run_id,
        "data_hash": "d" * 64,
        "contract_hash": "c" * 64,
        "code_version": "abc",
        "metrics": EVALUATION["metrics"],
    }
    example = {name: ["1"] if not column.is_numeric else [1.0] for name, column in given.contract.inputs.items()}
    return registry.register(
        folder, given.contract, mlflow_run_id=mlflow_run_id, tags=to_tags(**(tags | changes)), example=example
    )


def test_an_empty_registry_is_known_without_importing_mlflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr("tenure.tracking.registry.connect", lambda location: pytest.fail("MLflow was started"))
    empty = Registry("telco", resolve(home=tmp_path))
    assert empty.versions() == []
    assert empty.champion() is None
    assert empty.history() == []
    with pytest.raises(InputError, match=r"no version '1' \(registered: none\)"):
        empty.version("1")


def test_a_run_is_logged_once_with_metrics_and_files(registry: Registry, tmp_path: Path) -> None:
    from mlflow import MlflowClient

    report = tmp_path / "report.html"
    report.write_text("<p>report</p>")
    first = log_run(registry.location, EVALUATION, run_id="r1", files=[report, tmp_path / "missing.json"])
    assert log_run(registry.location, EVALUATION, run_id="r1", files=[report]) == first
    assert log_run(registry.location, EVALUATION, run_id="r2", files=[]) != first
    run = MlflowClient(registry.location.uri).get_run(first)
    assert run.info.status == "FINISHED"
    assert run.data.metrics == {
        "roc_auc": 0.85,
        "roc_auc.low": 0.83,
        "roc_auc.high": 0.87,
        "family.xgboost.roc_auc": 0.85,
        "family.xgboost.roc_auc.low": 0.83,
        "family.xgboost.roc_auc.high": 0.87,
    }
    assert run.data.params["threshold"] == "0.31"
    assert run.data.tags["tenure.verdict"] == "bless"
    kept = registry.location.artifact_root / "telco" / first / "artifacts" / "report.html"
    assert kept.read_text() == "<p>report</p>"


def test_a_run_that_kubeflow_opened_is_used(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = log_run(registry.location, EVALUATION, run_id="opened by the platform", files=[])
    monkeypatch.setenv("MLFLOW_RUN_ID", opened)
    assert log_run(registry.location, EVALUATION, run_id="r9", files=[]) == opened


def test_a_version_says_where_it_comes_from(registry: Registry, make_bundle: Callable[[float], Path]) -> None:
    folder = make_bundle(0.3)
    version = enter(registry, folder, override="because", verdict="inconclusive")
    assert version.version == "1"
    assert version.aliases == ("challenger",)
    assert version.bundle_version == bundles.read(folder).version
    assert (version.verdict, version.override, version.run_id) == ("inconclusive", "because", "r1")
    assert (version.data_hash, version.contract_hash, version.code_version) == ("d" * 64, "c" * 64, "abc")
    assert version.metrics["roc_auc"] == (0.85, 0.83, 0.87)
    assert version.metrics["precision"] == (None, None, None)


def test_a_version_holds_no_pickle_and_loads_in_mlflow(
    registry: Registry, small_bundle: Any, make_bundle: Callable[[float], Path]
) -> None:
    import mlflow.pyfunc
    import pandas as pd

    enter(registry, make_bundle(0.3))
    names = [path.name for path in registry.location.artifact_root.rglob("*") if path.is_file()]
    assert "MLmodel" in names
    assert not [name for name in names if name.endswith((".pkl", ".pickle", ".joblib", ".skops"))]
    model = mlflow.pyfunc.load_model("models:/telco@challenger")
    rows = small_bundle.rows.slice(0, 5)
    given = bundles.read(small_bundle.folder)
    assert model.metadata.get_input_schema().input_names() == list(given.contract.inputs)
    frame = rows.to_pandas()
    for name, column in given.contract.inputs.items():
        if column.type in ("integer", "number"):
            frame[name] = pd.to_numeric(frame[name], errors="coerce")
    answer = model.predict(frame)
    expected = given.predict({name: rows[name] for name in rows.column_names})
    assert answer["probability"].tolist() == pytest.approx(expected.probability.tolist(), abs=1e-12)
    assert list(answer["band"]) == expected.band


def test_another_bundle_is_another_version(registry: Registry, make_bundle: Callable[[float], Path]) -> None:
    assert enter(registry, make_bundle(0.3), "r1").version == "1"
    assert enter(registry, make_bundle(0.4), "r2").version == "2"
    assert registry.version("challenger").version == "2"
    assert registry.version("1").aliases == ()


def test_a_repetition_updates_the_version_it_finds(registry: Registry, make_bundle: Callable[[float], Path]) -> None:
    folder = make_bundle(0.3)
    enter(registry, folder, "r1", verdict="inconclusive", override="because")
    again = enter(registry, folder, "r2")
    assert (again.version, again.verdict, again.run_id, again.override) == ("1", "bless", "r2", "")
    assert len(registry.versions()) == 1


def test_a_version_whose_files_are_gone_is_not_reused(registry: Registry, make_bundle: Callable[[float], Path]) -> None:
    folder = make_bundle(0.3)
    enter(registry, folder, "r1")
    shutil.rmtree(registry.location.artifact_root)
    assert enter(registry, folder, "r2").version == "2"
    with pytest.raises(BundleError, match="version 1 cannot be read"):
        registry.download("1", folder.parent / "copy")


def test_a_bundle_of_the_same_run_overwrites_no_other_version(
    registry: Registry, make_bundle: Callable[[float], Path], tmp_path: Path
) -> None:
    first, second = make_bundle(0.3), make_bundle(0.4)
    enter(registry, first, "r1")
    enter(registry, second, "r1")
    for number, folder in (("1", first), ("2", second)):
        copy = registry.download(number, tmp_path / "copies" / number)
        assert bundles.read(copy).version == bundles.read(folder).version


def test_two_who_bring_the_same_version_at_once_both_have_it(
    registry: Registry, make_bundle: Callable[[float], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(registry, make_bundle(0.3), "r1")
    kept, fetch = tmp_path / "bundles" / "kept", Registry._fetch

    def fetch_slowly(self: Registry, number: str, into: Path) -> Path:
        found = fetch(self, number, into)
        shutil.copytree(found, kept)  # the other one was faster
        return found

    monkeypatch.setattr(Registry, "_fetch", fetch_slowly)
    version = bundles.read(registry.download("1", kept)).version
    assert version == registry.version("1").bundle_version
    assert [path.name for path in kept.parent.iterdir()] == ["kept"]


def test_promotion_and_rollback_keep_a_history(registry: Registry, make_bundle: Callable[[float], Path]) -> None:
    for number, threshold in enumerate((0.3, 0.4, 0.5), start=1):
        enter(registry, make_bundle(threshold), f"r{number}")
    assert registry.champion() is None
    registry.promote("1", who="ann", why="the first")
    registry.promote("2", who="bob", why="better")
    registry.promote("challenger", who="ann", why="best")
    assert registry.champion().version == "3"
    assert registry.rollback(who="eve", why="complaints").version == "2"
    assert registry.rollback(who="eve", why="more complaints").version == "1"
    with pytest.raises(InputError, match="no earlier champion"):
        registry.rollback(who="eve", why="again")
    assert [(move.action, move.who, move.why, move.from_version, move.to_version) for move in registry.history()] == [
        ("first", "ann", "the first", None, "1"),
        ("promote", "bob", "better", "1", "2"),
        ("promote", "ann", "best", "2", "3"),
        ("rollback", "eve", "complaints", "3", "2"),
        ("rollback", "eve", "more complaints", "2", "1"),
    ]
    assert registry.version("3").aliases == ("challenger",)


def test_promoting_the_champion_changes_nothing(registry: Registry, make_bundle: Callable[[float], Path]) -> None:
    enter(registry, make_bundle(0.3))
    registry.promote("1", who="ann", why="first")
    registry.promote("1", who="ann", why="again")
    assert len(registry.history()) == 1


@pytest.mark.parametrize(
    ("who", "why", "message"), [("", "x", "say who"), ("ann", " ", "say why"), ("ann", "x" * 1_001, "1,001 characters")]
)
def test_a_move_without_who_or_why_is_refused(
    registry: Registry, make_bundle: Callable[[float], Path], who: str, why: str, message: str
) -> None:
    enter(registry, make_bundle(0.3))
    with pytest.raises(InputError, match=message):
        registry.promote("1", who=who, why=why)
    assert registry.champion() is None


def test_an_unknown_version_names_the_known_ones(registry: Registry, make_bundle: Callable[[float], Path]) -> None:
    enter(registry, make_bundle(0.3))
    with pytest.raises(InputError, match=r"no version '7' \(registered: 1\)"):
        registry.promote("7", who="ann", why="x")


class Killed(BaseException):
    """Simulates the end of the process; no handler may catch it."""


def test_killed_between_version_and_alias(
    registry: Registry, make_bundle: Callable[[float], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow import MlflowClient

    folder = make_bundle(0.3)
    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(MlflowClient, "set_registered_model_alias", _killed)
        enter(registry, folder, "r1")
    assert [(version.version, version.aliases) for version in registry.versions()] == [("1", ())]
    assert enter(registry, folder, "r2").aliases == ("challenger",)
    assert len(registry.versions()) == 1


def test_killed_between_upload_and_version(
    registry: Registry, make_bundle: Callable[[float], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow import MlflowClient

    folder = make_bundle(0.3)
    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(MlflowClient, "create_model_version", _killed)
        enter(registry, folder, "r1")
    assert registry.versions() == []
    assert registry.champion() is None
    assert enter(registry, folder, "r1").version == "1"


def test_killed_between_record_and_move_of_the_champion(
    registry: Registry, make_bundle: Callable[[float], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow import MlflowClient

    for number, threshold in enumerate((0.3, 0.4, 0.5), start=1):
        enter(registry, make_bundle(threshold), f"r{number}")
    registry.promote("1", who="ann", why="first")
    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(MlflowClient, "set_registered_model_alias", _killed)
        registry.promote("2", who="bob", why="never happens")
    assert registry.champion().version == "1"
    registry.promote("3", who="bob", why="better")
    assert [(move.action, move.from_version, move.to_version) for move in registry.history()] == [
        ("first", None, "1"),
        ("promote", "1", "2"),
        ("found", "2", "1"),
        ("promote", "1", "3"),
    ]
    # Version 2 never was champion: a rollback must not go there.
    assert registry.rollback(who="eve", why="complaints").version == "1"


def test_an_alias_moved_by_hand_is_noted(registry: Registry, make_bundle: Callable[[float], Path]) -> None:
    from mlflow import MlflowClient

    for number, threshold in enumerate((0.3, 0.4), start=1):
        enter(registry, make_bundle(threshold), f"r{number}")
    registry.promote("1", who="ann", why="first")
    MlflowClient(registry.location.uri).set_registered_model_alias("telco", "champion", "2")
    assert registry.champion().version == "2"
    assert registry.rollback(who="eve", why="who did that?").version == "1"
    assert [move.action for move in registry.history()] == ["first", "found", "rollback"]


def test_two_versions_side_by_side(registry: Registry, make_bundle: Callable[[float], Path]) -> None:
    better = {"roc_auc": {"value": 0.87, "low": 0.85, "high": 0.89}}
    enter(registry, make_bundle(0.3), "r1")
    enter(registry, make_bundle(0.4), "r2", metrics=better)
    found = compare_versions(registry.version("1"), registry.version("2"))
    assert found.same_data
    assert [(row.metric, row.difference and round(row.difference, 3)) for row in found.metrics] == [
        ("roc_auc", 0.02),
        ("precision", None),
    ]
    enter(registry, make_bundle(0.5), "r3", data_hash="e" * 64)
    assert not compare_versions(registry.version("1"), registry.version("3")).same_data


def test_a_full_disk_is_reported(
    registry: Registry, make_bundle: Callable[[float], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno

    from mlflow import MlflowClient

    from tenure.errors import StorageError

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(MlflowClient, "log_artifacts", full)
    with pytest.raises(StorageError, match="No space left"):
        enter(registry, make_bundle(0.3))
    assert registry.versions() == []


def test_a_broken_database_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("this is no database, and long enough to be read as one" * 40)
    registry = Registry("telco", resolve(f"sqlite:///{tmp_path / 'mlflow.db'}", tmp_path))
    with pytest.raises(SourceError, match=r"MLflow at sqlite.*not a database") as caught:
        registry.versions()
    assert "\n" not in str(caught.value)


def _killed(*_: Any, **__: Any) -> None:
    raise Killed


def test_a_move_fits_the_tags_of_any_back_end(registry: Registry, make_bundle: Callable[[float], Path]) -> None:
    from mlflow import MlflowClient

    enter(registry, make_bundle(0.3))
    registry.promote("1", who="ann", why="ü" * 1_000)
    tags = MlflowClient(registry.location.uri).get_registered_model("telco").tags
    key, value = next((key, value) for key, value in tags.items() if key.startswith("tenure.history."))
    assert len(key) <= 250
    assert len(value) <= 5_000
    assert json.loads(value)["to_version"] == "1"


def test_a_version_says_what_its_sums_of_money_rest_on(
    registry: Registry, make_bundle: Callable[[float], Path]
) -> None:
    profit = {"profit_per_period": {"value": 120.0, "low": 90.0, "high": 150.0}}
    of_month = {"period": "month", "default_business_values": ["offer_cost", "contacts"], "metrics": profit}
    found = enter(registry, make_bundle(0.3), **of_month)
    assert (found.period, found.default_business_values) == ("month", "offer_cost, contacts")
    assert found.metrics["profit_per_period"] == (120.0, 90.0, 150.0)


def test_a_version_from_before_there_were_periods_keeps_its_profit() -> None:
    tags = {"tenure.metrics": '{"profit_per_day": [120.0, 90.0, 150.0]}'}
    old = SimpleNamespace(name="telco", version="1", run_id="r", creation_timestamp=0, tags=tags)
    found = from_mlflow(old, {})
    assert dict(found.metrics) == {"profit_per_period": (120.0, 90.0, 150.0)}
    assert (found.period, found.default_business_values) == ("", "")
