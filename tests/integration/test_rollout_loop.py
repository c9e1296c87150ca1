"""The controller against a cluster that follows slowly, fails, forgets, and is written to by others.

The API server is one in memory and, where KUBECONFIG names one, a real one too.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from cluster_double import ApiServer, KServe, inference_service
from real_api_server import REAL, RealApiServer, real_server
from traffic_double import Behaviour, Load

from rollout.limits import Limits
from rollout.loop import history
from rollout.loop.controller import Controller
from rollout.loop.start import begin
from rollout.policy.observation import Request
from rollout.policy.request import REPLAY, RolloutRequest, StartRequest, request_spec
from rollout.policy.state import Phase, State
from rollout.traffic.cluster import Cluster
from rollout.traffic.record import Stored
from tenure.errors import BusyError, InputError, SourceError

LIMITS = Limits(step_time_s=60, step_requests=300, deadline_s=1800, ready_s=300, drain_s=20, look_s=10)
CANARY = "churn-v7-predictor"
STABLE = "churn-predictor"
NEW_URI = "s3://models/churn/7/data/bundle"


class Aliases:
    """A registry that remembers; ``away`` makes it fail, ``unknown`` deny that there is such a version."""

    def __init__(self) -> None:
        self.champion = "6"
        self.recorded: list[str] = []
        self.away = self.unknown = False

    def record_promotion(self, model: str, version: str, *, who: str, why: str) -> None:
        if self.away:
            raise SourceError("MLflow at http://mlflow does not answer: refused")
        if self.unknown:
            raise InputError("MLflow at http://mlflow: Registered Model with name=churn not found")
        self.champion = version
        self.recorded.append(f"{model} {version} promoted by {who}: {why}")

    def record_rollback(self, model: str, version: str, *, why: str) -> None:
        self.recorded.append(f"{model} {version} rolled back: {why}")


class World:
    """Cluster, traffic, registry and clock; ``turn`` lets ten seconds pass."""

    def __init__(self, server: ApiServer | RealApiServer, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.server = server
        monkeypatch.setenv("KUBECONFIG", str(self.server.kubeconfig(folder)))
        self.server.put("inferenceservices", inference_service())
        self.kserve = KServe(cast("ApiServer", self.server))
        self.load = Load(self.kserve)
        self.aliases = Aliases()
        self.time = 1_000_000.0
        self.lines: list[dict[str, Any]] = []
        monkeypatch.setattr("rollout.loop.start.time.time", lambda: self.time)
        for _ in range(3):
            self.pass_by()

    @property
    def faults(self) -> ApiServer:
        """The server, as far as it plays faults; a real one does not, and the test skips."""
        if type(self.server) is not ApiServer:
            pytest.skip("a real API server has no faults on demand")
        return self.server

    def pass_by(self) -> None:
        self.kserve.step()
        self.load.flow(self.time, 10.0)
        self.time += 10.0

    def controller(self) -> Controller:
        return Controller(
            Cluster("churn"),
            self.load,
            self.aliases,
            now=lambda: self.time,
            clock=lambda: self.time,
            log=lambda event, **values: self.lines.append({"event": event, **values}),
        )

    def start(self, **changes: Any) -> None:
        request = StartRequest("7", "v7", NEW_URI, "churn", LIMITS, False, "ada", "new data")
        begin(Cluster("churn"), dataclasses.replace(request, **changes))

    def turn(self, controller: Controller) -> State:
        self.pass_by()
        state = controller.look()
        assert state is not None
        return state

    def until(self, controller: Controller, *phases: Phase, turns: int = 400) -> State:
        for _ in range(turns):
            state = self.turn(controller)
            if state.phase in phases:
                return state
        raise AssertionError(f"after {turns} turns still {state.phase}: {state.held_reason or state.reason}")

    def ask(self, action: str, rollout: str = "", **content: dict[str, Any]) -> RolloutRequest:
        rollout = rollout or self.stored().plan.rollout
        spec = request_spec(action, who="ada", why="because", rollout=rollout, **content)
        return Cluster("churn").requests.create(spec)

    def replayed(self, ok: bool, summary: str, rollout: str = "") -> RolloutRequest:
        return self.ask(REPLAY, rollout, replay={"ok": ok, "summary": summary})

    def stored(self) -> Stored:
        stored = Stored.read(self.server.get("configmaps", "churn-rollout"))
        assert stored is not None
        return stored

    def rows(self) -> list[history.Row]:
        return history.rows(self.stored().history)

    def predictor(self) -> dict[str, Any]:
        return self.server.get("inferenceservices", "churn")["spec"]["predictor"]

    def assert_as_before(self) -> None:
        """Stable serves alone, exactly as if there had been no rollout, and none of its pods was restarted."""
        assert self.server.get("inferenceservices", "churn")["spec"] == inference_service()["spec"]
        assert self.kserve.route() == {STABLE: 100}
        assert self.server.names("deployments") == [STABLE]
        assert self.kserve.restarts == {}
        assert self.aliases.champion == "6"
        assert self.load.lost == 0


@pytest.fixture(params=["in memory", *(["real"] if REAL else [])])
def world(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    if request.param == "real":
        request.getfixturevalue("definitions")
    server = real_server(REAL) if request.param == "real" else ApiServer()
    try:
        yield World(server, tmp_path, monkeypatch)
    finally:
        server.close()


def test_a_good_canary_is_promoted_step_by_step(world: World) -> None:
    world.kserve.load_replicas = 6
    for _ in range(3):
        world.pass_by()
    world.start()
    controller = world.controller()
    world.until(controller, Phase.PROMOTED)
    carried = [share.get(CANARY, 0) for share in world.kserve.shares]
    assert [carried[0], *[now for now, then in zip(carried[1:], carried, strict=False) if now != then]] == [
        0,
        5,
        25,
        50,
        100,
    ]
    predictor = world.predictor()
    before = inference_service()["spec"]["predictor"]
    expected = {**before, "name": "v7", "model": {**before["model"], "name": "", "storageUri": NEW_URI}}
    assert predictor == expected
    assert "canary" not in world.server.get("inferenceservices", "churn")["spec"]
    world.turn(controller)
    assert world.server.names("deployments") == [CANARY]
    assert world.kserve.restarts == {}, "a rollout restarts no pod"
    assert world.load.lost == 0
    assert world.kserve.most_canaries == 1
    assert world.aliases.champion == "7"
    actions = [row.action for row in world.rows() if row.action != "hold"]
    assert actions == ["advance"] * 4 + ["promote", "promote"]
    events = {event["metadata"]["name"]: event["reason"] for event in world.server.items("events")}
    assert [events[row.event_name] for row in world.rows()] == [row.event_reason for row in world.rows()]
    logged = [line["number"] for line in world.lines if line["event"] == "decision"]
    assert logged == [row.number for row in world.rows()] == list(range(1, len(logged) + 1))


def test_capacity_is_there_at_every_step_and_for_a_rollback(world: World) -> None:
    world.kserve.load_replicas = 6
    for _ in range(3):
        world.pass_by()
    world.start()
    controller = world.controller()
    enough = {5: 1, 25: 2, 50: 3, 100: 6}
    for _ in range(200):
        state = world.turn(controller)
        if state.phase is Phase.ANALYSING:
            canary, stable = (world.server.get("deployments", name) for name in (CANARY, STABLE))
            assert canary["status"]["availableReplicas"] >= enough[state.percent]
            assert stable["status"]["availableReplicas"] >= 6, "a rollback finds all of stable's pods"
        if state.phase is Phase.ANALYSING and state.percent == 100:
            break
    world.ask(Request.ABORT)
    world.until(controller, Phase.ROLLED_BACK)
    world.assert_as_before()


def test_pods_that_the_rollout_asked_for_are_not_taken_for_load(world: World) -> None:
    """Seen on a real cluster: each step doubled stable, whose raised minimum read as load, and then the canary."""
    world.start()
    controller = world.controller()
    before = world.predictor()["minReplicas"]
    most = 0
    for _ in range(200):
        state = world.turn(controller)
        canary = world.server.get("deployments", CANARY)
        most = max(most, canary["spec"]["replicas"] if canary else 0)
        if state.phase is Phase.PROMOTED:
            break
    assert state.phase is Phase.PROMOTED
    assert (state.capacity, most) == (before, before)


POLICY = Path(__file__).resolve().parents[2] / "k8s/components/gateway-retries/backend-traffic-policy.yaml"


@pytest.mark.parametrize("retries", [True, False])
def test_a_slow_canary_goes_before_clients_see_a_failure(world: World, retries: bool) -> None:
    """Half of its requests are not answered within the gateway's time for a try; the gateway sends them to stable."""
    if retries:
        policy = yaml.safe_load(POLICY.read_text(encoding="utf-8"))
        world.load.tries = 1 + policy["spec"]["retry"]["numRetries"]
    world.load.failed = 0
    world.load.behaviours[CANARY] = Behaviour(late=0.5, latency_median_s=2.0)
    world.start(limits=dataclasses.replace(LIMITS, steps=(25, 100)))
    state = world.until(world.controller(), Phase.ROLLED_BACK)
    assert "canary is worse" in state.reason
    carried = [share.get(CANARY, 0) for share in world.kserve.shares]
    assert max(carried) == 25
    assert len([share for share in carried if share]) <= 3, "the first look that sees it takes its traffic away"
    # Without retries half of the canary's share fails, and stable's own one in a thousand.
    assert world.load.failed == 0 if retries else world.load.failed > 200
    world.assert_as_before()


