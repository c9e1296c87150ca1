"""``audit``: who requested what, and what was decided, from the append-only table."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from rollout.audit.entry import first_fault
from rollout.commands.options import audit_of, cluster_of
from tenure.errors import DataError


def audit(options: argparse.Namespace) -> None:
    """Print the rows, or check their hashes.

    Raises:
        DataError: a row was changed; with ``--verify``, a row is missing too, or there are none.
        SourceError: the table cannot be read.
    """
    namespace = options.namespace or cluster_of(options).namespace
    service = f"{namespace}/{options.service}"
    rows = audit_of(options, service).rows()
    if options.verify:
        if fault := first_fault(rows):
            raise DataError(f"audit of {service}: {fault}")
        if not rows:
            raise DataError(f"audit of {service}: it has no rows: check the service's name and the address in --audit")
        last = rows[-1].hash
        print(f"audit of {service}: {len(rows)} rows are as they were written, the last with hash {last}")
        print("rows that were removed at the end are found only if a hash noted earlier is missing from --json")
        return
    for row in rows:
        entry = row.entry
        if options.json:
            print(json.dumps({"number": row.number, **asdict(entry), "hash": row.hash}, ensure_ascii=False))
            continue
        words = entry.reason or str(entry.details.get("answer", ""))
        what = f"{entry.kind:<8}  {entry.action:<9}  {entry.outcome:<11}"
        print(f"{row.number:>5}  {entry.time}  {what}  {entry.who}: {words}")
