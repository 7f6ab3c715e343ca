"""The line of a guild, pure; the property tests play whole histories of it."""

from collections import Counter
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.domain.queues import (
    HOUR,
    MOST_OF_ONE,
    MOST_WAITING,
    Limits,
    Line,
    Place,
    Standing,
    called,
    checked_limit,
    joined,
    left,
    next_ones,
    standing,
    stepped_back,
)
from chatops.errors import UserError

NOW = 1_800_000_000
LIMITS = Limits(concurrent=2, hourly=30)


def place(run_id: str, deployment: str = "shop", since: int = NOW, user_id: str = "ada") -> Place:
    return Place(run_id, deployment, user_id, since)


def line_of(*names: str, limits: Limits = LIMITS, now: int = NOW) -> Line:
    """A line that runs joined in this order, each named `<run>:<deployment>`."""
    line = Line()
    for name in names:
        run_id, _, deployment = name.partition(":")
        line, _ = joined(line, place(run_id, deployment), limits, now)
    return line


def ids(places: tuple[Place, ...]) -> list[str]:
    return [each.run_id for each in places]


def test_the_first_of_a_deployment_goes_on_and_the_second_waits_behind_it() -> None:
    line, first = joined(Line(), place("a"), LIMITS, NOW)
    line, second = joined(line, place("b"), LIMITS, NOW)
    line, third = joined(line, place("c"), LIMITS, NOW)

    assert (ids(line.running), ids(line.waiting)) == (["a"], ["b", "c"])
    assert first == Standing()
    assert second.number == 1 and second.behind and second.behind.run_id == "a" and not second.full
    assert third.number == 2 and third.behind and third.behind.run_id == "b"


def test_a_busy_deployment_holds_up_no_other_one() -> None:
    line, stands = joined(line_of("a:shop", "b:shop"), place("c", "blog"), LIMITS, NOW)

    assert stands.number == 0 and ids(line.running) == ["a", "c"]


def test_a_full_guild_lets_any_deployment_wait_behind_all_before_it() -> None:
    line, stands = joined(line_of("a:shop", "b:blog", "c:shop"), place("d", "wiki"), LIMITS, NOW)

    assert stands.number == 2 and stands.full and stands.behind and stands.behind.run_id == "c"
    assert ids(line.waiting) == ["c", "d"]


def test_the_first_who_waits_for_a_place_in_the_guild_is_behind_one_that_runs() -> None:
    _, stands = joined(line_of("a:shop", "b:blog"), place("c", "wiki"), LIMITS, NOW)

    assert stands.number == 1 and stands.full and stands.behind and stands.behind.run_id == "b"


def test_who_joins_again_stays_where_it_is_and_is_not_counted_twice() -> None:
    line = line_of("a:shop", "b:shop")

    again, stands = joined(line, place("b"), LIMITS, NOW + 9)

    assert again == line and stands.number == 1


def test_when_a_run_leaves_the_next_of_its_deployment_is_called() -> None:
    line = left(line_of("a:shop", "b:shop", "c:shop"), "a")
    (following,) = next_ones(line, LIMITS)
    line = called(line, [following], NOW + 60)

    assert following.run_id == "b" and line.running == (replace(following, since=NOW + 60),)
    assert standing(line, "c", LIMITS) == Standing(1, line.running[0])


def test_who_waits_already_goes_before_who_comes_now() -> None:
    """Its place is free, but whoever starts the next one has not come yet."""
    line = left(line_of("a:shop", "b:blog", "c:wiki"), "a")

    _, stands = joined(line, place("d", "site"), LIMITS, NOW)

    assert stands.number == 2


def test_who_has_to_step_back_stands_where_it_stood() -> None:
    line = Line(waiting=(place("a", "blog", NOW - 20), place("b", "wiki", NOW - 5), place("c", "shop", NOW - 15)))
    again, new = place("x", "shop", NOW - 10), place("y", "site", NOW)

    assert ids(stepped_back(replace(line, running=(again,)), again).waiting) == ["a", "x", "b", "c"]
    assert ids(stepped_back(line, place("x", "shop", NOW)).waiting) == ["a", "b", "x", "c"]
    assert ids(stepped_back(line, new).waiting) == ["a", "b", "c", "y"]


