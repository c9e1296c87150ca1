"""The commands, as ``python -m rollout --help`` shows them. ``tenure rollout`` runs them in a subprocess."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
import traceback
from collections.abc import Callable, Sequence

from rollout import commands
from rollout.limits import Limits
from tenure.errors import TenureError
from tenure.tracking.location import FALLBACK_VARIABLE, URI_VARIABLE

EXAMPLES = """
  {program} plan --requests-per-s 20
  {program} start churn --version 7 --mlflow http://mlflow.tenure:5000 --artifact-root s3://models
  {program} start churn --version 7 --storage-uri s3://models/churn/7/data/bundle --wait
  {program} start churn --version 7 --storage-uri s3://models/churn/7/data/bundle \\
      --shadow s3://logs/predictions --canary-url http://localhost:8080
  {program} status churn
  {program} status churn --json | jq .state.phase
  {program} pause churn --why "the campaign begins"
  {program} resume churn
  {program} promote churn --why "checked by hand"
  {program} abort churn --why "complaints from support"
  {program} run churn --prometheus http://prometheus.monitoring:9090
"""

STATUSES = """
exit status: 0 done, 2 what was asked for is wrong, 3 the cluster or a server is away or forbids,
  4 another rollout is under way, 7 rolled back (with --wait, by its replay, or before with --once)
"""


def _examples(program: str, command: str = "") -> str:
    """Those of one command, or of all."""
    found = [each for each in EXAMPLES.split("\n  {program} ")[1:] if each.startswith(f"{command} " if command else "")]
    return "examples:\n" + "\n".join(f"  {program} {each.rstrip()}" for each in found)


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    program = _program()
    root = argparse.ArgumentParser(
        prog=program,
        description="Roll a model version out by canary on a KServe InferenceService.",
        epilog=f"{_examples(program)}\n{STATUSES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    root.add_argument("--verbose", action="store_true", help="show the trace of an error")
    sub = root.add_subparsers(dest="command", required=True, metavar="COMMAND")

    start = _command(sub, "start", commands.start, "write the plan down; the controller carries it out")
    start.add_argument("--version", required=True, help="the version's number in the registry")
    start.add_argument("--model", help="the registered model's name (default: SERVICE)")
    start.add_argument("--storage-uri", help="the bundle of exactly that version; asked from MLflow without it")
    start.add_argument("--artifact-root", default="", help="what MLflow's own artifact addresses are relative to")
    start.add_argument("--name", help="the canary predictor's name (default: v and the version)")
    start.add_argument("--shadow", metavar="LOG", help="replay this prediction log first, before any traffic")
    start.add_argument("--shadow-rows", type=int, default=1000, help="rows to replay (default: 1000)")
    start.add_argument("--canary-url", help="where the canary answers (default: its Service in the cluster)")
    start.add_argument("--once", action="store_true", help="refuse a version whose last rollout was rolled back (7)")
    start.add_argument("--wait", action="store_true", help="until it is promoted (0) or rolled back (7)")
    _asked(start)
    _mlflow(start)
    _limits(start)

    status = _command(sub, "status", commands.status, "where the rollout stands, and what was decided")
    status.add_argument("--json", action="store_true", help="for a script")

    for name, words in (
        ("pause", "stay at this step; harm still rolls back, and the deadline's clock stands still"),
        ("resume", "go on"),
        ("promote", "give it all traffic now and promote it, whatever the metrics say"),
        ("abort", "roll back now"),
    ):
        asking = _command(sub, name, commands.ask, words)
        _asked(asking)
        _mlflow(asking)

    run = _command(sub, "run", commands.run, "the controller: runs until it is stopped")
    run.add_argument("--prometheus", default=os.environ.get("PROMETHEUS_URL"), help="URL (default: $PROMETHEUS_URL)")
    _mlflow(run)

    plan = _added(sub, "plan", commands.plan, "the steps and limits, without a cluster")
    plan.add_argument("--requests-per-s", type=float, help="what the service gets, to say how long it takes at least")
    _limits(plan)
    return root


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command; ends the process with the error's exit status if it fails."""
    options = parser().parse_args(arguments)
    try:
        work: Callable[[argparse.Namespace], None] = options.work
        work(options)
    except TenureError as error:
        if options.verbose:
            traceback.print_exc()
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(error.exit_status) from None
    except KeyboardInterrupt:
        print("interrupted; the rollout goes on under its controller", file=sys.stderr)
        raise SystemExit(130) from None


def _command(
    sub: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    work: Callable[[argparse.Namespace], None],
    words: str,
) -> argparse.ArgumentParser:
    command = _added(sub, name, work, words)
    command.add_argument("service", metavar="SERVICE", help="the InferenceService")
    command.add_argument("-n", "--namespace", help="default: the context's, or the pod's")
    command.add_argument("--context", help="of the kubeconfig (default: the current one)")
    return command


def _added(
    sub: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    work: Callable[[argparse.Namespace], None],
    words: str,
) -> argparse.ArgumentParser:
    command = sub.add_parser(
        name,
        help=words,
        description=words,
        epilog=_examples(_program(), name),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(work=work)
    return command


def _program() -> str:
    """What people typed to get here: ``tenure rollout`` says so."""
    return os.environ.get("TENURE_PROGRAM", "python -m rollout")


def _asked(command: argparse.ArgumentParser) -> None:
    command.add_argument("--who", default=_user(), help="who asks (default: the user)")
    command.add_argument("--why", default="", help="why; goes into the history")


def _mlflow(command: argparse.ArgumentParser) -> None:
    words = "MLflow's URL, whose alias champion moves with promotion (default: $MLFLOW_TRACKING_URI; none: no registry)"
    default = os.environ.get(URI_VARIABLE) or os.environ.get(FALLBACK_VARIABLE, "")
    command.add_argument("--mlflow", default=default, help=words)


def _limits(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("limits")
    for item, words in LIMIT_WORDS.items():
        default = getattr(Limits, item)
        shown = ",".join(map(str, default)) if item == "steps" else f"{default:g}"
        kind = str if item == "steps" else type(default)
        group.add_argument(f"--{item.replace('_', '-')}", type=kind, metavar="N", help=f"{words} (default: {shown})")


LIMIT_WORDS = {
    "steps": "percentages of traffic, growing to 100",
    "step_time_s": "shortest time at a step",
    "step_requests": "fewest requests that each side must have answered at a step",
    "deadline_s": "not promoted by then: rolled back; pauses not counted",
    "ready_s": "longest wait for pods and route",
    "drain_s": "time for requests on their way, before pods go",
    "stale_s": "samples older than this are no data",
    "look_s": "time between two looks, at most 10",
    "false_rollback": "largest probability of rolling back a good canary, over the whole rollout",
    "error_share": "tolerated difference of the share of failed requests",
    "fallback_share": "tolerated difference of the share of fallback answers",
    "latency_ratio": "a request is slow past this times stable's p99",
    "slow_share": "tolerated difference of the share of slow requests",
    "score_distance": "tolerated Kolmogorov distance of the scores' distributions",
}


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"  # a container may run under a number that no user has
