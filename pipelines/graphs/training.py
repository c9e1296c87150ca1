"""The training graph: what follows on what, and what may be taken from the step cache.

    champion ───────┬──▶ check_drift ───────────────────────┐
    ingest ──▶ validate ──▶ feature ──▶ tune (n) ──▶ train ──▶ evaluate ──┬─ go ────▶ check_serving ──▶ register
                                                                          └─ no go ─▶ track

A step is run again when its code (the image), a parameter or an input differs. On a laptop an input differs if its
address does; results of champion, ingest and validate are addressed by content. On a cluster it differs if the task
that made it was run again, whatever that made: nothing from ingest to train may therefore take what comes from the
champion or the calendar, or each promotion and each day would have all of it computed once more. register, track
and deploy always run: they are what a run leaves behind.

This is the graph of a laptop. ``pipelines.graphs.cluster_training`` puts the same steps between ``observe``, which
looks at what changed outside, and an exit handler; there ``deploy`` follows ``register`` where a service is named.
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
    """What a run leaves for people: artifacts of the graph, by name."""

    raw: dsl.Dataset
    validation: dsl.Artifact
    features: dsl.Dataset
    evaluation: dsl.Artifact


class Inputs(NamedTuple):
    """What the steps are given: parameters of the graph, or outputs of a task before them."""

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
    """Which model was live when the run began; where nobody looked, the step that fetches it always runs."""
    service: Any = None
    """The InferenceService that a registered version goes out on, empty for none; None where there is no cluster."""
    namespace: Any = None
    """The service's."""


def training_pipeline(settings: Settings) -> BaseComponent:
    """The graph for a place.

    Its parameters:
        contract: the contract, YAML text, its source address absolute.
        run_id: the run's name in the registry.
        fingerprint: differs when the data behind the address does.
        as_of: the day of the run, where the contract limits the rows' age.
        studies: where the search keeps its studies: a file's path, or a SQLAlchemy URL.
        workers: numbers of the tuning workers, from 0.
        workers_count: how many those are.
        override: why an inconclusive model is to be registered.
        code_version: of the code that runs.
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
        given = Inputs(contract, run_id, studies, fingerprint, as_of, workers, workers_count, override, code_version)
        return steps(Placement(settings), given)

    return training


def steps(placed: Placement, given: Inputs) -> Results:
    """The steps of training, inside a graph."""
    standing = placed(champion(contract=given.contract, seen=given.champion or ""), cached=given.champion is not None)
    raw = placed(ingest(contract=given.contract, fingerprint=given.fingerprint))
    checked = placed(validate(contract=given.contract, raw=raw.outputs["raw"]))
    drifted = placed(
        check_drift(
            contract=given.contract,
            raw=raw.outputs["raw"],
            valid=checked.outputs["valid"],
            findings=checked.outputs["findings"],
            champion=standing.outputs["champion"],
            as_of=given.as_of,
        )
    )
    features = placed(feature(contract=given.contract, valid=checked.outputs["valid"]))
    with dsl.ParallelFor(given.workers) as worker:
        trials = placed(
            tune(
                contract=given.contract,
                features=features.outputs["features"],
                storage=given.studies,
                worker=worker,
                workers=given.workers_count,
            )
        )
    candidates = placed(
        train(
            contract=given.contract,
            raw=raw.outputs["raw"],
            valid=checked.outputs["valid"],
            features=features.outputs["features"],
            trials=dsl.Collected(trials.outputs["trials"]),
        )
    )
    evaluated = placed(
        evaluate(
            contract=given.contract,
            raw=raw.outputs["raw"],
            validation=drifted.outputs["validation"],
            features=features.outputs["features"],
            candidates=candidates.outputs["candidates"],
            champion=standing.outputs["champion"],
            override=given.override,
            code_version=given.code_version,
        )
    )
    with dsl.If(evaluated.outputs["Output"] == True, "go"):  # noqa: E712 this builds a condition, it does not compare
        served = placed(
            check_serving(
                contract=given.contract,
                candidates=candidates.outputs["candidates"],
                features=features.outputs["features"],
            )
        )
        registered = placed(
            register(
                evaluation=evaluated.outputs["evaluation"],
                validation=drifted.outputs["validation"],
                serving=served.outputs["serving"],
                run_id=given.run_id,
                override=given.override,
                code_version=given.code_version,
            ),
            cached=False,
        )
        if given.service is not None:
            with dsl.If(given.service != "", "service named"):
                placed(
                    deploy(
                        service=given.service,
                        namespace=given.namespace,
                        version=registered.outputs["version"],
                        model=registered.outputs["model"],
                        run_id=given.run_id,
                    ),
                    cached=False,
                )
    with dsl.Else("no go"):
        placed(
            track(
                evaluation=evaluated.outputs["evaluation"],
                validation=drifted.outputs["validation"],
                run_id=given.run_id,
            ),
            cached=False,
        )
    return Results(
        raw=raw.outputs["raw"],
        validation=drifted.outputs["validation"],
        features=features.outputs["features"],
        evaluation=evaluated.outputs["evaluation"],
    )
