"""The command line of ``python -m rollout``, which ``tenure rollout`` starts."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Callable, Sequence

from rollout.addresses import PREFIXES_VARIABLE
from rollout.commands.audit import audit
from rollout.commands.options import AUDIT_VARIABLE
from rollout.commands.plan import plan
from rollout.commands.requests import request
from rollout.commands.run import run
from rollout.commands.start import start
from rollout.commands.status import status
from rollout.limits import Limits
from tenure.errors import TenureError
from tenure.signing import TRUST_VARIABLE
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
  {program} audit churn --verify
  {program} run churn --prometheus http://prometheus.monitoring:9090
"""

STATUSES = """
exit status: 0 done, 2 invalid request, 3 the cluster or a server cannot be reached or denies access,
  4 another rollout is under way, 7 rolled back (with --wait, by its replay, or before with --once)
"""


def _examples(program: str, command: str = "") -> str:
    """The examples of one command, or of all."""
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

    command = _command(sub, "start", start, "request a rollout, which the controller carries out")
    command.add_argument("--version", required=True, help="the version's number in the registry")
    command.add_argument("--model", help="the registered model's name (default: SERVICE)")
    command.add_argument("--storage-uri", help="URI of that version's bundle (default: read from MLflow)")
    command.add_argument("--artifact-root", default="", help="the store behind MLflow's mlflow-artifacts: URIs")
    command.add_argument("--name", help="the canary predictor's name (default: v and the version)")
    command.add_argument("--shadow", metavar="LOG", help="replay this prediction log before any traffic")
    command.add_argument("--shadow-rows", type=int, default=1000, help="rows to replay (default: 1000)")
    command.add_argument("--canary-url", help="URL of the canary (default: its Service in the cluster)")
    command.add_argument("--once", action="store_true", help="fail (7) if the version's last rollout was rolled back")
    command.add_argument("--wait", action="store_true", help="wait until it is promoted (0) or rolled back (7)")
    _requester(command)
    _mlflow(command)
    _limits(command)

    command = _command(sub, "status", status, "the state of the rollout and its latest decisions")
    command.add_argument("--json", action="store_true", help="as JSON")

    for name, description in (
        ("pause", "stay at this step and stop the deadline's clock; a worse canary is still rolled back"),
        ("resume", "end a pause"),
        ("promote", "send all traffic to the canary now and promote it, whatever the metrics say"),
        ("abort", "roll back now"),
    ):
        command = _command(sub, name, request, description)
        _requester(command)
        _mlflow(command)

    command = _command(sub, "audit", audit, "print who requested what, and what was decided")
    command.add_argument(
        "--verify",
        action="store_true",
        help="check that no row was changed, or removed before the last; prints the last hash, to note elsewhere",
    )
    command.add_argument("--json", action="store_true", help="one JSON object a line, with all details")
    _audit(command)

    command = _command(sub, "run", run, "run the controller until it is stopped")
    command.add_argument(
        "--prometheus", default=os.environ.get("PROMETHEUS_URL"), help="URL (default: $PROMETHEUS_URL)"
    )
    command.add_argument(
        "--health-port", type=int, default=0, metavar="PORT", help="serve /livez, /readyz and /metrics (default: none)"
    )
    command.add_argument(
        "--storage-prefix",
        action="append",
        metavar="URI",
        help=f"load bundles from below this address only; can be repeated (default: ${PREFIXES_VARIABLE}, else any)",
    )
    command.add_argument(
        "--trust",
        metavar="PATH",
        help=f"start only versions that a key in this PEM file, or in a file of this folder, has signed "
        f"(default: ${TRUST_VARIABLE}, else any)",
    )
    _audit(command)
    _mlflow(command)

    command = _added(sub, "plan", plan, "show the steps and limits, without a cluster")
    command.add_argument("--requests-per-s", type=float, help="the service's traffic, from which a step's time follows")
    _limits(command)
    return root


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command; an error ends the process with its exit status."""
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
        print("interrupted; the controller continues the rollout", file=sys.stderr)
        raise SystemExit(130) from None


def _command(
    sub: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    work: Callable[[argparse.Namespace], None],
    description: str,
) -> argparse.ArgumentParser:
    command = _added(sub, name, work, description)
    command.add_argument("service", metavar="SERVICE", help="the InferenceService")
    command.add_argument("-n", "--namespace", help="default: the context's, or the pod's")
    command.add_argument("--context", help="context of the kubeconfig (default: the current one)")
    return command


def _added(
    sub: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    work: Callable[[argparse.Namespace], None],
    description: str,
) -> argparse.ArgumentParser:
    command = sub.add_parser(
        name,
        help=description,
        description=description,
        epilog=_examples(_program(), name),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(work=work)
    return command


def _program() -> str:
    """The command that was typed; ``tenure rollout`` sets it."""
    return os.environ.get("TENURE_PROGRAM", "python -m rollout")


def _requester(command: argparse.ArgumentParser) -> None:
    command.add_argument("--who", default="", help="name for the history, beside the cluster's name for you")
    command.add_argument("--why", default="", help="reason for the history")


def _mlflow(command: argparse.ArgumentParser) -> None:
    text = (
        f"MLflow's URL; its alias champion moves with promotion "
        f"(default: ${URI_VARIABLE} or ${FALLBACK_VARIABLE}, else no registry)"
    )
    default = os.environ.get(URI_VARIABLE) or os.environ.get(FALLBACK_VARIABLE, "")
    command.add_argument("--mlflow", default=default, help=text)


def _audit(command: argparse.ArgumentParser) -> None:
    text = f"postgresql://… or sqlite:///FILE (default: ${AUDIT_VARIABLE}, else a file in Tenure's home)"
    command.add_argument("--audit", metavar="URL", help=text)


def _limits(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("limits")
    for item, text in LIMIT_HELP.items():
        default = getattr(Limits, item)
        shown = ",".join(map(str, default)) if item == "steps" else f"{default:g}"
        kind = str if item == "steps" else type(default)
        group.add_argument(f"--{item.replace('_', '-')}", type=kind, metavar="N", help=f"{text} (default: {shown})")


LIMIT_HELP = {
    "steps": "percentages of traffic, ascending to 100",
    "step_time_s": "shortest time at a step",
    "step_requests": "smallest number of requests that each side answers at a step",
    "deadline_s": "a rollout that is not promoted by then is rolled back; pauses not counted",
    "ready_s": "longest wait for pods and route",
    "drain_s": "time for requests in flight, before pods are removed",
    "stale_s": "a newest sample older than this counts as missing",
    "look_s": "time between two looks at the metrics, at most 10",
    "false_rollback": "largest probability of rolling back a good canary, over the whole rollout",
    "error_share": "tolerated difference of the share of failed requests",
    "fallback_share": "tolerated difference of the share of fallback answers",
    "latency_ratio": "a request is slow if it takes longer than this times stable's p99",
    "slow_share": "tolerated difference of the share of slow requests",
    "score_distance": "tolerated Kolmogorov distance between the distributions of scores",
}
