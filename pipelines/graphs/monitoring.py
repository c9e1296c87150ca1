"""The monitoring graph, for a cluster. No step is cached, because table and log change every day.

champion ──▶ monitor ──┬─ retrain ──▶ alert ──┐
                       └──────────────────────┴──▶ notify, also after a failure
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
        contract: the contract, YAML text, with the current table or tables as its sources.
        reference: address of a reference table, from a time without drift; empty for none.
        log: address of a prediction log, whose customers are compared in place of the table's; empty for none.
        as_of: instant that inputs are computed as of, from a contract with tables, ISO 8601; empty for the time of the
            run.
    """

    @dsl.pipeline(name=NAME, description="Whether current customers are like those that the champion was trained on")
    def monitoring(contract: str, reference: str = "", log: str = "", as_of: str = "") -> None:
        placed = Placement(settings)
        final = placed(notify(run_id=dsl.PIPELINE_JOB_ID_PLACEHOLDER, pipeline=NAME))
        with dsl.ExitHandler(final, name="run"):
            fetched = placed(champion(contract=contract))
            monitored = placed(
                monitor(
                    contract=contract,
                    champion=fetched.outputs["champion"],
                    reference=reference,
                    log=log,
                    as_of=as_of,
                )
            )
            with dsl.If(monitored.outputs["Output"] == "retrain", "retrain"):
                message = "retrain: the current customers differ from those that the model was trained on"
                placed(alert(message=message, run_id=dsl.PIPELINE_JOB_ID_PLACEHOLDER, pipeline=NAME))

    return monitoring
