"""The training graph of a cluster: the steps of ``pipelines.graphs.training`` between ``observe`` and ``notify``.

    observe ──▶ the steps ──┐
                            ├──▶ notify, also after a failure
    ────────────────────────┘

A scheduled run gets the parameters of the day its schedule was created. What differs between two of its runs (the
champion, the data, the day, the run's id) is therefore determined by the run itself. If nothing changed, every step
that computes comes from the cache.
"""

from kfp import dsl
from kfp.dsl.base_component import BaseComponent

from components.notify.component import notify
from components.observe.component import observe
from components.tune.spec import STUDIES_VARIABLE
from pipelines.graphs.placement import Placement
from pipelines.graphs.settings import NAMESPACE, Settings
from pipelines.graphs.training import DESCRIPTION, NAME, Inputs, steps


def cluster_training_pipeline(settings: Settings) -> BaseComponent:
    """The graph for pods.

    Its parameters:
        contract: the contract, YAML text, with a source address that the cluster can read.
        workers: indices of the tuning workers, from 0.
        workers_count: number of tuning workers.
        override: reason to register an inconclusive model; empty for none.
        service: InferenceService on which the registered version starts as a canary; empty for none.
        namespace: namespace of the service.
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
        final = placed(notify(run_id=dsl.PIPELINE_JOB_ID_PLACEHOLDER, pipeline=NAME))
        with dsl.ExitHandler(final, name="run"):
            observed = placed(observe(contract=contract))
            steps(
                placed,
                Inputs(
                    contract=contract,
                    run_id=dsl.PIPELINE_JOB_ID_PLACEHOLDER,
                    studies=f"${{{STUDIES_VARIABLE}}}",
                    fingerprint=observed.outputs["fingerprint"],
                    as_of=observed.outputs["as_of"],
                    workers=workers,
                    workers_count=workers_count,
                    override=override,
                    code_version="",
                    champion=observed.outputs["champion"],
                    service=service,
                    namespace=namespace,
                ),
            )

    return training
