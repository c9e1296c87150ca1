"""The monitoring graph, for a cluster. Nothing in it is cached: table and log are others every day.

champion ──▶ monitor ──┬─ retrain ──▶ alert ──┐
                       └──────────────────────┴──▶ notify, however it ended
"""

from kfp import dsl
from kfp.dsl.base_component import BaseComponent

from components.champion.component import champion
from components.monitor.component import monitor
from components.notify.component import alert, notify
from pipelines.graphs.placement import Placement
from pipelines.graphs.settings import Settings

NAME = "tenure-monitoring"


def monitoring_pipeline(settings: Settings) -> BaseComponent:
    """The graph for pods.

    Its parameters:
        contract: the contract, YAML text, its source the table of today.
        reference: address of a table from a time when all was well; empty for none.
        log: of a prediction log: the customers that were served, in place of the table; empty for none.
    """

    @dsl.pipeline(name=NAME, description="Whether the customers of today are still those that the champion learnt from")
    def monitoring(contract: str, reference: str = "", log: str = "") -> None:
        placed = Placement(settings)
        ending = placed(notify(run_id=dsl.PIPELINE_JOB_ID_PLACEHOLDER, pipeline=NAME), cached=False, retried=False)
        with dsl.ExitHandler(ending, name="run"):
            standing = placed(champion(contract=contract), cached=False)
            found = placed(
                monitor(contract=contract, champion=standing.outputs["champion"], reference=reference, log=log),
                cached=False,
            )
            with dsl.If(found.outputs["Output"] == "retrain", "retrain"):
                message = "retrain: today's customers are not those that the model learnt from"
                placed(alert(message=message, run_id=dsl.PIPELINE_JOB_ID_PLACEHOLDER, pipeline=NAME), cached=False)

    return monitoring
