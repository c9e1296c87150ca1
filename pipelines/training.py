"""The training graph: what follows on what, and what may be taken from the step cache.

    champion ──┬─────────────────────────────────────────────┐
    ingest ──▶ validate ──▶ feature ──▶ tune (n) ──▶ train ──▶ evaluate ──┬─ go ────▶ check_serving ──▶ register
                                                                          └─ no go ─▶ track

A step is run again when its code (the image), a parameter or the address of an input differs. champion always runs: it
asks the registry. Its result, like those of ingest and validate, is addressed by content, so that what comes after is
run again only if the result differs. register and track always run: they are what a run leaves behind.
"""

from typing import NamedTuple

from kfp import dsl
from kfp.dsl.base_component import BaseComponent
from kfp.dsl.pipeline_task import PipelineTask

from components.champion.component import champion
from components.check_serving.component import check_serving
from components.evaluate.component import evaluate
from components.feature.component import feature
from components.ingest.component import ingest
from components.register.component import register, track
from components.train.component import train
from components.tune.component import tune
from components.validate.component import validate
from pipelines.settings import Settings

NAME = "tenure-training"
RETRY_AFTER = "30s"


class Results(NamedTuple):
    """What a run leaves for people: artifacts of the graph, by name."""

    raw: dsl.Dataset
    validation: dsl.Artifact
    features: dsl.Dataset
    evaluation: dsl.Artifact


def training_pipeline(settings: Settings) -> BaseComponent:
    """The graph for a place.

    Its parameters:
        contract: the contract, YAML text, its source address absolute.
        run_id: the run's name in the registry.
        fingerprint: differs when the data behind the address does.
        as_of: the day of the run, where the contract has dates.
        studies: where the search keeps its studies: a file's path, or a SQLAlchemy URL.
        workers: numbers of the tuning workers, from 0.
        workers_count: how many those are.
        override: why an inconclusive model is to be registered.
        code_version: of the code that runs.
    """

    @dsl.pipeline(name=NAME, description="From a customer table to a registered churn model")
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
        placed = _Placement(settings)
        standing = placed(champion(contract=contract), cached=False)
        raw = placed(ingest(contract=contract, fingerprint=fingerprint))
        checked = placed(
            validate(contract=contract, as_of=as_of, raw=raw.outputs["raw"], champion=standing.outputs["champion"])
        )
        features = placed(feature(contract=contract, valid=checked.outputs["valid"]))
        with dsl.ParallelFor(workers) as worker:
            trials = placed(
                tune(
                    contract=contract,
                    features=features.outputs["features"],
                    storage=studies,
                    worker=worker,
                    workers=workers_count,
                )
            )
        candidates = placed(
            train(
                contract=contract,
                raw=raw.outputs["raw"],
                valid=checked.outputs["valid"],
                features=features.outputs["features"],
                trials=dsl.Collected(trials.outputs["trials"]),
            )
        )
        evaluated = placed(
            evaluate(
                contract=contract,
                raw=raw.outputs["raw"],
                validation=checked.outputs["validation"],
                features=features.outputs["features"],
                candidates=candidates.outputs["candidates"],
                champion=standing.outputs["champion"],
                override=override,
                code_version=code_version,
            )
        )
        with dsl.If(evaluated.outputs["Output"] == True, "go"):  # noqa: E712 this builds a condition, it does not compare
            served = placed(
                check_serving(
                    contract=contract,
                    candidates=candidates.outputs["candidates"],
                    features=features.outputs["features"],
                )
            )
            placed(
                register(
                    evaluation=evaluated.outputs["evaluation"],
                    validation=checked.outputs["validation"],
                    serving=served.outputs["serving"],
                    run_id=run_id,
                    override=override,
                    code_version=code_version,
                ),
                cached=False,
            )
        with dsl.Else("no go"):
            placed(
                track(
                    evaluation=evaluated.outputs["evaluation"],
                    validation=checked.outputs["validation"],
                    run_id=run_id,
                ),
                cached=False,
            )
        return Results(
            raw=raw.outputs["raw"],
            validation=checked.outputs["validation"],
            features=features.outputs["features"],
            evaluation=evaluated.outputs["evaluation"],
        )

    return training


class _Placement:
    """Puts tasks where the settings say."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __call__(self, task: PipelineTask, *, cached: bool = True) -> PipelineTask:
        task.set_container_image(self._settings.image)
        task.set_caching_options(enable_caching=cached)
        resources = self._settings.resources.get(task.name.replace("-", "_"))
        if resources is not None:
            task.set_cpu_request(resources.cpu).set_cpu_limit(resources.cpu)
            task.set_memory_request(resources.memory).set_memory_limit(resources.memory)
        if self._settings.retries:
            task.set_retry(self._settings.retries, backoff_duration=RETRY_AFTER)
        return task
