"""Blue and green, from every state an endpoint can be in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from ml.endpoints import rollout
from ml.endpoints.rollout import Check, CreateEndpoint, Delete, Deploy, Deployed, Done, Seen, Shift, Smoke

WANTED = "flight-delay:2"


@dataclass
class World:
    """An endpoint that does what it is told, and notices what must never happen."""

    seen: Seen
    new: bool = False
    smoked: set[str] = field(default_factory=set)
    checked: set[str] = field(default_factory=set)
    log: list[rollout.Action] = field(default_factory=list)

    def __post_init__(self) -> None:
        replace = self.new and self.seen.live
        self.target = rollout.other(replace) if replace else rollout.target_of(self.seen, WANTED)

    def next(self) -> rollout.Action:
        smoked, checked = self.target in self.smoked, self.target in self.checked
        return rollout.next_action(self.seen, WANTED, self.target, smoked, checked)

    def carry_out(self, action: rollout.Action) -> None:
        self.log.append(action)
        deployments, traffic = dict(self.seen.deployments or {}), dict(self.seen.traffic)
        match action:
            case CreateEndpoint():
                assert self.seen.deployments is None
            case Deploy(name):
                serving = deployments[name].model if name in deployments else WANTED
                assert not traffic.get(name) or serving == WANTED, "replaced what serves"
                deployments[name] = Deployed(WANTED)
            case Smoke(name):
                self.smoked.add(name)
            case Check(name):
                self.checked.add(name)
            case Shift(shares):
                self.watch_shift(shares)
                traffic = dict(shares)
            case Delete(name):
                assert not traffic.get(name), "deleted what serves"
                del deployments[name]
            case Done(_):
                pass
        self.seen = Seen(deployments, traffic)

    def watch_shift(self, shares: Mapping[str, int]) -> None:
        assert sum(shares.values()) == 100
        for name, share in shares.items():
            assert name in (self.seen.deployments or {})
            more = share > self.seen.traffic.get(name, 0)
            if more and name != self.seen.live:
                assert name in self.smoked, "traffic before its smoke test"
                first = self.seen.live is None
                assert first or share <= rollout.CANARY or name in self.checked, "all traffic before its check"

    def run(self, steps: int = 14) -> None:
        for _ in range(steps):
            action = self.next()
            self.carry_out(action)
            if isinstance(action, Done):
                return
        raise AssertionError(f"no end: {self.log}")


def kinds(world: World) -> list[str]:
    return [type(action).__name__ for action in world.log]


def test_the_first_deployment_is_blue_and_tested_before_it_serves() -> None:
    world = World(Seen())
    world.run()
    assert world.log == [CreateEndpoint(), Deploy("blue"), Smoke("blue"), Shift({"blue": 100}), Done("blue")]


def test_the_next_model_comes_green_at_ten_percent_and_then_at_all() -> None:
    world = World(Seen({"blue": Deployed("flight-delay:1")}, {"blue": 100}))
    world.run()
    assert world.log == [
        Deploy("green"),
        Smoke("green"),
        Shift({"blue": 90, "green": 10}),
        Check("green"),
        Shift({"green": 100}),
        Delete("blue"),
        Done("green"),
    ]


def test_what_serves_already_is_asked_once_and_left_alone() -> None:
    world = World(Seen({"green": Deployed(WANTED)}, {"green": 100}))
    world.run()
    assert world.log == [Smoke("green"), Done("green")]


def test_a_rollout_that_broke_off_at_ten_percent_goes_on_there() -> None:
    world = World(Seen({"blue": Deployed("flight-delay:1"), "green": Deployed(WANTED)}, {"blue": 90, "green": 10}))
    world.run()
    assert kinds(world) == ["Smoke", "Check", "Shift", "Delete", "Done"]


def test_a_failed_deployment_is_made_again() -> None:
    world = World(Seen({"blue": Deployed("flight-delay:1"), "green": Deployed(WANTED, "Failed")}, {"blue": 100}))
    world.run()
    assert world.log[0] == Deploy("green")


def test_another_models_abandoned_share_is_taken_back_first() -> None:
    world = World(
        Seen({"blue": Deployed("flight-delay:1"), "green": Deployed("flight-delay:3")}, {"blue": 90, "green": 10})
    )
    world.run()
    assert world.log[:2] == [Shift({"blue": 100}), Deploy("green")]


@st.composite
def endpoints(draw: st.DrawFn) -> Seen:
    """An endpoint as any break or any other rollout may have left it."""
    models = st.sampled_from([WANTED, "flight-delay:1", "flight-delay:3"])
    states = st.sampled_from(["Succeeded", "Failed"])
    deployments = draw(
        st.dictionaries(st.sampled_from(["blue", "green", "other"]), st.builds(Deployed, models, states), max_size=3)
    )
    ready = sorted(name for name, found in deployments.items() if found.state == "Succeeded")
    if not ready or draw(st.booleans()):
        return Seen(deployments, {})
    live = draw(st.sampled_from(ready))
    other = draw(st.sampled_from(ready))
    share = draw(st.sampled_from([100, 90, 50, 10]))
    return Seen(deployments, {live: 100} if other == live or share == 100 else {live: share, other: 100 - share})


def test_a_new_deployment_of_the_model_that_serves_comes_the_same_way() -> None:
    world = World(Seen({"blue": Deployed(WANTED)}, {"blue": 100}), new=True)
    world.run()
    assert kinds(world) == ["Deploy", "Smoke", "Shift", "Check", "Shift", "Delete", "Done"]
    assert world.log[-1] == Done("green")


@given(seen=endpoints(), new=st.booleans())
def test_from_any_state_the_wanted_model_ends_up_serving_alone(*, seen: Seen, new: bool) -> None:
    world = World(seen, new)
    world.run()
    assert not new or world.seen.live != seen.live
    assert len(world.seen.deployments or {}) == 1
    ((name, found),) = (world.seen.deployments or {}).items()
    assert found == Deployed(WANTED)
    assert world.seen.traffic == {name: 100}


@given(seen=endpoints(), steps=st.integers(0, 12), new=st.booleans())
def test_it_ends_well_wherever_it_broke_off(*, seen: Seen, steps: int, new: bool) -> None:
    world = World(seen, new)
    for _ in range(steps):
        action = world.next()
        if isinstance(action, Done):
            break
        world.carry_out(action)
    resumed = World(world.seen, new)
    resumed.run()
    assert set(resumed.seen.traffic.values()) == {100}