def test_who_has_to_step_back_is_in_front_of_those_of_the_same_second_and_holds_up_nobody() -> None:
    line = left(line_of("a:shop", "b:shop", "c:blog", "d:wiki"), "a")
    (first,) = next_ones(line, LIMITS)
    line = stepped_back(called(line, [first], NOW), first)

    assert ids(line.waiting) == ["b", "d"]
    assert ids(next_ones(line, LIMITS, held={"shop"})) == ["d"]
    assert standing(line, "b", LIMITS) == Standing(1)


def test_over_the_hourly_limit_it_is_said_when_it_works_again() -> None:
    limits = Limits(9, 2)
    line = line_of("a:shop", limits=limits, now=NOW)
    line, _ = joined(line, place("b", "blog"), limits, NOW + 100)

    with pytest.raises(UserError, match=f"may ask for 2 runs in an hour.*<t:{NOW + HOUR}:R>"):
        joined(line, place("c", "wiki"), limits, NOW + HOUR - 1)
    _, stands = joined(line, place("c", "wiki"), limits, NOW + HOUR)
    assert stands.number == 0


def test_a_limit_that_was_lowered_meanwhile_names_the_right_moment() -> None:
    line = Line(asked=(NOW, NOW + 10, NOW + 20))

    with pytest.raises(UserError, match=f"<t:{NOW + 20 + HOUR}:R>"):
        joined(line, place("a"), Limits(9, 1), NOW + 30)


def test_a_full_line_takes_no_more_but_who_may_go_on_goes_on() -> None:
    limits = Limits(2, 99)
    line = line_of("a:shop", limits=limits)
    for number in range(MOST_WAITING):
        line, _ = joined(line, place(f"w{number}", user_id=f"u{number}"), limits, NOW)

    with pytest.raises(UserError, match=f"{MOST_WAITING} runs wait.*cloud-status"):
        joined(line, place("b"), limits, NOW)
    assert joined(line, place("c", "blog"), limits, NOW)[1].number == 0


def test_a_run_that_does_not_count_is_taken_over_the_hourly_limit_and_uses_nothing_of_it() -> None:
    """A destroy: one member's thirty deploys must not keep the others from taking down what costs them."""
    limits = Limits(9, 1)
    line, _ = joined(Line(), place("a"), limits, NOW, counted=False)
    line, _ = joined(line, place("b", "blog"), limits, NOW)

    line, stands = joined(line, place("c", "wiki"), limits, NOW, counted=False)

    assert stands.number == 0 and line.asked == (NOW,)


def test_one_person_cannot_fill_the_line() -> None:
    limits = Limits(2, 99)
    line = line_of("a:shop", *(f"w{number}:shop" for number in range(MOST_OF_ONE)), limits=limits)

    with pytest.raises(UserError, match=f"{MOST_OF_ONE} runs of yours wait.*cloud-cancel"):
        joined(line, place("b"), limits, NOW, counted=False)
    assert joined(line, place("c", "blog"), limits, NOW)[1].number == 0, "what need not wait goes on"
    _, stands = joined(line, place("d", user_id="bob"), limits, NOW)
    assert stands.number == MOST_OF_ONE + 1


@pytest.mark.parametrize(
    ("wished", "effective"),
    [
        (Limits(0, 0), Limits(3, 30)),
        (Limits(1, 0), Limits(1, 30)),
        (Limits(0, 5), Limits(3, 5)),
        (Limits(9, 99), Limits(3, 30)),
    ],
)
def test_a_guild_may_ask_for_less_and_never_for_more(wished: Limits, effective: Limits) -> None:
    assert Limits(3, 30).lowered(wished) == effective


@pytest.mark.parametrize("value", [-1, 4])
def test_a_limit_that_no_guild_can_have_is_named_with_its_bounds(value: int) -> None:
    with pytest.raises(UserError, match="`concurrent-runs` is from 1 to 3"):
        checked_limit(value, 3, "`concurrent-runs`")


# A history: who joins (a deployment's number), who of those who run ends, who of those who wait gives up.
events = st.lists(
    st.one_of(
        st.tuples(st.just("join"), st.integers(0, 3)),
        st.tuples(st.just("end"), st.integers(0, 20)),
        st.tuples(st.just("give up"), st.integers(0, 20)),
    ),
    max_size=60,
)


