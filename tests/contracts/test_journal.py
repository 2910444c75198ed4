"""What every journal does."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from returns.result import Success

from crosswatch_trakt.adapters.journal import FileJournal, MemoryJournal
from crosswatch_trakt.application.ports import Journal
from crosswatch_trakt.domain.ids import Ids
from crosswatch_trakt.domain.journal import Line, Stage
from crosswatch_trakt.domain.media import Media, MediaType
from crosswatch_trakt.domain.plays import Play

MakeJournal: TypeAlias = Callable[[Path], Journal]

JOURNALS: dict[str, MakeJournal] = {"file": FileJournal, "memory": lambda folder: MemoryJournal()}
FILM = Media(MediaType.MOVIE, Ids(trakt=1, imdb="tt0137523"), "Línea\nzwei", 1999)
EPISODE = Media(MediaType.EPISODE, Ids(), None, None, Ids(tmdb=1399), 0, 3, "Show")
LINE = Line(1, Play(FILM, 60), Stage.MEANT, 1.5, "stamp", True)


@pytest.fixture(params=JOURNALS)
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Journal:
    return JOURNALS[request.param](tmp_path / "journal")


def test_a_new_journal_has_no_lines(journal: Journal) -> None:
    assert journal.lines() == Success({})


def test_lines_come_back_as_they_were_written(journal: Journal) -> None:
    confirmed = replace(LINE, number=2, stage=Stage.CONFIRMED, confirmed_at=9.25, seen=True, absent_at=3.0)
    other = replace(LINE, number=7, play=Play(EPISODE, 0), stamp="", stamp_is_old=False)
    journal.write([LINE, confirmed, other]).unwrap()

    assert journal.lines() == Success({1: LINE, 2: confirmed, 7: other})


def test_the_last_word_on_a_number_counts(journal: Journal) -> None:
    later = replace(LINE, stage=Stage.CONFIRMED, confirmed_at=9.0)
    journal.write([LINE]).unwrap()
    journal.write(iter([later])).unwrap()

    assert journal.lines() == Success({1: later})


def test_what_is_dropped_is_gone_and_may_come_again(journal: Journal) -> None:
    journal.write([LINE, replace(LINE, number=2)]).unwrap()
    journal.write((), [1, 99]).unwrap()
    assert set(journal.lines().unwrap()) == {2}

    journal.write([LINE], iter([2])).unwrap()
    assert journal.lines() == Success({1: LINE})


def test_what_was_given_out_is_a_copy(journal: Journal) -> None:
    before = journal.lines().unwrap()
    journal.write([LINE]).unwrap()

    assert before == {}


lines = st.builds(
    Line,
    st.integers(1, 5),
    st.builds(Play, st.sampled_from([FILM, EPISODE]), st.integers(0, 3).map(lambda minute: 60 * minute)),
    st.sampled_from(Stage),
    st.floats(0, 2e9),
    st.text(st.characters(codec="utf-8"), max_size=4),
    st.booleans(),
    st.none() | st.floats(0, 2e9),
    st.booleans(),
    st.none() | st.floats(0, 2e9),
)


class Journals(RuleBasedStateMachine):
    """All journals against a dictionary; the file is written anew at every turn, and opened anew."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.memory = MemoryJournal()
        self.model: dict[int, Line] = {}

    def teardown(self) -> None:
        self.folder.cleanup()

    @rule(new=st.lists(lines, max_size=4), dropped=st.lists(st.integers(1, 5), max_size=3))
    def write(self, new: list[Line], dropped: list[int]) -> None:
        self.model |= {line.number: line for line in new}
        for number in dropped:
            self.model.pop(number, None)
        for journal in (FileJournal(Path(self.folder.name), spare=2), self.memory):
            journal.write(new, dropped).unwrap()

    @invariant()
    def all_hold_the_same(self) -> None:
        for journal in (FileJournal(Path(self.folder.name)), self.memory):
            assert journal.lines() == Success(self.model)


TestJournals = Journals.TestCase
TestJournals.settings = settings(max_examples=12, stateful_step_count=10, deadline=None)