def test_the_canary_gets_no_traffic_before_stable_s_latency_is_known(world: World) -> None:
    """Its first slow request must count: latency is compared with stable's p99."""
    world.load.down = "Prometheus does not answer"
    world.start()
    controller = world.controller()
    for _ in range(20):
        state = world.turn(controller)
    assert (state.phase, state.percent) == (Phase.PREPARING, 0)
    assert state.held_reason == (
        "waiting for stable's latency before the canary gets traffic: Prometheus does not answer"
    )
    world.load.down = ""
    world.until(controller, Phase.PROMOTED)


def test_stable_keeps_its_floor_at_every_moment_of_a_rollout(world: World) -> None:
    """KServe takes the canary's ready pods off the autoscaler's minimum, and this autoscaler follows at once."""
    world.kserve.impatient = True
    floor = world.predictor()["minReplicas"]
    world.start()
    controller = world.controller()
    world.until(controller, Phase.ANALYSING)
    world.ask(Request.PAUSE)
    for _ in range(5):
        world.turn(controller)
    world.ask(Request.RESUME)
    world.until(controller, Phase.PROMOTED)
    assert world.kserve.fewest_stable == floor == 2
    assert not [row for row in world.rows() if "HorizontalPodAutoscaler" in row.reason]


def test_a_pause_before_the_first_step_keeps_the_floor(world: World) -> None:
    world.kserve.impatient = True
    world.start()
    world.ask(Request.PAUSE)
    controller = world.controller()
    for _ in range(10):
        world.turn(controller)
    assert world.stored().state.phase is Phase.PREPARING
    assert world.kserve.fewest_stable == 2


