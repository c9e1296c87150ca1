"""``plan``: the steps and limits, without a cluster."""

from __future__ import annotations

import argparse

from rollout.commands.options import limits_of
from rollout.commands.summary import plan_summary
from tenure.errors import InputError


def plan(options: argparse.Namespace) -> None:
    """Print the steps and limits."""
    limits = limits_of(options)
    rate = options.requests_per_s
    if rate is not None and not rate > 0:
        raise InputError(f"--requests-per-s {rate:g}: must be more than 0")
    for line in plan_summary(limits, rate):
        print(line)
