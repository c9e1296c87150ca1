"""What the controller does with request objects, and what it writes into the audit."""

from __future__ import annotations

import dataclasses
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cluster_double import ApiServer, inference_service
from test_rollout_loop import CANARY, LIMITS, NEW_URI, World

from rollout.audit.entry import Entry, first_fault
from rollout.audit.table import Audit, audit_at
from rollout.cli import main
from rollout.loop import health, inbox
from rollout.loop.controller import Controller
from rollout.policy.observation import Request
from rollout.policy.request import START, Answer, RolloutRequest, StartRequest, request_spec
from rollout.policy.request import Phase as Answered
from rollout.policy.state import Phase
from rollout.traffic.cluster import Cluster
from rollout.traffic.request_objects import RequestObjects
from tenure.errors import SourceError

ASKED = StartRequest("7", "v7", NEW_URI, "churn", LIMITS, False, "ada", "new data")


class Flaky:
    """An audit that can be away."""

    def __init__(self, audit: Audit) -> None:
        self.audit = audit
        self.away = False
        self.asked = 0

    def append(self, entry: Entry) -> None:
        self.check()
        self.audit.append(entry)

    def check(self) -> None:
        self.asked += self.away
        if self.away:
            raise SourceError("audit at db/rollout_audit: connection refused")

    def rows(self) -> list[Any]:
        return self.audit.rows()