@dataclass
class History:
    """A guild's line under events, with what was seen: who joined, who began, and who is through."""

    limits: Limits
    line: Line = field(default_factory=Line)
    joined: dict[str, str] = field(default_factory=dict)
    began: list[str] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    gave_up: set[str] = field(default_factory=set)

    def play(self, events: list[tuple[str, int]]) -> None:
        for number, (what, which) in enumerate(events):
            self.step(what, which, number)
            self.check()

    def step(self, what: str, which: int, number: int) -> None:
        if what == "join":
            try:
                who = place(f"r{number}", f"d{which}", user_id=f"u{number}")
                self.line, stands = joined(self.line, who, self.limits, NOW + number)
            except UserError:
                assert len(self.line.waiting) == MOST_WAITING
                return
            self.joined[f"r{number}"] = f"d{which}"
            self.began += [f"r{number}"] if stands.number == 0 else []
            return
        those = self.line.running if what == "end" else self.line.waiting
        if those:
            self.leave(those[which % len(those)].run_id, what == "give up")

    def leave(self, run_id: str, gave_up: bool = False) -> None:
        self.line = left(self.line, run_id)
        self.gone.add(run_id)
        if gave_up:
            self.gave_up.add(run_id)
        following = next_ones(self.line, self.limits)
        self.line = called(self.line, following, NOW)
        self.began += ids(following)

    def check(self) -> None:
        running, waiting = ids(self.line.running), ids(self.line.waiting)
        busy = Counter(each.deployment for each in self.line.running)
        assert max(busy.values(), default=0) <= 1, "two runs of one deployment"
        assert len(running) <= self.limits.concurrent
        assert len(waiting) <= MOST_WAITING
        assert sorted([*running, *waiting, *self.gone]) == sorted(self.joined), "a run is lost, or there twice"
        assert next_ones(self.line, self.limits) == (), "somebody could go on and is not called"
        for each in self.line.waiting:
            stands = standing(self.line, each.run_id, self.limits)
            assert 1 <= stands.number <= len(waiting) and stands.behind and stands.behind.run_id != each.run_id


@given(events, st.integers(1, 4))
def test_whatever_happens_no_deployment_runs_twice_and_nobody_is_lost(
    happened: list[tuple[str, int]], concurrent: int
) -> None:
    History(Limits(concurrent, 1000)).play(happened)


@given(events, st.integers(1, 4))
def test_the_runs_of_a_deployment_begin_in_the_order_in_which_they_were_asked_for(
    happened: list[tuple[str, int]], concurrent: int
) -> None:
    history = History(Limits(concurrent, 1000))

    history.play(happened)

    for deployment in set(history.joined.values()):
        asked = [run_id for run_id, wanted in history.joined.items() if wanted == deployment]
        began = [run_id for run_id in history.began if history.joined[run_id] == deployment]
        assert began == [run_id for run_id in asked if run_id in began]


@given(events, st.integers(1, 4))
def test_nobody_starves_as_long_as_runs_end(happened: list[tuple[str, int]], concurrent: int) -> None:
    """However many deployments, only those may overtake that wait for another one, and each overtakes once."""
    history = History(Limits(concurrent, 1000))
    history.play(happened)

    while history.line.running:
        history.leave(history.line.running[0].run_id)
        history.check()

    assert history.line.waiting == ()
    assert set(history.began) == history.joined.keys() - history.gave_up


@given(st.lists(st.integers(0, 3), min_size=1, max_size=8), st.integers(1, 3))
def test_while_others_keep_coming_who_waits_gets_its_turn(deployments: list[int], concurrent: int) -> None:
    """A newcomer for every run that ends: of each place that one waits for, at most a guild's few go before."""
    history = History(Limits(concurrent, 10_000))
    history.play([("join", each) for each in deployments])
    last, before = f"r{len(deployments) - 1}", len(deployments) * concurrent

    for number in range(before):
        if history.line.running and last not in history.began:
            history.leave(history.line.running[0].run_id)
            history.step("join", number % 4, 1000 + number)
            history.check()

    assert last in history.began
