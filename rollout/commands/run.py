"""``run``: the controller."""

from __future__ import annotations

import argparse
import signal
import threading

from rollout.commands.options import audit_of, bundle_check_of, cluster_of, prefixes_of_options, registry_of
from rollout.evidence.prometheus import Prometheus
from rollout.loop.controller import Controller
from rollout.loop.health import serve
from rollout.registry import NoRegistry
from tenure.errors import InputError


def run(options: argparse.Namespace) -> None:
    """Run the controller until SIGTERM or SIGINT."""
    if not options.prometheus:
        raise InputError("no Prometheus to read the metrics from: give --prometheus URL, or set PROMETHEUS_URL")
    cluster = cluster_of(options)
    cluster.isvc()  # raises at once for a wrong name, a missing CRD or a missing right
    cluster.requests.all()
    registry = registry_of(options) or NoRegistry()
    prefixes = prefixes_of_options(options)
    audit = audit_of(options, f"{cluster.namespace}/{cluster.service}")
    bundles = bundle_check_of(options)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    metrics = Prometheus(options.prometheus)
    controller = Controller(cluster, metrics, registry, audit=audit, prefixes=prefixes, bundles=bundles)
    if options.health_port:
        serve(controller.health, options.health_port)
    controller.run(stop)
