"""Which account a token belongs to: asked once, remembered without the token."""

import pytest
from returns.pipeline import is_successful
from returns.result import Failure, Result

from crosswatch_trakt.adapters.clock import ManualClock
from crosswatch_trakt.adapters.simulator import Fault, Simulator
from crosswatch_trakt.adapters.state import MemoryState
from crosswatch_trakt.adapters.tokens import MemoryTokens
from crosswatch_trakt.application.identity import ACCOUNTS_FILE, TOKENS_KEPT, Identify, fingerprint
from crosswatch_trakt.application.ports import Note, Tokens
from crosswatch_trakt.application.settings import Settings
from crosswatch_trakt.application.trakt.person import Person
from crosswatch_trakt.domain.problems import NotSent, SignInAgain, StateUnreadable, StateUnwritable
from tests.application.trakt.desk import Desk, Wire, a_trakt, at, desk, in_turn, ok, pair_of

PATH = "/users/settings"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def trakt(clock: ManualClock) -> Simulator:
    return a_trakt(clock)


@pytest.fixture
def state() -> MemoryState:
    return MemoryState()


def identify(asking: Desk, state: MemoryState) -> Identify:
    return Identify(asking.caller, state, asking.progress)


def test_a_token_that_is_known_asks_nothing(trakt: Simulator, clock: ManualClock, state: MemoryState) -> None:
    first, second = at(trakt, clock), at(trakt, clock)
    asked = identify(first, state)().unwrap()
    known = identify(second, state)().unwrap()

    assert asked == known
    assert asked.account == trakt.account.uuid
    assert first.wire.paths == [PATH]
    assert second.wire.sent == []


def test_on_demand_it_is_asked_anew(trakt: Simulator, clock: ManualClock, state: MemoryState) -> None:
    asking = at(trakt, clock)
    identify(asking, state)().unwrap()
    trakt.account.vip = True

    assert not identify(asking, state)().unwrap().vip
    assert identify(asking, state)(fresh=True).unwrap().vip
    assert identify(asking, state)().unwrap().vip


def test_two_accounts_are_two(trakt: Simulator, clock: ManualClock, state: MemoryState) -> None:
    other = trakt.add_account("ben", "uuid-of-ben")
    mine = identify(at(trakt, clock), state)().unwrap()
    theirs = at(trakt, clock, tokens=MemoryTokens(Tokens(other.access_token, client_id=trakt.client_id)))
    bens = identify(theirs, state)().unwrap()

    assert {mine.account, bens.account} == {trakt.account.uuid, "uuid-of-ben"}
    assert identify(at(trakt, clock), state)().unwrap() == mine


def test_after_a_refresh_on_the_way_the_new_token_is_the_known_one(
    trakt: Simulator, clock: ManualClock, state: MemoryState
) -> None:
    store = MemoryTokens(pair_of(trakt))
    trakt.fail_next(Fault(status=401), path_prefix=PATH)
    identify(at(trakt, clock, tokens=store), state)().unwrap()
    again = at(trakt, clock, tokens=store)
    identify(again, state)().unwrap()

    assert again.wire.sent == []


def test_the_document_holds_fingerprints_and_no_token(
    trakt: Simulator, clock: ManualClock, state: MemoryState
) -> None:
    identify(at(trakt, clock), state)().unwrap()
    document = (state.read(ACCOUNTS_FILE).unwrap() or b"").decode()

    assert fingerprint(trakt.account.access_token) in document
    assert trakt.account.access_token not in document
    assert trakt.account.refresh_token not in document


def test_fingerprints_of_old_tokens_are_forgotten_and_the_newest_never(
    trakt: Simulator, clock: ManualClock, state: MemoryState
) -> None:
    for _ in range(TOKENS_KEPT + 5):
        trakt.oauth.sign_in(trakt.account)
        identify(at(trakt, clock), state)().unwrap()
    document = (state.read(ACCOUNTS_FILE).unwrap() or b"").decode()

    assert document.count(trakt.account.uuid[:12]) >= TOKENS_KEPT
    assert fingerprint(trakt.account.access_token) in document
    assert len(document) < 10_000


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"schema":99}', b"\xff", b'{"tokens":5}'])
def test_a_damaged_document_is_made_again_and_that_is_said(
    trakt: Simulator, clock: ManualClock, state: MemoryState, damage: bytes
) -> None:
    state.write(ACCOUNTS_FILE, damage).unwrap()
    asking = at(trakt, clock)

    assert identify(asking, state)().unwrap().account == trakt.account.uuid
    assert any(isinstance(event, Note) and ACCOUNTS_FILE in event.text for event in asking.progress.events)
    assert is_successful(identify(at(trakt, clock), state)())


