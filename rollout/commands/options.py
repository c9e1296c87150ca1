"""What several commands make of their options: limits, cluster, registry, audit."""

from __future__ import annotations

import argparse
import os
from dataclasses import fields
from typing import Any

from rollout.addresses import PREFIXES_VARIABLE, prefixes_of
from rollout.audit.table import SQLITE, Audit, audit_at
from rollout.evidence.window import MetricsQuery, NoData, Window
from rollout.limits import Limits
from rollout.loop.controller import Controller
from rollout.registry import MlflowRegistry
from rollout.signatures import BundleCheck
from rollout.traffic.cluster import Cluster
from tenure.errors import InputError
from tenure.signing import trust_path
from tenure.tracking.location import HOME_VARIABLE

AUDIT_VARIABLE = "TENURE_ROLLOUT_AUDIT"


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


def registry_of(options: argparse.Namespace) -> MlflowRegistry | None:
    """The registry that the options name; None without one."""
    return MlflowRegistry(options.mlflow) if options.mlflow else None


def audit_of(options: argparse.Namespace, service: str) -> Audit:
    """The audit of a service, namespace and name: where ``--audit`` or the environment says, else in Tenure's home.

    Raises:
        InputError: the location is not one of an audit.
    """
    file = f"{SQLITE}{os.environ.get(HOME_VARIABLE) or '.tenure'}/rollout-audit.sqlite"
    location = getattr(options, "audit", None) or os.environ.get(AUDIT_VARIABLE) or file
    return audit_at(location, service)


def prefixes_of_options(options: argparse.Namespace) -> tuple[str, ...]:
    """The prefixes of storage addresses from which the service may load; empty: all.

    Raises:
        InputError: one is not an address.
    """
    given = getattr(options, "storage_prefix", None)
    return prefixes_of(" ".join(given) if given else os.environ.get(PREFIXES_VARIABLE, ""))


def bundle_check_of(options: argparse.Namespace) -> BundleCheck:
    """The check of new versions' signatures: against ``--trust`` or ``TENURE_TRUST``; without them any is accepted.

    Raises:
        InputError: the trust root is invalid.
    """
    return BundleCheck(trust_path(getattr(options, "trust", None)), registry_of(options))


def controller_of(options: argparse.Namespace, cluster: Cluster) -> Controller:
    """A controller for a command: it acts only if no other controller is running, and evaluates no metrics."""
    return Controller(
        cluster,
        _NoMetrics(),
        registry_of(options),
        audit=audit_of(options, f"{cluster.namespace}/{cluster.service}"),
        prefixes=prefixes_of_options(options),
        bundles=bundle_check_of(options),
        log=_no_log,
    )


class _NoMetrics:
    """Metrics for a process that only starts, aborts or promotes."""

    def observe(self, _query: MetricsQuery) -> Window | NoData:
        return NoData("not needed")


def _no_log(_event: str, **_values: Any) -> None:
    """The command prints the changes itself."""
