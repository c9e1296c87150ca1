"""Hypothesis profiles of the property tests, chosen by the environment variable ``HYPOTHESIS_PROFILE``.

repeatable    the default: the same examples every time. What fails, fails for everybody, and what passed does not fail
              a stranger's change.
nightly       other examples every time, and twenty times as many; a failure prints the line that reproduces it.
              ``make test-nightly`` runs it.
"""

from __future__ import annotations

import os

from hypothesis import settings

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "repeatable")
TIMES_AS_MANY = {"nightly": 20}

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("nightly", derandomize=False, deadline=None, print_blob=True)


def examples(number: int) -> int:
    """``max_examples`` of a test that tries so many by default: a number given to a test hides the profile's own."""
    return number * TIMES_AS_MANY.get(PROFILE, 1)


def load_profile() -> None:
    """Make the chosen profile that of all tests.

    Raises:
        hypothesis.errors.InvalidArgument: if there is none of that name.
    """
    settings.load_profile(PROFILE)
