"""What several commands make of their options: limits, cluster, registry."""

from __future__ import annotations

import argparse
from dataclasses import fields

from rollout.limits import Limits
from rollout.registry import MlflowRegistry, Registry
from rollout.traffic.cluster import Cluster
from tenure.errors import InputError


def limits_of(options: argparse.Namespace) -> Limits:
    """The limits that the options set.

    Raises:
        InputError: a limit is out of its range.
    """
    given = {item.name: getattr(options, item.name) for item in fields(Limits)}
    given = {name: value for name, value in given.items() if value is not None}
    if "steps" in given:
        try:
            given["steps"] = tuple(int(part) for part in given["steps"].split(","))
        except ValueError:
            text = f"steps {given['steps']!r}: whole percentages separated by commas, as in 5,25,50,100"
            raise InputError(text) from None
    return Limits(**given)


def cluster_of(options: argparse.Namespace) -> Cluster:
    """The cluster of the service that the options name."""
    return Cluster(options.service, options.namespace, options.context)


def registry_of(options: argparse.Namespace) -> Registry | None:
    """The registry that the options name; None without one."""
    return MlflowRegistry(options.mlflow) if options.mlflow else None
