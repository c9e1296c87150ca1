"""Observe, as a KFP component."""

from typing import NamedTuple

from kfp import dsl

from components.image import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def observe(contract: str) -> NamedTuple("Seen", [("champion", str), ("fingerprint", str), ("as_of", str)]):  # type: ignore[valid-type]
    """Return the state outside the run: champion, data, date. Never cached; part of the cache key of later steps.

    Args:
        contract: the contract, YAML text.
    """
    from collections import namedtuple

    from components.observe.logic import run
    from components.step import step

    with step("observe") as running:
        running.summary = run(contract=contract)
    return namedtuple("Seen", ["champion", "fingerprint", "as_of"])(**running.summary)
