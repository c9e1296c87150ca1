"""``status``: the state of the rollout and its latest decisions."""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict

from rollout.commands.options import cluster_of
from rollout.commands.summary import status_summary
from rollout.commands.watching import live_controller
from rollout.loop import history
from rollout.traffic.record import Stored

ROWS_SHOWN = 12


def status(options: argparse.Namespace) -> None:
    """Print the state of the rollout."""
    cluster = cluster_of(options)
    cluster.isvc()  # raises if the service does not exist
    stored = Stored.read(cluster.stored())
    if stored is None:
        print("{}" if options.json else f"{cluster.service}: no rollout yet")
        return
    rows = history.rows_of(stored.history, stored.plan.rollout)
    controller = live_controller(cluster)
    if options.json:
        state = {**stored.state.to_json(), "e_value": stored.state.comparison.e_value()}
        document = {"plan": stored.plan.to_json(), "state": state, "history": [asdict(row) for row in rows]}
        print(json.dumps({**document, "controller": controller}, indent=1))
        return
    for line in status_summary(cluster.service, stored.plan, stored.state, time.time()):
        print(line)
    print(f"  controller  {controller or 'none is running'}")
    for row in rows[-ROWS_SHOWN:]:
        print(f"  {row.time}  {row.action:<9}  {row.percent:>3} %  {row.reason}")