class Office(World):
    """A world whose rollouts are started by requests, with an audit."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(ApiServer(), folder, monkeypatch)
        self.location = f"sqlite:///{folder}/audit.sqlite"
        self.audit = Flaky(audit_at(self.location, "tenure/churn"))

    def controller(self) -> Controller:
        controller = super().controller()
        return Controller(
            controller.cluster,
            self.load,
            self.aliases,
            audit=self.audit,
            prefixes=("s3://models/",),
            now=lambda: self.time,
            clock=lambda: self.time,
            log=lambda event, **values: self.lines.append({"event": event, **values}),
        )

    def request(self, **changes: Any) -> RolloutRequest:
        asked = dataclasses.replace(ASKED, **changes)
        spec = request_spec(START, who=asked.who, why=asked.why, start=asked.to_json())
        return Cluster("churn").requests.create(spec)

    def answer(self, request: RolloutRequest) -> Answer | None:
        return Cluster("churn").requests.find(request.name).answer


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    office = Office(tmp_path, monkeypatch)
    yield office
    office.server.close()


def test_a_rollout_from_its_request_to_the_audit(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    request = office.request()
    controller = office.controller()
    office.until(controller, Phase.PROMOTED)
    plan = office.stored().plan
    assert (plan.who, plan.why, plan.limits) == ("tester for ada", "new data", LIMITS)
    assert office.answer(request) == Answer(Answered.ACCEPTED, rollout=plan.rollout, audited=True)
    rows = office.audit.rows()
    assert first_fault(rows) == ""
    first, *decisions = [row.entry for row in rows]
    assert (first.kind, first.who, first.action, first.outcome) == ("request", "tester for ada", "start", "accepted")
    assert first.details["start"] == request.spec["start"]
    history = office.rows()
    assert [(entry.action, entry.reason) for entry in decisions] == [(row.action, row.reason) for row in history]
    assert {entry.who for entry in decisions} == {"tester"}, "the controller's authenticated identity"
    events = {event["metadata"]["name"]: event for event in office.server.items("events")}
    assert events[request.name]["reason"] == "RolloutRequestAccepted"
    assert events[request.name]["message"] == "start requested by tester for ada: new data"
    main(["audit", "churn", "--audit", office.location])
    assert len(capsys.readouterr().out.splitlines()) == len(rows)
    main(["audit", "churn", "--audit", office.location, "--verify"])
    assert f"{len(rows)} rows are as they were written" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "reason", "message"),
    [
        ({"storage_uri": "s3://models-evil/7"}, "Invalid", "storage address 's3://models-evil/7' is not below"),
        ({"storage_uri": "s3://models/../evil/7"}, "Invalid", "storage address 's3://models/../evil/7': the scheme"),
        ({"canary": "7up"}, "Invalid", "canary name '7up'"),
        ({"limits": dataclasses.replace(LIMITS, stale_s=1e9)}, "", ""),
    ],
)
def test_a_request_that_is_refused_says_why(office: Office, changes: dict, reason: str, message: str) -> None:
    request = office.request(**changes)
    office.pass_by()
    office.controller().look()
    answer = office.answer(request)
    assert answer is not None
    assert (answer.phase, answer.reason) == (Answered.REFUSED if reason else Answered.ACCEPTED, reason)
    assert answer.message.startswith(message) and answer.audited
    assert office.audit.rows()[0].entry.outcome == str(answer.phase).lower()
    if reason:
        assert office.server.get("configmaps", "churn-rollout") is None
        assert office.server.get("inferenceservices", "churn")["spec"] == inference_service()["spec"]


def test_limits_out_of_range_are_refused(office: Office) -> None:
    start = {**ASKED.to_json(), "limits": {"error_share": 2.0}}
    request = Cluster("churn").requests.create(request_spec(START, who="", why="", start=start))
    office.pass_by()
    office.controller().look()
    answer = office.answer(request)
    assert answer is not None and (answer.reason, answer.message[:14]) == ("Invalid", "error_share is")


def test_a_service_that_is_not_ready_is_waited_for(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    isvc = office.server.get("inferenceservices", "churn")
    unready = {"conditions": [{"type": "Ready", "status": "False", "message": "MinimumReplicasUnavailable"}]}
    office.kserve.frozen = True
    office.server.put("inferenceservices", {**isvc, "status": unready})
    stable = office.server.get("deployments", "churn-predictor")
    office.server.put("deployments", {**stable, "status": {**stable["status"], "availableReplicas": 1}})
    controller = office.controller()
    late, answered = office.request(), None
    for _ in range(20):
        office.time += 10.0
        controller.look()
        answered = answered or office.answer(late)
    assert answered == Answer(Answered.WAITING, "waiting for churn: MinimumReplicasUnavailable")
    assert office.answer(late) == Answer(
        Answered.REFUSED,
        "churn is not ready, so there is nothing to compare with: MinimumReplicasUnavailable",
        "Invalid",
        audited=True,
    )
    request = office.request()
    controller.look()
    office.kserve.frozen = False
    office.pass_by()
    controller.look()
    answer = office.answer(request)
    assert answer is not None and answer.phase is Answered.ACCEPTED


def test_a_request_of_long_ago_is_not_carried_out(office: Office) -> None:
    request = office.request()
    office.time = datetime.now(UTC).timestamp() + inbox.LIFETIME_S + 10
    office.controller().look()
    answer = office.answer(request)
    assert answer is not None and answer.phase is Answered.REFUSED
    assert answer.message == "not carried out within 600 s; request it again"
    assert office.server.get("configmaps", "churn-rollout") is None


def test_a_request_for_another_rollout_is_refused(office: Office) -> None:
    office.start()
    controller = office.controller()
    office.until(controller, Phase.ANALYSING)
    for action in Request:
        request = office.ask(action, "churn-v6-1")
        office.turn(controller)
        answer = office.answer(request)
        assert answer is not None and answer.phase is Answered.REFUSED
        assert answer.message.startswith("churn: churn-v6-1 is not under way, but churn-v7-")
    state = office.stored().state
    assert (state.forced, state.paused_at) == (False, None) and not state.phase.ended


def test_a_replay_is_taken_before_traffic_only(office: Office) -> None:
    office.start(shadow=True)
    controller = office.controller()
    office.until(controller, Phase.SHADOW)
    request = office.replayed(True, "1000 rows")
    office.until(controller, Phase.ANALYSING)
    assert office.answer(request) == Answer(Answered.ACCEPTED, rollout=office.stored().plan.rollout, audited=True)
    late = office.replayed(False, "too late")
    office.turn(controller)
    answer = office.answer(late)
    assert answer is not None and "does not wait for a replay: it is analysing" in answer.message


def test_a_request_is_carried_out_once(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A controller that is killed between the write of the state and its answer."""

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    office.start()
    controller = office.controller()
    office.until(controller, Phase.ANALYSING)
    pause = office.ask(Request.PAUSE)
    with monkeypatch.context() as patched:
        patched.setattr(RequestObjects, "answer", die)
        office.pass_by()
        with pytest.raises(Killed):
            controller.look()
    controller.leadership.release()
    assert office.answer(pause) is None and office.stored().state.paused_at is not None
    deadline = office.stored().state.deadline
    office.turn(office.controller())
    answer = office.answer(pause)
    assert answer is not None and answer.phase is Answered.ACCEPTED
    assert office.stored().state.deadline == deadline
    assert len([row for row in office.rows() if row.reason.startswith("paused by tester for ada")]) == 1
    assert len([row for row in office.audit.rows() if row.entry.action == "pause"]) == 1


def test_answered_requests_are_removed_beyond_a_number(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "KEPT", 3)
    other = Cluster("value").requests.create(request_spec("pause", who="", why="", rollout="r"))
    names = [office.request(canary="7up").name for _ in range(6)]
    controller = office.controller()
    for _ in range(2):
        office.pass_by()
        controller.look()
    left = set(office.server.names("rolloutrequests"))
    assert other.name in left, "another service's is left alone"
    assert len(left & set(names)) == 3
    assert len(office.audit.rows()) == 6