def test_an_autoscaler_below_the_floor_holds_the_rollout(world: World) -> None:
    """As of a KServe that lowers the minimum to 1 while a canary is out, whatever the spec says."""
    world.kserve.autoscaler_minimum = 1
    world.start()
    controller = world.controller()
    for _ in range(10):
        state = world.turn(controller)
    said = f"HorizontalPodAutoscaler {STABLE} has minReplicas 1, and a rollback needs 2 pods of stable"
    assert (state.phase, state.percent, state.held_reason) == (Phase.PREPARING, 0, said)
    assert world.kserve.route() == {STABLE: 100, CANARY: 0}, "no traffic for the canary"
    (row,) = [row for row in world.rows() if row.reason == said]
    (event,) = [each for each in world.server.items("events") if each["metadata"]["name"] == row.event_name]
    assert (event["reason"], event["type"], event["message"]) == ("RolloutHeld", "Warning", said)
    world.kserve.autoscaler_minimum = None
    world.until(controller, Phase.PROMOTED)


def test_an_autoscaler_that_stays_below_the_floor_ends_the_rollout(world: World) -> None:
    world.start()
    controller = world.controller()
    world.until(controller, Phase.ANALYSING)
    world.kserve.autoscaler_minimum = 1
    state = world.until(controller, Phase.ROLLED_BACK)
    assert f"HorizontalPodAutoscaler {STABLE} has minReplicas 1" in state.reason
    world.kserve.autoscaler_minimum = None
    world.turn(controller)
    world.assert_as_before()


