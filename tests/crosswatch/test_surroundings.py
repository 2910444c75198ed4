"""Health, views, the environment and the ctx around the calls of a provider."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.crosswatch.engine import Engine
from tests.crosswatch.host import SyncCancelled
from tests.crosswatch.installation import OLD_PLAY, Installation, filled
from tests.crosswatch.pairs import End, view_for
from tests.crosswatch.plain import Plain, film
from tests.crosswatch.values import Config, Form, Item, block, mappings

BOTH_FORMS = pytest.mark.parametrize("form", list(Form))


def test_a_source_that_is_down_is_skipped_and_writes_to_a_target_that_is_down_are_put_off(
    tmp_path: Path,
) -> None:
    source, target = filled(Installation(tmp_path / "source")), filled(Installation(tmp_path / "target"))
    for world in (source, target):
        world.here.wish_for(film(9))
        world.here.forget("watchlist", film(1))
    source.here.moods.status = "down"
    target.there.moods.status = "down"

    skipped, put_off = source.run(), target.run()

    assert skipped.called("build_index") == []
    assert (put_off.called("add"), put_off.called("remove")) == ([], [])
    assert len(put_off.named("writes:skipped")) == 1  # the addition: nothing counts as deleted now


def test_two_way_a_side_that_is_down_is_believed(tmp_path: Path) -> None:
    """The truth about the engine: so a provider that is down reports all its features off, and raises."""
    world = filled(Installation(tmp_path, mode="two-way"))
    world.here.moods.status = "down"
    world.here.moods.leaves_out = 2

    removed = {name: tally.removed for name, tally in world.run().features.items()}

    assert removed == {"history": 2, "watchlist": 2, "ratings": 0}  # ratings alone are spared


@pytest.mark.parametrize("trouble", ["auth_failed", "raises"])
def test_a_pair_whose_sign_in_is_gone_is_skipped_and_failing_health_is_down(
    tmp_path: Path, trouble: str
) -> None:
    world = filled(Installation(tmp_path))
    world.here.moods.status = trouble
    world.here.moods.raises_health = trouble == "raises"

    run = world.run()

    assert run.called("build_index") == []
    assert run.health["HERE#default"].get("status") == ("down" if trouble == "raises" else trouble)


def test_a_dry_run_asks_both_writes_and_changes_nothing_there(tmp_path: Path) -> None:
    world = filled(Installation(tmp_path, features=("watchlist",)))
    world.here.wish_for(film(9))
    world.here.forget("watchlist", film(1))

    run = world.run(dry_run=True)

    assert (len(run.called("add")), len(run.called("remove"))) == (1, 1)
    assert world.there.has("watchlist", film(1))
    assert not world.there.has("watchlist", film(9))
    assert (run.features["watchlist"].added, run.features["watchlist"].removed) == (0, 0)


def test_a_run_stops_between_two_chunks_when_the_user_wants_it(tmp_path: Path) -> None:
    world = Installation(tmp_path)
    for number in range(1, 251):
        world.here.wish_for(film(number))

    def cancel(seconds: float) -> None:
        world.pauses.append(seconds)
        world.host.cancelled = True

    engine = Engine(world.config, {"a": world.here, "b": world.there}, world.host, world.memory, cancel)
    run = engine.run()

    assert run.cancelled
    assert [len(items) for _, items in world.there.received] == [100, 100]


def test_a_cancellation_passes_through_a_provider(tmp_path: Path) -> None:
    world = Installation(tmp_path, Form.NEW)
    world.here.wish_for(film(1))

    def add(*_: object, **__: object) -> object:
        raise SyncCancelled("stop")

    world.there.add = add  # type: ignore[method-assign]
    run = world.run()

    assert run.cancelled
    assert (run.errors, len(run.called("add"))) == (0, 1)


@dataclass
class Watched(Plain):
    """Notes what is around each reading."""

    seen: list[dict[str, str]] = field(default_factory=list)

    def build_index(self, cfg: Config, *, feature: str) -> object:
        self.seen.append({name: value for name, value in os.environ.items() if name.startswith("CW_")})
        assert isinstance(self.ctx, SimpleNamespace)
        self.ctx.emit("api:hit", provider=self.called, feature=feature)
        return super().build_index(cfg, feature=feature)


def test_the_environment_names_the_pair_during_a_feature_and_is_put_back(tmp_path: Path) -> None:
    world = Installation(tmp_path, mode="two-way", features=("history",))
    world.here, world.there = Watched(called="HERE"), Watched(called="ABOVE")
    before = dict(os.environ)

    world.run()

    assert world.here.seen == world.there.seen
    assert world.here.seen == [
        {
            **dict.fromkeys(
                ("CW_PAIR_KEY", "CW_PAIR_SCOPE", "CW_SYNC_PAIR", "CW_PAIR"),
                "two-way:ABOVE#default-HERE#default:p1",
            ),
            "CW_PAIR_SRC": "HERE",
            "CW_PAIR_SRC_INSTANCE": "default",
            "CW_PAIR_DST": "ABOVE",
            "CW_PAIR_DST_INSTANCE": "default",
            "CW_PAIR_MODE": "two-way",
            "CW_PAIR_FEATURE": "history",
            "CW_RUN_ID": world.here.seen[0]["CW_RUN_ID"],
        }
    ]
    assert dict(os.environ) == before


def test_a_provider_speaks_through_the_ctx_it_was_given(tmp_path: Path) -> None:
    world = Installation(tmp_path, features=("history",))
    world.here, world.there = Watched(called="HERE"), Watched(called="THERE")

    run = world.run()

    assert [event.fields["provider"] for event in run.named("api:hit")] == ["HERE", "THERE"]


def test_the_calls_of_a_one_way_run_come_in_their_order(tmp_path: Path) -> None:
    world = Installation(tmp_path, features=("ratings",))
    world.here.rate(film(1), 5, OLD_PLAY)

    calls = [call for call in world.run().calls if not call.endswith("capabilities")]

    assert calls == [
        "HERE#default health",
        "THERE#default health",
        "HERE#default features",
        "HERE#default is_configured",
        "HERE#default build_index ratings",
        "THERE#default features",
        "THERE#default is_configured",
        "THERE#default build_index ratings",
        "HERE#default activities",
        "THERE#default activities",
        "THERE#default add ratings 1",
    ]


SETTINGS: Config = {
    "here": {
        "token": "t0",
        "size": 1,
        "deep": {"a": 1},
        "instances": {"P1": {"token": "t1", "deep": {"b": 2}}},
    }
}


@pytest.mark.parametrize(
    ("instance", "block_seen"),
    [
        ("default", {**block(SETTINGS, "here"), "size": 9}),
        ("P1", {"token": "t1", "size": 9, "deep": {"a": 1, "b": 2}}),
        ("gone", {"size": 9}),
    ],
)
def test_a_view_holds_the_block_of_the_profile_under_the_pairs_own_values(
    instance: str, block_seen: Config
) -> None:
    view = view_for(SETTINGS, [End("HERE", instance)], {"here": {"size": 9}})

    assert view == {"here": block_seen}


@BOTH_FORMS
def test_two_profiles_of_one_provider_are_a_pair_to_the_newer_engine_alone(
    tmp_path: Path, form: Form
) -> None:
    world = Installation(tmp_path, form, features=("watchlist",))
    world.here.wish_for(film(1))
    pair = block({"pair": world.config}, "pair")
    pair["pairs"] = [{**pairs(pair)[0], "target": "HERE", "target_instance": "P1"}]
    pair["here"] = {"instances": {"P1": {"token": "t1"}}}
    engine = Engine(pair, {"HERE": world.here}, world.host)

    run = engine.run()

    assert run.errors == 0
    assert len(run.called("build_index")) == (1 if form is Form.OLD else 2)
    assert [view.get("_cw_provider_instance") for view in world.here.views] == (
        [None] if form is Form.OLD else ["default", "P1"]
    )


@BOTH_FORMS
def test_baselines_are_shared_by_all_pairs_of_the_old_engine_alone(tmp_path: Path, form: Form) -> None:
    """So in the old one a pair sees as deleted what another pair saw last."""
    world = filled(Installation(tmp_path, form, features=("watchlist",)))
    again = world.config
    again["pairs"] = [{**pairs(again)[0], "id": "p2"}]
    world.here.forget("watchlist", film(1))

    run = Engine(again, {"HERE": world.here, "THERE": world.there}, world.host, world.memory).run()

    assert run.features["watchlist"].removed == (1 if form is Form.OLD else 0)


def pairs(config: Config) -> list[Item]:
    """The pairs of a configuration."""
    return mappings(config["pairs"])
