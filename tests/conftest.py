"""What tests of several areas share: a small real bundle on the telco table, an empty MLflow, rendered manifests."""

from __future__ import annotations

import inspect
import shutil
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pytest
from manifests import Document, Render, rendered
from property_profiles import load_profile

if TYPE_CHECKING:
    from tenure.tracking import Registry

load_profile()

# A shell that starts a suite in the background has it ignore Ctrl-C, and every program that it starts too: the tests
# that interrupt one would wait for nothing.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _stack(context: int = 0) -> list[inspect.FrameInfo]:
    """``inspect.stack`` without source lines where nobody asks for them.

    kfp reads the caller's name from it at every setting of a task. Finding the lines goes through all loaded modules:
    with the libraries of a whole test run and coverage's tracer that is ten seconds for each compiled pipeline.
    """
    return inspect.getouterframes(sys._getframe(1), context)


inspect.stack = _stack

# Skips that nobody allowed fail in CI.
pytest_plugins = ["skips"]

TELCO = Path(__file__).resolve().parent.parent / "datasets" / "telco"
ROWS = 1_200


class SmallBundle(NamedTuple):
    """A bundle on disk, and the table it was made from."""

    folder: Path
    rows: pa.Table
    """Raw columns as text, as they stand in the CSV."""


@pytest.fixture(scope="session")
def small_bundle(tmp_path_factory: pytest.TempPathFactory) -> SmallBundle:
    """A calibrated booster of forty trees on the first telco rows. Read it, copy it, do not change it."""
    from pyarrow import csv

    from tenure import bundle
    from tenure.contract import load
    from tenure.tasks.churn.choose import choose_decision
    from tenure.training.export import export
    from tenure.training.families import ROUNDS, Rows, get
    from tenure.transform import fit, of_table

    contract = load(TELCO)
    as_text = csv.ConvertOptions(column_types=dict.fromkeys(contract.columns, pa.string()), strings_can_be_null=False)
    rows = csv.read_csv(TELCO / "telco_churn.csv", convert_options=as_text).slice(0, ROWS)
    transform = fit(contract, of_table(rows))
    matrix = transform.encode({name: rows[name] for name in rows.column_names}).matrix
    label = np.array([value == "Yes" for value in rows["Churn"].to_pylist()], dtype=np.int8)
    family = get("xgboost")
    model = family.fit(Rows(matrix, label), {**family.default, ROUNDS: 40, "max_depth": 4}, seed=1, threads=1)
    exported = export(model.terms(), model.predict, matrix)
    margin = np.log(model.predict(matrix)) - np.log1p(-model.predict(matrix))
    decision = choose_decision(
        contract, margin, model.predict(matrix), label, link="logit", base_rate=float(label.mean()), customers=ROWS
    )
    folder = tmp_path_factory.mktemp("small") / "bundle"
    bundle.write(
        folder,
        contract=contract,
        transform=transform,
        model=exported,
        decision=decision,
        profile={},
        family="xgboost",
        data_hash="0" * 64,
        created_at="2026-01-01T00:00:00Z",
    )
    return SmallBundle(folder, rows)


@pytest.fixture(scope="session")
def small_value_bundle(tmp_path_factory: pytest.TempPathFactory) -> SmallBundle:
    """A linear regression on a seeded table (see ``spending``). Read it, copy it, do not change it."""
    from spending import write_bundle

    folder = tmp_path_factory.mktemp("small_value") / "bundle"
    return SmallBundle(folder, write_bundle(folder))


@pytest.fixture(scope="session")
def kubectl() -> str:
    path = shutil.which("kubectl")
    if path is None:
        pytest.skip("kubectl is not installed")
    return path


@pytest.fixture(scope="session")
def render(kubectl: str) -> Render:
    """Manifests as `make deploy` would apply them, rendered once a session.

    ``render("kind")``, or ``render("kind", "canary", …)`` for an overlay with further components; documents.
    """
    cache: dict[tuple[str, ...], list[Document]] = {}

    def documents(overlay: str, *components: str) -> list[Document]:
        key = (overlay, *components)
        if key not in cache:
            cache[key] = rendered(overlay, components)
        return cache[key]

    return documents


@pytest.fixture(scope="session")
def empty_mlflow_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow database with its tables and nothing in them: making one takes seconds, copying it does not."""
    from tenure.tracking import Registry, resolve

    home = tmp_path_factory.mktemp("mlflow")
    location = resolve(f"sqlite:///{home / 'mlflow.db'}", home)
    (home / "mlflow.db").touch()
    assert Registry("none", location).versions() == []
    return home / "mlflow.db"


@pytest.fixture
def tracked_home(empty_mlflow_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own, where MLflow is SQLite and empty."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    shutil.copyfile(empty_mlflow_database, home / "mlflow.db")
    monkeypatch.setenv("TENURE_HOME", str(home))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return home


@pytest.fixture
def crowned(tracked_home: Path, small_bundle: SmallBundle) -> Registry:
    """A registry whose champion is the small bundle."""
    from tenure.bundle import read
    from tenure.tracking import Registry, log_run, resolve, to_tags

    evaluation = {
        "name": "telco",
        "metrics": {},
        "families": [],
        "chosen": {"family": "xgboost", "threshold": 0.3},
        "rows": {},
        "business": {"period": "campaign", "defaults": ["offer_cost"]},
        "versions": {"data_hash": "d", "contract_hash": "c", "bundle_version": "b"},
        "verdict": {"state": "bless", "summary": "It passes."},
    }
    bundle = read(small_bundle.folder)
    registry = Registry("telco", resolve())
    tags = to_tags(
        bundle_version=bundle.version,
        family="xgboost",
        verdict="bless",
        override="",
        run_id="r1",
        data_hash="d",
        contract_hash="c",
        code_version="",
        metrics={},
    )
    mlflow_run_id = log_run(registry.location, evaluation, run_id="r1", files=[])
    registry.register(small_bundle.folder, bundle.contract, mlflow_run_id=mlflow_run_id, tags=tags, example=None)
    registry.promote("1", who="ann", why="first")
    return registry