def test_without_the_audit_nothing_new_goes_out_and_a_rollback_does(office: Office) -> None:
    office.audit.away = True
    request = office.request()
    controller = office.controller()
    for _ in range(3):
        office.pass_by()
        controller.look()
    answer = office.answer(request)
    assert answer == Answer(Answered.WAITING, "audit at db/rollout_audit: connection refused")
    assert office.server.get("configmaps", "churn-rollout") is None
    office.audit.away = False
    office.until(controller, Phase.ANALYSING)
    office.audit.away = True
    promote = office.ask(Request.PROMOTE)
    office.turn(controller)
    assert not office.stored().state.forced
    assert (office.answer(promote) or Answer(Answered.ACCEPTED)).phase is Answered.WAITING
    abort = office.ask(Request.ABORT)
    office.until(controller, Phase.ROLLED_BACK)
    assert office.answer(abort) == Answer(Answered.ACCEPTED, rollout=abort.rollout)
    office.audit.away = False
    for _ in range(4):
        office.turn(controller)
    rows = office.audit.rows()
    assert first_fault(rows) == ""
    assert [row.entry.reason for row in rows if row.entry.kind == "decision"] == [row.reason for row in office.rows()]
    answer = office.answer(abort)
    assert answer is not None and answer.audited
    assert (office.answer(promote) or Answer(Answered.WAITING)).phase is Answered.REFUSED
    office.assert_as_before()


def test_an_audit_that_is_away_is_not_waited_for_again_and_again(office: Office) -> None:
    """Each attempt may last until a time limit, and the Lease does not wait."""
    office.audit.away = True
    for _ in range(30):
        office.request(canary="7up")
    controller = office.controller()
    for _ in range(3):
        office.pass_by()
        controller.look()
    assert office.audit.asked == 1


def test_a_flood_of_requests_does_not_keep_an_abort_waiting(office: Office) -> None:
    office.start()
    controller = office.controller()
    office.until(controller, Phase.ANALYSING)
    for number in range(120):
        office.replayed(True, "flood") if number % 2 else office.request(
            version="8", canary="v8", storage_uri="s3://a/8"
        )
    abort = office.ask(Request.ABORT)
    office.server.log.clear()
    state = office.turn(controller)
    assert state.phase is Phase.DRAINING
    assert (office.answer(abort) or Answer(Answered.WAITING)).phase is Answered.ACCEPTED
    assert len(office.server.log) < 150, "a look stays short"
    office.until(controller, Phase.ROLLED_BACK)
    office.turn(controller)
    assert not [each for each in Cluster("churn").requests.all() if each.pending]


def test_a_controller_in_reserve_does_not_watch_requests(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not read them, so each would wake it again and again."""
    acting, reserve = office.controller(), office.controller()
    office.request()
    acting.look()
    stop = threading.Event()
    watched: list[float] = []
    monkeypatch.setattr(
        RequestObjects, "wait_for_new", lambda _self, timeout_s: watched.append(timeout_s) or stop.set()
    )
    thread = threading.Thread(target=reserve.run, args=(stop,))
    thread.start()
    thread.join(1.0)
    assert not watched and not reserve.health.leader
    stop.set()
    thread.join(10)
    stop.clear()
    acting.run(stop)
    assert len(watched) == 1


def test_probes_and_figures(office: Office) -> None:
    now = [1000.0]
    probe = health.Health(lambda: now[0], "tenure/churn")
    server = health.serve(probe, 0)
    url = f"http://127.0.0.1:{server.server_address[1]}"

    def status(path: str) -> int:
        try:
            with urllib.request.urlopen(url + path, timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    try:
        assert (status("/livez"), status("/readyz"), status("/other")) == (200, 503, 404)
        now[0] += health.LIVE_S
        assert status("/livez") == 503, "a first look that never ends"
        probe.failed()
        assert (status("/livez"), status("/readyz")) == (200, 503)
        office.request()
        controller = office.controller()
        office.kserve.autoscaler_minimum = 1
        for _ in range(5):
            state = office.turn(controller)
        probe.view = controller.health.view
        probe.looked(state, leader=True)
        assert (status("/livez"), status("/readyz")) == (200, 200)
        with urllib.request.urlopen(f"{url}/metrics", timeout=5) as answer:
            figures = answer.read().decode()
        now[0] += health.READY_S
        assert (status("/livez"), status("/readyz")) == (200, 503)
    finally:
        server.shutdown()
        server.server_close()
    lines = figures.splitlines()
    assert 'tenure_rollout_stable_floor_pods{service="tenure/churn"} 2' in lines
    assert 'tenure_rollout_stable_autoscaler_minimum_pods{service="tenure/churn"} 1' in lines
    assert 'tenure_rollout_phase{service="tenure/churn",phase="preparing"} 1' in lines
    assert 'tenure_rollout_phase{service="tenure/churn",phase="rolled back"} 0' in lines
    assert 'tenure_rollout_look_errors_total{service="tenure/churn"} 1' in lines
    assert office.server.get("deployments", CANARY)


def test_limits_that_are_the_controller_s_are_not_sent() -> None:
    """A pipeline may not set limits of its own."""
    asked = dataclasses.replace(ASKED, limits=type(LIMITS)())
    assert "limits" not in asked.to_json()
    assert asked.to_json().keys() <= ASKED.to_json().keys()
