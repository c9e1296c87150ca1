"""The scoring graph, for a cluster. Nothing in it is cached: the table is another one every day.

champion ──▶ score ──▶ notify, however it ended
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
        contract: the contract, YAML text, its source the table of today.
    """

    @dsl.pipeline(name=NAME, description="Predictions for a whole table, from the champion")
    def scoring(contract: str) -> None:
        placed = Placement(settings)
        ending = placed(notify(run_id=dsl.PIPELINE_JOB_ID_PLACEHOLDER, pipeline=NAME), cached=False, retried=False)
        with dsl.ExitHandler(ending, name="run"):
            standing = placed(champion(contract=contract), cached=False)
            placed(score(contract=contract, champion=standing.outputs["champion"]), cached=False)

    return scoring