@pytest.mark.parametrize(
    ("behaviour", "word"),
    [
        (Behaviour(errors=0.2), "failed requests"),
        (Behaviour(latency_median_s=0.08), "requests over"),
        (Behaviour(fallbacks=0.3), "fallback answers"),
        (Behaviour(score_mean=0.7), "scores"),
    ],
)
def test_harm_rolls_back_at_the_first_step(world: World, behaviour: Behaviour, word: str) -> None:
    world.load.behaviours[CANARY] = behaviour
    world.start()
    state = world.until(world.controller(), Phase.ROLLED_BACK)
    assert word in state.reason
    assert max(share.get(CANARY, 0) for share in world.kserve.shares) == 5
    world.assert_as_before()
    assert world.aliases.recorded == [f"churn 7 rolled back: {state.reason}"]


def test_rollback_takes_the_traffic_away_before_the_pods(world: World) -> None:
    world.start()
    controller = world.controller()
    world.until(controller, Phase.ANALYSING)
    world.ask(Request.ABORT)
    order = []
    for _ in range(60):
        state = world.turn(controller)
        order.append((world.kserve.route().get(CANARY, 0) > 0, CANARY in world.server.names("deployments")))
        if state.phase is Phase.ROLLED_BACK:
            break
    assert (True, False) not in order
    assert (False, True) in order, "pods stayed for a while without traffic"
    world.assert_as_before()


def test_no_data_never_advances_and_rolls_back_at_the_deadline(world: World) -> None:
    world.start()
    controller = world.controller()
    world.until(controller, Phase.ANALYSING)
    world.load.down = "Prometheus at http://prometheus does not answer: refused"
    state = world.until(controller, Phase.ROLLED_BACK)
    assert "deadline" in state.reason and "refused" in state.reason
    assert max(share.get(CANARY, 0) for share in world.kserve.shares) == 5
    held = [row for row in world.rows() if row.action == "hold" and "no data" in row.reason]
    assert len(held) == 1, "a hold that goes on is told once"
    world.assert_as_before()


def test_prometheus_comes_back_and_the_rollout_goes_on(world: World) -> None:
    world.start()
    controller = world.controller()
    world.until(controller, Phase.ANALYSING)
    world.load.down = "down"
    for _ in range(20):
        assert world.turn(controller).percent == 5
    world.load.down = ""
    world.until(controller, Phase.PROMOTED)


def test_a_killed_controller_is_followed_by_one_that_goes_on(world: World) -> None:
    world.start()
    controllers = 0
    for _ in range(60):
        controller = world.controller()
        controllers += 1
        # Each controller is killed after a few looks, its Lease not given back; the next one waits for it to run out.
        state = None
        for _ in range(9):
            world.pass_by()
            state = controller.look() or state
        if state is not None and state.phase.ended:
            break
    assert state is not None and state.phase is Phase.PROMOTED
    assert controllers > 3
    assert world.aliases.champion == "7"
    numbers = [row.number for row in world.rows()]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len({row.by for row in world.rows()}) > 3
    assert world.kserve.most_canaries == 1 and world.kserve.restarts == {} and world.load.lost == 0


@pytest.mark.parametrize("dies_at", ["store", "patch_isvc", "post_event"])
def test_killed_between_two_writes(world: World, monkeypatch: pytest.MonkeyPatch, dies_at: str) -> None:
    """Whichever write was the last, the next controller completes what was decided."""

    class Killed(BaseException):
        pass

    def die(*_arguments: object, **_named: object) -> None:
        raise Killed

    world.start()
    for _ in range(80):
        controller = world.controller()
        for _ in range(4):
            world.pass_by()
            controller.look()
        with monkeypatch.context() as patched:
            patched.setattr(controller.cluster, dies_at, die)
            world.pass_by()
            try:
                state = controller.look()
            except Killed:
                state = None
        controller.leadership.release()
        if world.stored().state.phase.ended and world.stored().state.registry_updated:
            break
    assert world.stored().state.phase is Phase.PROMOTED
    assert world.predictor()["name"] == "v7"
    rows = world.rows()
    posted = {event["metadata"]["name"] for event in world.server.items("events")}
    assert {row.event_name for row in rows} <= posted
    assert state is None or state.phase is Phase.PROMOTED


