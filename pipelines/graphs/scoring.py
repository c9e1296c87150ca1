"""The scoring graph, for a cluster. No step is cached, because the table changes every day.

champion ──▶ score ──▶ notify, also after a failure
"""

from kfp import dsl
from kfp.dsl.base_component import BaseComponent

from components.champion.component import champion
from components.notify.component import notify
from components.score.component import score
from pipelines.graphs.placement import Placement
from pipelines.graphs.settings import Settings

NAME = "tenure-scoring"


def scoring_pipeline(settings: Settings) -> BaseComponent:
    """The graph for pods.

    Its parameters:
        contract: the contract, YAML text, with the table or tables to score as its sources.
        as_of: instant that inputs are computed as of, from a contract with tables, ISO 8601; empty for the time of the
            run.
    """

    @dsl.pipeline(name=NAME, description="Predictions for a whole table, from the champion")
    def scoring(contract: str, as_of: str = "") -> None:
        placed = Placement(settings)
        final = placed(notify(run_id=dsl.PIPELINE_JOB_ID_PLACEHOLDER, pipeline=NAME))
        with dsl.ExitHandler(final, name="run"):
            fetched = placed(champion(contract=contract))
            placed(score(contract=contract, champion=fetched.outputs["champion"], as_of=as_of))

    return scoring