class Unreadable(MemoryState):
    def read(self, name: str) -> Result[bytes | None, StateUnreadable]:
        return Failure(StateUnreadable(name, "Input/output error"))


class Unwritable(MemoryState):
    def write(self, name: str, document: bytes) -> Result[None, StateUnwritable]:
        return Failure(StateUnwritable(name, "No space left on device"))


def test_a_document_that_cannot_be_read_is_a_problem_and_nothing_is_asked(
    trakt: Simulator, clock: ManualClock
) -> None:
    asking = at(trakt, clock)

    assert isinstance(identify(asking, Unreadable())().failure(), StateUnreadable)
    assert asking.wire.sent == []


def test_a_document_that_cannot_be_written_is_a_problem(trakt: Simulator, clock: ManualClock) -> None:
    assert isinstance(identify(at(trakt, clock), Unwritable())().failure(), StateUnwritable)


def test_without_a_login_there_is_no_account(
    trakt: Simulator, clock: ManualClock, state: MemoryState
) -> None:
    asking = at(trakt, clock, tokens=MemoryTokens())

    assert isinstance(identify(asking, state)().failure(), SignInAgain)
    assert asking.wire.sent == []


def test_a_trakt_that_is_away_is_not_remembered_as_an_account(
    trakt: Simulator, clock: ManualClock, state: MemoryState
) -> None:
    trakt.fail_next(Fault(refused=True), times=100)

    assert isinstance(identify(at(trakt, clock), state)().failure(), NotSent)
    assert state.names().unwrap() == []


@pytest.mark.parametrize(
    ("user", "account", "folder"),
    [
        (
            {"username": "ann", "ids": {"slug": "ann", "uuid": "0f1e-../uuid-12"}},
            "0f1e-../uuid-12",
            "0f1e-uuid-12",
        ),
        ({"username": "ann", "ids": {"slug": "ann", "trakt": None, "uuid": None}}, "ann", "49915e0d7d4b"),
        ({"username": "ann", "ids": None}, "ann", "49915e0d7d4b"),
        ({"username": "ann"}, "ann", "49915e0d7d4b"),
    ],
)
def test_the_account_is_its_uuid_or_what_stands_for_it(
    state: MemoryState, user: dict[str, object], account: str, folder: str
) -> None:
    asking = desk(Wire(in_turn(ok({"user": user, "account": {"timezone": "Europe/Berlin"}, "limits": None}))))

    assert identify(asking, state)().unwrap() == Person(
        account=account,
        username="ann",
        vip=False,
        timezone="Europe/Berlin",
        limits={},
        watch_only_once=None,
        folder=folder,
    )


def test_accounts_whose_slugs_begin_alike_have_two_folders(
    trakt: Simulator, clock: ManualClock, state: MemoryState
) -> None:
    people = [{"username": name, "ids": {"slug": name}} for name in ("a-film-lover", "a-film-lover-too")]
    wires = [desk(Wire(in_turn(ok({"user": user})))) for user in people]
    first, second = (identify(asking, MemoryState())().unwrap() for asking in wires)

    assert first.folder != second.folder


def test_accounts_of_two_servers_are_two_though_their_ids_are_one(
    trakt: Simulator, clock: ManualClock, state: MemoryState
) -> None:
    other = a_trakt(clock)
    other.account.vip = not trakt.account.vip
    other.oauth.sign_in(other.account)  # tokens differ, as the servers do
    elsewhere = at(
        other, clock, settings=Settings(client_id=other.client_id, base_url="http://127.0.0.1:8080")
    )
    mine, theirs = identify(at(trakt, clock), state)().unwrap(), identify(elsewhere, state)().unwrap()

    assert mine.account == theirs.account
    assert (mine.folder, theirs.folder) == (mine.account[:12], f"{mine.account[:12]}@127.0.0.1_8080")
    assert identify(at(trakt, clock), state)().unwrap() == mine
    assert mine != theirs


@pytest.mark.parametrize("said", [{}, {"user": None}, {"user": {}}, {"user": {"ids": {"uuid": "../.."}}}, []])
def test_settings_that_name_nobody_are_a_problem(state: MemoryState, said: object) -> None:
    assert not is_successful(identify(desk(Wire(in_turn(ok(said)))), state)())
    assert state.names().unwrap() == []
