"""The alerts: each fires at what it is for, and at nothing else; Prometheus' own promtool says so."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from manifests import K8S, run

ALERTS = K8S / "base/monitoring/alerts.yaml"

needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")


def labels(name: str = "", predictor: str = "churn-predictor", pod: str = "a", **more: str) -> str:
    """A series of a scraped pod, as components/prometheus labels it."""
    given = {"job": "tenure", "inferenceservice": "churn", "predictor": predictor, "pod": pod, **more}
    return name + "{" + ",".join(f'{key}="{value}"' for key, value in given.items()) + "}"


def requests(code: str, growth: str) -> dict[str, str]:
    return {"series": labels("tenure_requests_total", model="churn", code=code), "values": growth}


def log_rows(outcome: str, growth: str, pod: str = "a") -> dict[str, str]:
    return {"series": labels("tenure_prediction_log_rows_total", outcome=outcome, pod=pod), "values": growth}


def log_writes(outcome: str, growth: str, pod: str = "a") -> dict[str, str]:
    return {"series": labels("tenure_prediction_log_writes_total", outcome=outcome, pod=pod), "values": growth}


def durations(le: str, growth: str) -> dict[str, str]:
    return {"series": labels("tenure_request_duration_seconds_bucket", model="churn", le=le), "values": growth}


UP = {"series": labels("up"), "values": "1x60"}
STEADY = "0+600x60"
"""Ten a second: the tests' interval is a minute."""
WELL = [
    UP,
    requests("200", STEADY),
    requests("500", "0+3x60"),  # 0.5 %
    {"series": labels("tenure_fallbacks_total", model="churn", kind="companion"), "values": "0+3x60"},
    durations("0.128", STEADY),
    durations("+Inf", STEADY),
    log_rows("written", STEADY),
    log_rows("dropped", "0x60"),
    log_rows("lost", "0x60"),
    log_writes("ok", "0+1x60"),
    # One write fails and the next one works, as when the store is restarted.
    log_writes("failed", "0x20 1x40"),
]


@dataclass(frozen=True)
class Case:
    """What is scraped besides a server that is well, and which pod or predictor an alert names for it, if any."""

    alert: str
    changed: list[dict[str, str]]
    quiet_minute: int
    """Not yet."""
    loud_minute: int
    named: dict[str, str]


CASES = [
    Case("TenureServerDown", [{**UP, "values": "1x10 0x50"}], 12, 14, {}),
    Case("TenureErrors", [requests("503", "0x10 0+20x50")], 12, 20, {"predictor": "churn-predictor"}),
    Case(
        "TenureFallbacks",
        [{"series": labels("tenure_fallbacks_total", model="churn", reason="timeout"), "values": "0x10 0+20x50"}],
        15,
        30,
        {"predictor": "churn-predictor"},
    ),
    # Two in a hundred take longer than a quarter of a second.
    Case(
        "TenureSlow",
        [durations("0.128", "0+588x60"), durations("0.25", "0+588x60"), durations("0.5", STEADY)],
        9,
        12,
        {"predictor": "churn-predictor"},
    ),
    Case(
        "TenureAtMostReplicas",
        [{"series": labels("up", pod=pod), "values": "1x60"} for pod in "bcdefghij"],
        14,
        16,
        {},
    ),
    # Only one of two pods cannot write: the other one's success does not hide it.
    Case(
        "TenurePredictionLogFails",
        [log_writes("ok", "0x60", "b"), log_writes("failed", "0x10 0+1x50", "b")],
        14,
        18,
        {"predictor": "churn-predictor", "pod": "b"},
    ),
    Case("TenurePredictionLogRowsLost", [log_rows("dropped", "0x10 500x50")], 10, 12, {"predictor": "churn-predictor"}),
    Case("TenurePredictionLogRowsLost", [log_rows("lost", "0x10 7x50")], 10, 12, {"predictor": "churn-predictor"}),
]


def rules() -> dict[str, dict[str, Any]]:
    (group,) = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]
    return {rule["alert"]: rule for rule in group["rules"]}


def scraped(changed: list[dict[str, str]]) -> list[dict[str, str]]:
    replaced = {each["series"] for each in changed}
    return [*changed, *(each for each in WELL if each["series"] not in replaced)]


def hold(folder: Path, tests: list[dict[str, Any]]) -> None:
    """Have promtool judge."""
    # Which alert fires and whom it names is judged, not its words.
    bare = rules()
    for rule in bare.values():
        del rule["annotations"]
    (folder / "alerts.yaml").write_text(yaml.safe_dump({"groups": [{"name": "g", "rules": list(bare.values())}]}))
    document = {"rule_files": ["alerts.yaml"], "evaluation_interval": "15s", "tests": tests}
    (folder / "tests.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    judged = run("promtool", "test", "rules", str(folder / "tests.yaml"))
    assert judged.returncode == 0, judged.stdout + judged.stderr


@needs_promtool
def test_a_server_that_is_well_alerts_nobody(tmp_path: Path) -> None:
    silent = [{"eval_time": f"{minute}m", "alertname": name} for name in rules() for minute in (1, 20, 30, 59)]
    hold(tmp_path, [{"interval": "1m", "input_series": WELL, "alert_rule_test": silent}])


@needs_promtool
def test_each_alert_fires_at_what_it_is_for_and_no_other_does(tmp_path: Path) -> None:
    assert {case.alert for case in CASES} == set(rules())
    tests = []
    for case in CASES:
        rule = rules()[case.alert]
        fired = {"exp_labels": {**case.named, **rule["labels"]}}
        at = [{"eval_time": f"{case.quiet_minute}m", "alertname": case.alert}]
        at += [
            {
                "eval_time": f"{case.loud_minute}m",
                "alertname": name,
                "exp_alerts": [fired] if name == case.alert else [],
            }
            for name in rules()
        ]
        tests.append(
            {"name": case.alert, "interval": "1m", "input_series": scraped(case.changed), "alert_rule_test": at}
        )
    hold(tmp_path, tests)


@needs_promtool
def test_prometheus_takes_the_rules_as_they_are_written() -> None:
    taken = run("promtool", "check", "rules", str(ALERTS))
    assert taken.returncode == 0, taken.stdout + taken.stderr


def test_every_metric_is_one_that_the_server_exposes() -> None:
    """A metric renamed in one place shows here."""
    from serving.observation.metrics import exposition

    exposed = set(re.findall(r"^# TYPE (\S+)", exposition("")[0].decode(), re.MULTILINE))
    used = set(re.findall(r"\btenure_[a-z_]+", ALERTS.read_text(encoding="utf-8")))
    assert len(used) >= 5
    assert {name.removesuffix("_bucket") for name in used} <= exposed


def test_outcomes_of_the_log_are_those_that_the_server_counts() -> None:
    from serving.observation.metrics import exposition
    from serving.observation.prediction_log import Writer

    class Nowhere:
        def write(self, batches: list[Any]) -> str:
            raise AssertionError(batches)

    Writer(Nowhere(), None)
    shown = exposition("")[0].decode()
    read = re.findall(r'(tenure_prediction_log_\w+)\{outcome=~?"([a-z|]+)"', ALERTS.read_text(encoding="utf-8"))
    series = [f'{metric}{{outcome="{outcome}"}}' for metric, outcomes in read for outcome in outcomes.split("|")]
    assert len(series) == 4
    assert [each for each in series if each not in shown] == []