def test_two_controllers_do_not_fight(world: World) -> None:
    world.start()
    one, other = world.controller(), world.controller()
    acted = set()
    for _ in range(200):
        world.pass_by()
        for controller in (one, other):
            state = controller.look()
            if state is not None:
                acted.add(controller.leadership.identity)
        if state is None and world.stored().state.phase.ended:
            break
    assert acted == {one.leadership.identity}
    assert {row.by for row in world.rows()} == {one.leadership.identity}
    assert world.stored().state.phase is Phase.PROMOTED


def test_conflicts_are_retried_on_a_fresh_read(world: World) -> None:
    world.start()
    controller = world.controller()
    for turn in range(400):
        world.faults.conflicts = {("PATCH", "inferenceservices"): turn % 3, ("PATCH", "configmaps"): (turn + 1) % 3}
        if world.turn(controller).phase is Phase.PROMOTED:
            break
    assert world.stored().state.phase is Phase.PROMOTED
    assert [line for line in world.lines if line["event"] == "conflict"]
    numbers = [row.number for row in world.rows()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_endless_conflicts_are_an_error_that_says_so(world: World) -> None:
    world.start()
    world.faults.conflicts = {("PATCH", "configmaps"): 1000}
    with pytest.raises(SourceError, match="changes too often"):
        world.turn(world.controller())


def test_pause_holds_and_stops_the_deadline(world: World) -> None:
    world.start()
    controller = world.controller()
    world.until(controller, Phase.ANALYSING)
    world.ask(Request.PAUSE)
    for _ in range(300):
        state = world.turn(controller)
    assert state.phase is Phase.ANALYSING and state.percent == 5
    world.ask(Request.RESUME)
    world.until(controller, Phase.PROMOTED)


def test_harm_rolls_back_even_while_paused(world: World) -> None:
    world.start()
    controller = world.controller()
    world.until(controller, Phase.ANALYSING)
    world.ask(Request.PAUSE)
    world.turn(controller)
    world.load.behaviours[CANARY] = Behaviour(errors=0.3)
    world.until(controller, Phase.ROLLED_BACK)
    world.assert_as_before()


def test_promotion_by_hand_needs_no_metrics(world: World) -> None:
    world.start()
    controller = world.controller()
    world.until(controller, Phase.ANALYSING)
    world.load.down = "down"
    world.ask(Request.PROMOTE)
    world.until(controller, Phase.PROMOTED)
    assert world.aliases.champion == "7"
    assert world.load.lost == 0


@pytest.mark.parametrize(
    ("reason", "message"),
    [
        ("ImagePullBackOff", 'Back-off pulling image "registry/tenure-server:123"'),
        ("CrashLoopBackOff", "storage-initializer: no bundle at s3://models/churn/7"),
    ],
)
def test_pods_that_never_come_up(world: World, reason: str, message: str) -> None:
    world.kserve.broken[CANARY] = (reason, message)
    world.start()
    state = world.until(world.controller(), Phase.ROLLED_BACK)
    assert reason in state.reason and message in state.reason
    assert all(share.get(CANARY, 0) == 0 for share in world.kserve.shares)
    world.assert_as_before()


def test_a_quota_is_named(world: World) -> None:
    world.kserve.quota = (
        'pods "churn-v7" is forbidden: exceeded quota: compute, requested: cpu=1, used: cpu=8, limited: cpu=8'
    )
    world.start()
    state = world.until(world.controller(), Phase.ROLLED_BACK)
    assert "exceeded quota" in state.reason
    world.kserve.quota = ""
    world.assert_as_before()


def test_pods_that_die_later_roll_back(world: World) -> None:
    world.start()
    controller = world.controller()
    world.until(controller, Phase.ANALYSING)
    world.kserve.broken[CANARY] = ("CrashLoopBackOff", "out of memory")
    state = world.until(controller, Phase.ROLLED_BACK)
    assert "not ready" in state.reason


def test_somebody_takes_the_canary_out(world: World) -> None:
    world.start()
    controller = world.controller()
    world.until(controller, Phase.ANALYSING)
    world.server.put("inferenceservices", inference_service() | {"status": {}})
    state = world.until(controller, Phase.ROLLED_BACK)
    assert "removed from the spec" in state.reason
    world.load.lost = 0  # what was on its way when they took it out
    world.assert_as_before()


def test_somebody_changes_stable(world: World) -> None:
    world.start()
    controller = world.controller()
    world.until(controller, Phase.ANALYSING)
    document = world.server.get("inferenceservices", "churn")
    document["spec"]["predictor"]["model"]["storageUri"] = "s3://models/churn/hotfix"
    world.server.put("inferenceservices", document)
    state = world.until(controller, Phase.ROLLED_BACK)
    assert "hotfix" in state.reason
    assert world.predictor()["model"]["storageUri"] == "s3://models/churn/hotfix", "theirs stays"


@pytest.mark.parametrize("asked", [None, Request.PROMOTE])
def test_somebody_puts_the_former_version_back_while_the_new_one_is_promoted(
    world: World, asked: Request | None
) -> None:
    """The rollout ends, whichever moment they choose, and theirs stays."""
    world.start()
    controller = world.controller()
    world.until(controller, Phase.ANALYSING)
    if asked:
        world.ask(asked)
    world.until(controller, Phase.PROMOTING)
    world.server.put("inferenceservices", inference_service() | {"status": {}})
    state = world.until(controller, Phase.ROLLED_BACK)
    assert "during the promotion" in state.reason
    world.load.lost = 0  # what was on its way when they took it out
    world.until(controller, Phase.ROLLED_BACK)
    assert world.predictor() == inference_service()["spec"]["predictor"]


def test_a_service_changed_after_a_promotion_that_the_registry_has_not_been_told(world: World) -> None:
    world.aliases.away = True
    world.start()
    controller = world.controller()
    with pytest.raises(SourceError, match="MLflow"):
        world.until(controller, Phase.PROMOTED)
    world.server.put("inferenceservices", inference_service() | {"status": {}})
    world.aliases.away = False
    assert world.turn(controller).phase is Phase.PROMOTED
    assert world.aliases.champion == "7" and world.stored().state.registry_updated
    assert world.predictor() == inference_service()["spec"]["predictor"]


def test_a_registry_without_that_version_is_told_once(world: World) -> None:
    world.aliases.unknown = True
    world.start()
    controller = world.controller()
    state = world.until(controller, Phase.PROMOTED)
    assert state.registry_updated
    said = [line["message"] for line in world.lines if line["event"] == "error"]
    assert said == ["the registry was not updated: MLflow at http://mlflow: Registered Model with name=churn not found"]
    world.turn(controller)
    assert len([line for line in world.lines if line["event"] == "error"]) == 1


def test_a_registry_that_is_away_undoes_nothing_and_is_asked_again(world: World) -> None:
    world.aliases.away = True
    world.start()
    controller = world.controller()
    with pytest.raises(SourceError, match="MLflow"):
        world.until(controller, Phase.PROMOTED)
    assert world.stored().state.phase is Phase.PROMOTED and world.aliases.champion == "6"
    world.aliases.away = False
    world.turn(controller)
    assert world.aliases.champion == "7"


def test_kserve_that_stands_still_cannot_be_promoted_over(world: World) -> None:
    world.start()
    controller = world.controller()
    world.until(controller, Phase.ANALYSING)
    world.kserve.frozen = True
    state = world.until(controller, Phase.DRAINING)
    assert "not ready" in state.reason or "deadline" in state.reason
    world.kserve.frozen = False
    world.until(controller, Phase.ROLLED_BACK)
    world.assert_as_before()


def test_api_server_away_for_a_while(world: World) -> None:
    world.start()
    controller = world.controller()
    world.until(controller, Phase.ANALYSING)
    world.faults.down = True
    for _ in range(5):
        world.pass_by()
        with pytest.raises(SourceError, match="unable to handle"):
            controller.look()
    world.faults.down = False
    world.until(controller, Phase.PROMOTED)


def test_shadow_waits_for_the_replay(world: World) -> None:
    world.start(shadow=True)
    controller = world.controller()
    world.until(controller, Phase.SHADOW)
    for _ in range(10):
        assert world.turn(controller).phase is Phase.SHADOW
    world.replayed(True, "of another rollout", "churn-v7-1")
    assert world.turn(controller).phase is Phase.SHADOW
    assert all(share.get(CANARY, 0) == 0 for share in world.kserve.shares)
    world.replayed(True, "1000 rows")
    world.until(controller, Phase.PROMOTED)


def test_a_bad_replay_rolls_back_before_any_traffic(world: World) -> None:
    world.start(shadow=True)
    controller = world.controller()
    world.until(controller, Phase.SHADOW)
    world.replayed(False, "score distance 0.6")
    state = world.until(controller, Phase.ROLLED_BACK)
    assert "score distance" in state.reason
    assert all(share.get(CANARY, 0) == 0 for share in world.kserve.shares)
    world.assert_as_before()


def test_a_second_rollout_after_the_first(world: World) -> None:
    world.start()
    controller = world.controller()
    world.until(controller, Phase.PROMOTED)
    with pytest.raises(InputError, match="called 'v7' already"):
        world.start(version="8", storage_uri="s3://models/churn/8/data/bundle")
    world.start(version="8", canary="v8", storage_uri="s3://models/churn/8/data/bundle")
    world.until(controller, Phase.PROMOTED)
    for _ in range(2):
        world.pass_by()
    assert world.predictor()["name"] == "v8"
    assert world.kserve.restarts == {} and world.load.lost == 0
    assert {row.rollout for row in world.rows()} == {
        row.rollout for row in world.rows() if "v7" in row.rollout or "v8" in row.rollout
    }


def test_starting_twice(world: World) -> None:
    world.start()
    rollout = world.stored().plan.rollout
    world.pass_by()
    world.start()
    assert world.stored().plan.rollout == rollout, "the same version again changes nothing"
    with pytest.raises(BusyError, match="version 7 is being rolled out"):
        world.start(version="8", canary="v8", storage_uri="s3://models/churn/8")


def test_the_serving_version_is_nothing_to_roll_out(world: World) -> None:
    request = StartRequest(
        "6", "v6", inference_service()["spec"]["predictor"]["model"]["storageUri"], "churn", LIMITS, False, "ada", ""
    )
    assert begin(Cluster("churn"), request) is None
    assert world.server.get("configmaps", "churn-rollout") is None


def test_a_forbidden_event_stops_nothing(world: World) -> None:
    world.faults.forbidden.add(("POST", "events"))
    world.start()
    world.until(world.controller(), Phase.PROMOTED)
    assert any("Event not posted" in str(line.get("message")) for line in world.lines)


def test_harm_that_shows_at_full_load_goes_back_a_step(world: World) -> None:
    world.start()
    controller = world.controller()
    while not ((state := world.turn(controller)).phase is Phase.ANALYSING and state.percent == 100):
        pass
    pods = world.server.get("deployments", CANARY)["spec"]["replicas"]
    world.load.behaviours[CANARY] = Behaviour(latency_median_s=0.3)
    while world.turn(controller).percent == 100:
        assert world.stored().state.phase is Phase.ANALYSING
    assert world.stored().state.percent == 50
    assert [row.action for row in world.rows()][-1] == "step back"
    while world.kserve.route() != {STABLE: 50, CANARY: 50}:
        assert world.server.get("deployments", CANARY)["spec"]["replicas"] == pods, (
            "pods stay until the route has moved"
        )
        world.turn(controller)
    # With both to be compared, the test tells that it is the canary.
    state = world.until(controller, Phase.ROLLED_BACK)
    assert "canary is worse: requests over" in state.reason
    world.assert_as_before()


def test_record_and_lease_that_were_applied_empty(world: World) -> None:
    """As k8s/base/rollout lays them down, so that nobody needs the right to create them."""
    world.faults.put("configmaps", {"metadata": {"name": "churn-rollout"}})
    world.faults.put("leases", {"metadata": {"name": "churn-rollout"}})
    world.faults.forbidden |= {("POST", "configmaps"), ("POST", "leases")}
    controller = world.controller()
    assert controller.look() is None
    world.start()
    world.until(controller, Phase.PROMOTED)
    controller.leadership.release()
    assert world.server.get("leases", "churn-rollout")["spec"]["holderIdentity"] == ""
