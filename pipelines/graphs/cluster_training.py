"""The training graph of a cluster: the steps of ``pipelines.graphs.training``; the run finds their parameters itself.

    observe ──▶ the steps ──┐
                            ├──▶ notify, however it ended
    ────────────────────────┘

A run of a schedule has the parameters of the day the schedule was made. What differs between two of its runs (the
champion, the data, the day, the run's own id) is therefore looked up in the run. Without a change, all that computes
comes from the cache.
"""

from kfp import dsl
from kfp.dsl.base_component import BaseComponent

from components.notify.component import notify
from components.observe.component import observe
from pipelines.graphs.placement import Placement
from pipelines.graphs.settings import NAMESPACE, STUDIES, Settings
from pipelines.graphs.training import DESCRIPTION, NAME, Inputs, steps


def cluster_training_pipeline(settings: Settings) -> BaseComponent:
    """The graph for pods.

    Its parameters:
        contract: the contract, YAML text; its source's address is one that the cluster can read.
        workers: numbers of the tuning workers, from 0.
        workers_count: how many those are.
        override: why an inconclusive model is to be registered.
        service: the InferenceService that a registered version goes out on by canary; empty for none.
        namespace: the service's.
    """

    @dsl.pipeline(name=NAME, description=DESCRIPTION)
    def training(  # noqa: PLR0917 kfp calls it by name
        contract: str,
        workers: list[int] = [0, 1],  # noqa: B006 kfp reads the default from the signature
        workers_count: int = 2,
        override: str = "",
        service: str = "",
        namespace: str = NAMESPACE,
    ) -> None:
        placed = Placement(settings)
        ending = placed(notify(run_id=dsl.PIPELINE_JOB_ID_PLACEHOLDER, pipeline=NAME), cached=False, retried=False)
        with dsl.ExitHandler(ending, name="run"):
            seen = placed(observe(contract=contract), cached=False)
            steps(
                placed,
                Inputs(
                    contract=contract,
                    run_id=dsl.PIPELINE_JOB_ID_PLACEHOLDER,
                    studies=STUDIES,
                    fingerprint=seen.outputs["fingerprint"],
                    as_of=seen.outputs["as_of"],
                    workers=workers,
                    workers_count=workers_count,
                    override=override,
                    code_version="",
                    champion=seen.outputs["champion"],
                    service=service,
                    namespace=namespace,
                ),
            )

    return training
