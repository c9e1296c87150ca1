"""The training graph: the order of its steps, and which of them may come from the step cache.

    champion ───────┬──▶ check_drift ───────────────────────┐
    ingest ──▶ validate ──▶ feature ──▶ tune (n) ──▶ train ──▶ evaluate ──┬─ go ────▶ check_serving ──▶ register
                                                                          └─ no go ─▶ track

A step runs again if its code (the image), a parameter or an input changed. On a laptop an input changed if its address
did; results of champion, ingest and validate are addressed by content. On a cluster it changed if the task that
produced it ran again, whatever the result: the steps from ingest to train must therefore not depend on the champion or
the date, or each promotion and each day would repeat all of them. register, track and deploy are never cached.

This is the graph of a laptop. ``pipelines.graphs.cluster_training`` puts the same steps between ``observe``, which
reads the state outside the run, and an exit handler; there ``deploy`` follows ``register`` if a service is inputs.
"""

from typing import Any, NamedTuple

from kfp import dsl
from kfp.dsl.base_component import BaseComponent

from components.champion.component import champion
from components.check_serving.component import check_serving
from components.deploy.component import deploy
from components.evaluate.component import evaluate
from components.feature.component import feature
from components.ingest.component import ingest
from components.register.component import register, track
from components.train.component import train
from components.tune.component import tune
from components.validate.component import check_drift, validate
from pipelines.graphs.placement import Placement
from pipelines.graphs.settings import Settings

NAME = "tenure-training"
DESCRIPTION = "From a customer table to a registered churn model"


class Results(NamedTuple):
    """Outputs of the graph: artifacts that people read after a run."""

    raw: dsl.Dataset
    valid: dsl.Dataset
    validation: dsl.Artifact
    features: dsl.Dataset
    evaluation: dsl.Artifact


class Inputs(NamedTuple):
    """Arguments of the steps: parameters of the graph, or outputs of an earlier task."""

    contract: Any
    run_id: Any
    studies: Any
    fingerprint: Any
    as_of: Any
    workers: Any
    workers_count: Any
    override: Any
    code_version: Any
    champion: Any = None
    """Champion at the start of the run; if None, the step that fetches it is not cached."""
    service: Any = None
    """InferenceService of the deploy step, empty for none; None for a graph without that step."""
    namespace: Any = None
    """Namespace of the service."""


def training_pipeline(settings: Settings) -> BaseComponent:
    """The graph for a laptop.

    Its parameters:
        contract: the contract, YAML text, with an absolute source address.
        run_id: name of the run in the registry.
        fingerprint: changes when the data at the source address changes.
        as_of: date of the run, if the contract limits the rows' age; else empty.
        studies: storage of the search's studies: the path of a file, or a SQLAlchemy URL.
        workers: indices of the tuning workers, from 0.
        workers_count: number of tuning workers.
        override: reason to register an inconclusive model; empty for none.
        code_version: version of the code that runs.
    """

    @dsl.pipeline(name=NAME, description=DESCRIPTION)
    def training(  # noqa: PLR0917 kfp calls it by name
        contract: str,
        run_id: str,
        studies: str,
        fingerprint: str = "",
        as_of: str = "",
        workers: list[int] = [0, 1],  # noqa: B006 kfp reads the default from the signature
        workers_count: int = 2,
        override: str = "",
        code_version: str = "",
    ) -> Results:
        inputs = Inputs(contract, run_id, studies, fingerprint, as_of, workers, workers_count, override, code_version)
        return steps(Placement(settings), inputs)

    return training


def steps(placed: Placement, inputs: Inputs) -> Results:
    """The steps of training, inside a graph."""
    fetched = placed(champion(contract=inputs.contract, seen=inputs.champion or ""), cached=inputs.champion is not None)
    raw = placed(ingest(contract=inputs.contract, fingerprint=inputs.fingerprint))
    checked = placed(validate(contract=inputs.contract, raw=raw.outputs["raw"]))
    drifted = placed(
        check_drift(
            contract=inputs.contract,
            raw=raw.outputs["raw"],
            valid=checked.outputs["valid"],
            findings=checked.outputs["findings"],
            champion=fetched.outputs["champion"],
            as_of=inputs.as_of,
        )
    )
    features = placed(feature(contract=inputs.contract, valid=checked.outputs["valid"]))
    with dsl.ParallelFor(inputs.workers) as worker:
        trials = placed(
            tune(
                contract=inputs.contract,
                features=features.outputs["features"],
                storage=inputs.studies,
                worker=worker,
                workers=inputs.workers_count,
            )
        )
    candidates = placed(
        train(
            contract=inputs.contract,
            raw=raw.outputs["raw"],
            valid=checked.outputs["valid"],
            features=features.outputs["features"],
            trials=dsl.Collected(trials.outputs["trials"]),
        )
    )
    evaluated = placed(
        evaluate(
            contract=inputs.contract,
            raw=raw.outputs["raw"],
            validation=drifted.outputs["validation"],
            features=features.outputs["features"],
            candidates=candidates.outputs["candidates"],
            champion=fetched.outputs["champion"],
            override=inputs.override,
            code_version=inputs.code_version,
        )
    )
    with dsl.If(evaluated.outputs["Output"] == True, "go"):  # noqa: E712 this builds a condition, it does not compare
        served = placed(
            check_serving(
                contract=inputs.contract,
                candidates=candidates.outputs["candidates"],
                features=features.outputs["features"],
                valid=checked.outputs["valid"],
            )
        )
        registered = placed(
            register(
                evaluation=evaluated.outputs["evaluation"],
                validation=drifted.outputs["validation"],
                serving=served.outputs["serving"],
                run_id=inputs.run_id,
                override=inputs.override,
                code_version=inputs.code_version,
            )
        )
        if inputs.service is not None:
            with dsl.If(inputs.service != "", "service named"):
                placed(
                    deploy(
                        service=inputs.service,
                        namespace=inputs.namespace,
                        version=registered.outputs["version"],
                        model=registered.outputs["model"],
                        run_id=inputs.run_id,
                    )
                )
    with dsl.Else("no go"):
        placed(
            track(
                evaluation=evaluated.outputs["evaluation"],
                validation=drifted.outputs["validation"],
                run_id=inputs.run_id,
            )
        )
    return Results(
        raw=raw.outputs["raw"],
        valid=checked.outputs["valid"],
        validation=drifted.outputs["validation"],
        features=features.outputs["features"],
        evaluation=evaluated.outputs["evaluation"],
    )
