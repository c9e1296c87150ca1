"""Champion, as a KFP component."""

from kfp import dsl

from components.image import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def champion(contract: str, champion: dsl.Output[dsl.Artifact], seen: str = "") -> None:
    """Fetch the champion's bundle. Cached only if ``seen`` identifies the champion.

    Args:
        contract: the contract, YAML text.
        champion: champion.json, and bundle/ if there is a readable champion.
        seen: version of the champion, if known. Only part of the cache key.
    """
    from pathlib import Path

    from components.champion.logic import run
    from components.content import address_by_content
    from components.lineage import trace
    from components.step import step

    with step("champion") as running:
        running.summary = run(contract=contract, champion=Path(champion.path))
        made_of = ("name", "version", "bundle_version", "data_hash", "contract_hash")
        trace([champion], contract=contract, **{name: running.summary[name] for name in made_of})
        address_by_content(champion)
