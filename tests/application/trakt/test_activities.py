"""What changed last, and when."""

from collections.abc import Callable

import msgspec
import pytest
from returns.pipeline import is_successful
from returns.result import Result

from crosswatch_trakt.adapters.clock import ManualClock
from crosswatch_trakt.adapters.simulator import Simulator
from crosswatch_trakt.application.features import Feature
from crosswatch_trakt.application.ports import Request, Response
from crosswatch_trakt.application.trakt.activities import PATH, TraktStamps, read_activities
from crosswatch_trakt.application.trakt.call import Caller
from crosswatch_trakt.application.trakt.recent import KEPT_S, NEEDED, Activities
from crosswatch_trakt.application.trakt.stats import read_stats
from crosswatch_trakt.domain.problems import Problem, UnexpectedAnswer
from tests.application.trakt.desk import Desk, Wire, a_trakt, at, desk, in_turn, ok

Ask = Callable[[Caller, ManualClock], Result[object, Problem]]

FEATURES: tuple[Feature, ...] = ("watchlist", "ratings", "history")
BEFORE, AFTER = "2026-01-01T00:00:00.000Z", "2026-01-02T00:00:00.000Z"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def trakt(clock: ManualClock) -> Simulator:
    return a_trakt(clock)


@pytest.fixture
def asking(trakt: Simulator, clock: ManualClock) -> Desk:
    return at(trakt, clock)


def stamps(asking: Desk) -> dict[Feature, str]:
    reader = TraktStamps(asking.caller, asking.clock)
    return {feature: reader.stamp(feature, fresh=True).unwrap().text for feature in FEATURES}


def test_one_reading_serves_all_features_for_half_a_minute(asking: Desk, clock: ManualClock) -> None:
    reader = TraktStamps(asking.caller, clock)
    for feature in FEATURES:
        reader.stamp(feature).unwrap()
    clock.advance(KEPT_S - 1)
    reader.stamp("history").unwrap()
    asked = asking.wire.paths
    clock.advance(1)
    reader.stamp("history").unwrap()

    assert asked == [PATH]
    assert asking.wire.paths == [PATH, PATH]


def test_a_doubt_is_never_settled_by_an_older_reading(asking: Desk, clock: ManualClock) -> None:
    reader = TraktStamps(asking.caller, clock)
    reader.stamp("history").unwrap()
    reader.stamp("history", fresh=True).unwrap()

    assert len(asking.wire.sent) == 2


def test_after_a_write_of_ours_it_is_read_anew(asking: Desk, clock: ManualClock) -> None:
    reader = TraktStamps(asking.caller, clock)
    reader.stamp("history").unwrap()
    asking.caller.gate.recent.written()
    reader.stamp("history").unwrap()

    assert len(asking.wire.sent) == 2


@pytest.mark.parametrize(
    ("ask", "path"),
    [
        (lambda caller, clock: read_activities(caller, clock, "history"), PATH),
        (lambda caller, _: read_stats(caller, "history"), "/users/me/stats"),
    ],
    ids=["activities", "counts"],
)
def test_a_reading_that_a_write_of_ours_overtook_is_not_kept(
    trakt: Simulator, asking: Desk, clock: ManualClock, ask: Ask, path: str
) -> None:
    """It left before the write and came back after it: of another thread, as slow as it may be."""
    passed_on = asking.wire.answer

    def overtaken(request: Request) -> Result[Response, Problem]:
        answer = passed_on(request)
        asking.wire.answer = passed_on
        trakt.account.watch(trakt.catalogue.movie(), 60)
        asking.caller.gate.recent.written()
        return answer

    asking.wire.answer = overtaken
    early = ask(asking.caller, clock).unwrap()
    late = ask(asking.caller, clock).unwrap()

    assert asking.wire.paths == [path, path]
    assert early != late
    assert ask(asking.caller, clock).unwrap() == late
    assert len(asking.wire.sent) == 2


def test_each_feature_is_moved_by_what_concerns_it_alone(
    trakt: Simulator, asking: Desk, clock: ManualClock
) -> None:
    film = trakt.catalogue.movie()
    now = int(clock.now().timestamp())
    moved = {}
    for feature in FEATURES:
        clock.advance(60)
        before = stamps(asking)
        match feature:
            case "watchlist":
                trakt.account.put_on_watchlist(film)
            case "ratings":
                trakt.account.rate(film, 8)
            case "history":
                trakt.account.take_off_watchlist(film)
                before = stamps(asking)
                clock.advance(60)
                trakt.account.watch(film, now)
        after = stamps(asking)
        moved[feature] = {each for each in FEATURES if before[each] != after[each]}

    assert moved == {feature: {feature} for feature in FEATURES}


def answer(**changes: object) -> dict[str, object]:
    said: dict[str, dict[str, object]] = {}
    for names in NEEDED.values():
        for name in names:
            group, _, leaf = name.partition(".")
            said.setdefault(group, {})[leaf] = BEFORE
    return {"all": BEFORE, **said, **changes}


def read(said: object) -> Activities | UnexpectedAnswer:
    clock = ManualClock()
    caller = desk(Wire(in_turn(ok(said))), clock=clock).caller
    result = read_activities(caller, clock, "account")
    if is_successful(result):
        return result.unwrap()
    problem = result.failure()
    assert isinstance(problem, UnexpectedAnswer)
    return problem


def test_groups_and_leaves_that_are_new_or_absent_do_not_matter() -> None:
    """Trakt adds some each year; `hidden_at` and `dropped_at` were not always there."""
    plain, more = read(answer()), read(answer(podcasts={"heard_at": AFTER}, notes=None, comments=[1]))

    assert isinstance(plain, Activities)
    assert isinstance(more, Activities)
    assert {feature: plain.stamp(feature).text for feature in FEATURES} == {
        feature: more.stamp(feature).text for feature in FEATURES
    }


@pytest.mark.parametrize("feature", FEATURES)
def test_each_needed_leaf_moves_the_stamp_of_its_feature(feature: Feature) -> None:
    base = read(answer())
    assert isinstance(base, Activities)
    for name in NEEDED[feature]:
        group, _, leaf = name.partition(".")
        said = msgspec.json.decode(msgspec.json.encode(answer()), type=dict[str, object])
        leaves = said[group]
        assert isinstance(leaves, dict)
        said[group] = {**leaves, leaf: AFTER}
        changed = read(said)
        assert isinstance(changed, Activities)
        assert changed.stamp(feature).text != base.stamp(feature).text


@pytest.mark.parametrize("feature", FEATURES)
def test_without_a_needed_leaf_there_is_no_reading(feature: Feature) -> None:
    """Taken for unmoved, it would hide every change for ever."""
    for name in NEEDED[feature]:
        group, _, leaf = name.partition(".")
        said = answer()
        leaves = said[group]
        assert isinstance(leaves, dict)
        said[group] = {each: date for each, date in leaves.items() if each != leaf}
        problem = read(said)
        assert isinstance(problem, UnexpectedAnswer)
        assert "is missing" in problem.detail


@pytest.mark.parametrize("said", [None, [], "x", {}, {"movies": None}, {"movies": []}, {"movies": "x"}])
def test_an_answer_of_another_shape_is_a_problem(said: object) -> None:
    assert isinstance(read(said), UnexpectedAnswer)


def test_what_never_happened_has_no_date() -> None:
    null = {"watched_at": None, "watchlisted_at": None, "rated_at": None}
    never = read(answer(movies=null))

    assert isinstance(never, Activities)
    assert "movies.watched_at= " in never.stamp("history").text + " "
