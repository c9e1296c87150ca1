"""Training on telco rows: bundles that say what their models say, behave, and come out the same twice."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from components.train import logic
from tenure.bundle import read
from tenure.contract import dump
from tenure.contract.family_names import ENSEMBLE, searched
from tenure.errors import BundleError, DataError
from tenure.explanation import LinearTerms
from tenure.tasks import get as get_task
from tenure.tasks.churn.training import VALIDATION_METRICS
from tenure.training.best_trial import FILE_NAME as TRIALS_FILE
from tenure.training.cross_fitting import HeldOut, cross_fit
from tenure.training.encoded_part import read_part, read_transform
from tenure.training.families import ROUNDS, get
from tenure.training.rows import join

CREATED_AT = "2026-01-02T03:04:05+00:00"


def handed_over(upstream, folder):
    """What ``tune`` would write if its first trial were its only one."""
    folder.mkdir(parents=True, exist_ok=True)
    units = [
        {
            "family": family,
            "shard": 0,
            "trials": [
                {
                    "number": 0,
                    "state": "complete",
                    "score": 0.84,
                    "scores": np.linspace(0.83, 0.85, upstream.terms.training.folds).tolist(),
                    "rounds": 80 if get(family).stops_early else None,
                    "parameters": dict(get(family).default),
                    "seconds": 1.0,
                }
            ],
        }
        for family in searched(upstream.terms.training.families)
    ]
    objective = upstream.terms.training.objective
    (folder / TRIALS_FILE).write_text(json.dumps({"objective": objective, "units": units}))
    return [folder]


def train(upstream, folder, created_at=CREATED_AT):
    summary = logic.run(
        contract=upstream.contract,
        raw=upstream.raw,
        valid=upstream.valid,
        features=upstream.features,
        trials=handed_over(upstream, folder / "trials"),
        candidates=folder / "candidates",
        created_at=created_at,
    )
    return folder / "candidates", summary


@pytest.fixture(scope="module")
def upstream(make_upstream):
    return make_upstream(rows=3000, trials=1)


@pytest.fixture(scope="module")
def trained(upstream, tmp_path_factory):
    return train(upstream, tmp_path_factory.mktemp("trained"))


def columns(table):
    return {name: table.column(name) for name in table.column_names if name != "_label"}


def test_a_bundle_a_family_and_the_leaderboard(trained, upstream):
    candidates, summary = trained
    document = json.loads((candidates / logic.FILE_NAME).read_text())
    assert [entry["family"] for entry in document["leaderboard"]] == list(upstream.terms.training.families)
    assert [entry["chosen"] for entry in document["leaderboard"]].count(True) == 1
    assert document["chosen"] == summary["chosen"]
    for entry in document["leaderboard"]:
        bundle = read(candidates / entry["family"])
        assert bundle.manifest.version == entry["version"]
        assert bundle.manifest.family == entry["family"]
        assert bundle.manifest.created_at == CREATED_AT
        if entry["family"] != ENSEMBLE:
            assert (ROUNDS in entry["parameters"]) == get(entry["family"]).stops_early
        for metric in VALIDATION_METRICS:
            value = entry["validation"][metric]
            assert value["low"] <= value["value"] <= value["high"]


def test_the_bundle_is_the_fitted_model(trained, upstream):
    """From raw text to probability: what is served equals what the library says, fitted to all but the test part."""
    candidates, _ = trained
    transform = read_transform(upstream.features)
    rows = both_parts(upstream, transform)
    test = upstream.parts["test"]
    matrix = transform.encode(columns(test)).matrix
    for entry in alone(json.loads((candidates / logic.FILE_NAME).read_text())):
        family = get(entry["family"])
        fitted = family.fit(rows, entry["parameters"], seed=upstream.terms.training.seed, threads=1)
        bundle = read(candidates / entry["family"])
        margin, raw = bundle.model.run(matrix)
        np.testing.assert_allclose(raw, fitted.predict(matrix), rtol=0, atol=1e-6)
        prediction = bundle.predict(columns(test))
        np.testing.assert_allclose(prediction.probability, bundle.decision.calibrate(margin, raw), atol=1e-12)


def alone(document):
    """The leaderboard without the ensemble."""
    return [entry for entry in document["leaderboard"] if entry["family"] != ENSEMBLE]


def both_parts(upstream, transform):
    return training_rows(upstream, transform).both


def training_rows(upstream, transform):
    train, validation = (
        read_part(upstream.features, name, upstream.terms, transform) for name in ("train", "validation")
    )
    return join(train, validation, upstream.terms)


def test_what_decides_comes_from_models_that_have_not_seen_the_rows(trained, upstream):
    """Score, calibration and threshold are of predictions for rows held out; the model shipped knows all of them."""
    candidates, _ = trained
    rows = training_rows(upstream, read_transform(upstream.features))
    document = json.loads((candidates / logic.FILE_NAME).read_text())
    assert document["rows"] == {
        "train": len(rows.train.label),
        "validation": len(rows.validation.label),
        "held_out": len(rows.both.label),
        "shipped": len(rows.both.label),
    }
    for entry in alone(document):
        bundle = read(candidates / entry["family"])
        raw, parameters = cross_fit(
            get(entry["family"]), entry["parameters"], rows, seed=upstream.terms.training.seed, threads=1
        )
        assert parameters == entry["parameters"]
        assert entry["validation_score"] == pytest.approx(log_loss(rows.held.label, raw), abs=1e-6)
        calibrated = bundle.decision.calibrate(HeldOut.of(raw, bundle.terms.link).margin, raw)
        assert entry["validation"]["brier"]["value"] == pytest.approx(
            np.mean((calibrated - rows.held.label) ** 2), abs=1e-5
        )
        contacted = bundle.decision.decide(calibrated, columns={}).mean()
        assert contacted == pytest.approx(entry["validation"]["contacted_share"]["value"], abs=2 / len(raw))
        assert not np.allclose(bundle.model.run(rows.held.matrix)[1], raw, rtol=0, atol=1e-4)


def test_every_row_is_predicted_by_a_model_that_was_not_fitted_on_it(upstream):
    rows = training_rows(upstream, read_transform(upstream.features))
    for fold in rows.folds.folds:
        assert not set(fold.held) & set(fold.train)
    assert np.array_equal(rows.held_index, np.arange(len(rows.both.label)))


def test_of_a_table_by_time_the_newest_part_is_held_out(make_upstream):
    upstream = make_upstream(rows=1000, trials=1)
    terms = upstream.terms.model_copy(update={"split": upstream.terms.split.model_copy(update={"strategy": "time"})})
    transform = read_transform(upstream.features)
    train, validation = (read_part(upstream.features, name, terms, transform) for name in ("train", "validation"))
    rows = join(train, validation, terms)
    (fold,) = rows.folds.folds
    assert np.array_equal(fold.train, np.arange(len(train.label)))
    assert np.array_equal(rows.held.key, validation.key) and np.array_equal(rows.held.label, validation.label)


def test_the_models_are_good_and_keep_the_contact_limit(trained, upstream):
    candidates, _ = trained
    label = upstream.parts["test"].column("_label").to_numpy()
    limit = 1000 / 3000
    for family in upstream.terms.training.families:
        prediction = read(candidates / family).predict(columns(upstream.parts["test"]))
        assert roc_auc_score(label, prediction.probability) > 0.78
        assert prediction.probability.mean() == pytest.approx(label.mean(), abs=0.05)
    for entry in json.loads((candidates / logic.FILE_NAME).read_text())["leaderboard"]:
        assert 0.0 < entry["validation"]["contacted_share"]["value"] <= limit


def test_a_longer_contract_never_raises_risk_on_average(trained, upstream):
    candidates, _ = trained
    table = upstream.parts["test"]
    for family in upstream.terms.training.families:
        bundle = read(candidates / family)
        means = []
        for term in ("Month-to-month", "One year", "Two year"):
            given = columns(table) | {"Contract": np.full(len(table), term, dtype=object)}
            means.append(bundle.predict(given).probability.mean())
        assert means[0] > means[1] > means[2], family


def test_what_is_not_linear_gets_a_calibrated_linear_companion(trained, upstream):
    candidates, _ = trained
    document = json.loads((candidates / logic.FILE_NAME).read_text())
    transform = read_transform(upstream.features)
    (linear,) = (entry for entry in document["leaderboard"] if entry["family"] == "logistic_regression")
    fitted = get("logistic_regression").fit(
        both_parts(upstream, transform), linear["parameters"], seed=upstream.terms.training.seed, threads=1
    )
    own = linear["validation_score"]
    test = upstream.parts["test"]
    raw = fitted.predict(transform.encode(columns(test)).matrix)
    margin = np.log(raw) - np.log1p(-raw)
    accompanied = []
    for entry in document["leaderboard"]:
        bundle = read(candidates / entry["family"])
        if isinstance(bundle.terms, LinearTerms):
            assert bundle.companion is None
            continue
        accompanied.append(entry["family"])
        companion, found = bundle.companion, bundle.predict_by_companion(columns(test))
        np.testing.assert_allclose(found.probability, companion.calibration.apply(margin, raw), rtol=0, atol=1e-6)
        assert document["companion"]["validation_score"] == companion.validation_score == pytest.approx(own, abs=1e-6)
        assert abs(found.probability.mean() - bundle.predict(columns(test)).probability.mean()) < 0.05
    assert accompanied and len(accompanied) < len(document["leaderboard"])


def test_two_runs_give_identical_bundles(trained, upstream, tmp_path):
    first, _ = trained
    second, _ = train(upstream, tmp_path, created_at="2027-01-01T00:00:00+00:00")
    for family in upstream.terms.training.families:
        one, two = read(first / family).manifest, read(second / family).manifest
        assert one.version == two.version and one.files == two.files
        assert one.created_at != two.created_at


def test_shuffled_labels_teach_nothing(make_upstream, tmp_path):
    families = ("random_forest", "xgboost")
    shuffled = make_upstream(rows=3000, shuffle_labels=True, trials=1, families=families)
    candidates, _ = train(shuffled, tmp_path)
    label = shuffled.parts["test"].column("_label").to_numpy()
    for family in shuffled.terms.training.families:
        bundle = read(candidates / family)
        margin = bundle.predict(columns(shuffled.parts["test"])).margin
        # 450 rows with a quarter of churners: the standard error is 0.031.
        assert abs(roc_auc_score(label, margin) - 0.5) < 0.1, family
        metrics = next(
            entry["validation"]
            for entry in json.loads((candidates / logic.FILE_NAME).read_text())["leaderboard"]
            if entry["family"] == family
        )
        assert metrics["calibration_error"]["value"] < 0.15


def test_candidates_are_not_written_over(trained, make_upstream, tmp_path):
    candidates = shutil.copytree(trained[0], tmp_path / "candidates")
    before = {path: path.read_bytes() for path in candidates.rglob("*") if path.is_file()}
    with pytest.raises(BundleError):
        train(make_upstream(rows=400, families=("logistic_regression",), trials=1), tmp_path)
    assert {path: path.read_bytes() for path in candidates.rglob("*") if path.is_file()} == before


def test_a_validation_part_with_one_class(make_upstream):
    upstream = make_upstream(rows=1000, trials=1)
    rows = training_rows(upstream, read_transform(upstream.features))
    held = replace(rows.held, label=np.zeros_like(rows.held.label))
    held_out = HeldOut.of(np.full(len(held.label), 0.2), "identity")
    with pytest.raises(DataError, match="two rows of each class"):
        get_task("classification").trainer.validate(upstream.terms, held_out, rows.both.label, held, 1000)


def test_an_ensemble_is_one_more_candidate(make_upstream, tmp_path):
    families = ("logistic_regression", "naive_bayes", "ensemble", "random_forest")
    upstream = make_upstream(rows=2000, families=families, trials=1, folds=3)
    candidates, _ = train(upstream, tmp_path)
    board = json.loads((candidates / logic.FILE_NAME).read_text())["leaderboard"]
    assert [entry["family"] for entry in board] == ["logistic_regression", "naive_bayes", "random_forest", "ensemble"]
    entry, bundle = board[-1], read(candidates / "ensemble")
    assert bundle.manifest.family == "ensemble" and len(entry["cv_scores"]) == 5
    weights = {name: value for name, value in entry["parameters"].items() if name not in ("intercept", "weights")}
    assert set(weights) <= set(families) and all(value > 0 for value in weights.values())
    table = upstream.parts["test"]
    total = np.full(len(table), entry["parameters"]["intercept"])
    for family, weight in weights.items():
        member = read(candidates / family)
        margin = member.predict(columns(table)).margin
        if member.terms.link == "identity":
            margin = np.log(np.clip(margin, 1e-3, 0.999) / (1 - np.clip(margin, 1e-3, 0.999)))
        total += weight * margin
    prediction = bundle.predict(columns(table.slice(0, 20)), explain=100)
    np.testing.assert_allclose(prediction.margin, total[:20], atol=1e-9)
    sums = [sum(reason.contribution for reason in row) for row in prediction.reasons]
    np.testing.assert_allclose(np.array(sums) + bundle.explainer.expected, total[:20], atol=1e-4)


def test_a_segment_that_the_model_is_wrong_about_is_calibrated_by_itself(make_upstream, tmp_path):
    upstream = make_upstream(rows=4000, families=("naive_bayes",), trials=1, folds=3)
    by_column = upstream.terms.decision.model_copy(update={"by": "StreamingMovies"})
    upstream.terms = upstream.terms.model_copy(update={"decision": by_column})
    upstream.contract = dump(upstream.terms)
    candidates, _ = train(upstream, tmp_path)
    bundle = read(candidates / "naive_bayes")
    record = bundle.decision.expected["by"]
    assert record["column"] == "StreamingMovies"
    assert {each["name"] for each in record["segments"]} == {"No", "Yes", "No internet service"}
    own = {each["name"] for each in record["segments"] if each["own_calibration"] or each["own_threshold"]}
    assert own == {segment.name for segment in bundle.decision.segments}
    table = upstream.parts["test"]
    found = bundle.predict(columns(table))
    common = replace(bundle, decision=replace(bundle.decision, segments=())).predict(columns(table))
    inside = np.isin(table.column("StreamingMovies").to_pylist(), list(own))
    assert (found.probability[~inside] == common.probability[~inside]).all()
    # Naive Bayes counts what goes with streaming, a fast connection and a higher bill, several times over.
    shift = {segment.name: segment.shift for segment in bundle.decision.segments}
    assert shift["Yes"] > 0.1 > -0.1 > shift["No"]
    label = table.column("_label").to_numpy()
    assert log_loss(label, found.probability) < log_loss(label, common.probability)
