"""A login to another account is no order to remove what the first one had."""

from pathlib import Path

import pytest

from crosswatch_trakt.adapters.crosswatch.remembered import MARK
from crosswatch_trakt.adapters.library import TraktError
from tests.crosswatch.calling import calling
from tests.crosswatch.memory import Memory
from tests.crosswatch.pairs import environment
from tests.crosswatch.trakt import Paired, theirs
from tests.crosswatch.values import Form


@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize("mode", ["one-way", "two-way"])
@pytest.mark.parametrize("source", [True, False])
def test_after_a_login_to_another_account_nothing_is_removed_until_the_engine_has_forgotten(
    tmp_path: Path, form: Form, mode: str, source: bool
) -> None:
    paired = Paired(tmp_path, form, mode, source)
    for film in paired.films[:5]:
        paired.account.rate(film, 7)
        paired.account.watch(film, at=1_600_000_020)
        paired.plain.rate(theirs(film), 7, "2020-09-13T12:27:00Z")
        paired.plain.watch(theirs(film), "2020-09-13T12:27:00Z")
    assert paired.run().errors == 0
    other = paired.simulator.add_account("second", "0b5e9b1c-another")
    other.rate(paired.films[7], 9)

    paired.sign_in(other.access_token, other.refresh_token)
    refused = paired.run()

    assert refused.errors == len(refused.features)
    assert (len(paired.plain.ratings), len(paired.plain.history)) == (5, 5)
    assert [film for film in other.ratings] == [paired.films[7]]

    for mark in (tmp_path / "state").glob(f"{MARK}.*"):  # CrossWatch's *clear state*
        mark.unlink()
    paired.memory = Memory()
    cleared = paired.run()

    assert cleared.errors == 0
    assert len(paired.plain.history) == 5
    assert all(tally.removed == 0 for tally in cleared.features.values())


def test_the_same_account_with_new_tokens_is_no_other(tmp_path: Path) -> None:
    paired = Paired(tmp_path)
    paired.run()

    paired.simulator.oauth.sign_in(paired.account)
    paired.new_process()

    assert paired.run().errors == 0


@pytest.mark.parametrize("form", list(Form))
def test_so_it_is_while_a_capture_is_made_in_another_thread(tmp_path: Path, form: Form) -> None:
    paired = Paired(tmp_path, form)
    for film in paired.films[:5]:
        paired.account.rate(film, 7)
    assert paired.run().errors == 0
    other = paired.simulator.add_account("second", "0b5e9b1c-another")

    paired.sign_in(other.access_token, other.refresh_token)
    with environment(CW_CAPTURE_MODE="1", CW_CAPTURE_PROVIDER="PLAIN"):
        refused = paired.run()

    assert refused.errors == len(refused.features)
    assert len(paired.plain.ratings) == 5


@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize("operation", ["add", "remove"])
def test_a_plan_is_not_carried_out_at_an_account_that_was_signed_in_to_meanwhile(
    tmp_path: Path, form: Form, operation: str
) -> None:
    """The view is the one of before, and its profile has another login by now."""
    with calling(tmp_path, form) as cw:
        for film in cw.films[:3]:
            cw.account.put_on_watchlist(film)
        view = cw.view()
        rows = list(cw.ops.build_index(view, feature="watchlist").values())
        other = cw.simulator.add_account("second", "0b5e9b1c-another")
        other.put_on_watchlist(cw.films[0])
        cw.sign_in(other.access_token, other.refresh_token)

        for _ in range(3):  # as often as the engine tries
            with pytest.raises(TraktError, match="nother"):
                getattr(cw.ops, operation)(view, rows, feature="watchlist")

        assert list(other.watchlist) == [cw.films[0]]
        assert len(cw.account.watchlist) == 3


def test_where_it_cannot_be_seen_whose_rows_are_remembered_nothing_is_read(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        cw.ops.build_index(cw.view(), feature="ratings")
        (mark,) = cw.state.glob(f"{MARK}.*")
        mark.unlink()
        mark.mkdir()  # no right to read it, for root too

        with pytest.raises(TraktError, match="cannot be read"):
            cw.ops.build_index(cw.view(), feature="ratings")
