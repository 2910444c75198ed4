"""A login to another account is no order to remove what the first one had."""

from pathlib import Path

import pytest

from crosswatch_trakt.adapters.crosswatch.remembered import MARK
from tests.crosswatch.memory import Memory
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
