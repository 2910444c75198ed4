"""The composition root: every provider can be built, and a misspelt argument does not wait for a user."""

from pathlib import Path

from returns.result import Success

from crosswatch_trakt import Settings
from crosswatch_trakt.adapters.clock import ManualClock
from crosswatch_trakt.adapters.container import Connection, Holdings, connect, hold
from crosswatch_trakt.application.account import Account
from crosswatch_trakt.application.ports import Tokens
from crosswatch_trakt.application.trakt.gate import Gates
from crosswatch_trakt.application.trakt.person import Person

PERSON = Person(
    account="0c9a5f3e-1d2b",
    username="ann",
    vip=False,
    timezone="Europe/Berlin",
    limits={},
    watch_only_once=None,
    folder="0c9a5f3e-1d2",
)


def connection(folder: Path, gates: Gates) -> Connection:
    """A connection that is never used to connect."""
    settings = Settings(client_id="id", access_token="token", state_dir=str(folder))
    return connect(settings, clock=ManualClock(), gates=gates)


def test_every_provider_of_a_connection_can_be_built(tmp_path: Path) -> None:
    opened = connection(tmp_path, Gates())
    opened.check_dependencies()
    for provider in opened.providers.values():
        assert provider() is not None
    opened.shutdown_resources()


def test_every_provider_of_an_account_can_be_built(tmp_path: Path) -> None:
    opened = connection(tmp_path, Gates())
    holdings = Holdings(
        settings=opened.settings(),
        person=PERSON,
        caller=opened.caller(),
        clock=opened.clock(),
        progress=opened.progress(),
        folder=opened.folder(),
        identify=opened.identify(),
    )
    holdings.check_dependencies()
    for name, provider in holdings.providers.items():
        if name != "book":  # the part that the three books share
            assert provider() is not None
    opened.shutdown_resources()


def test_two_openings_of_one_account_share_its_gate(tmp_path: Path) -> None:
    gates = Gates()
    opened = [connection(tmp_path, gates) for _ in range(2)]
    accounts: list[Account] = [hold(each, PERSON) for each in opened]

    assert accounts[0].caller.gate is accounts[1].caller.gate
    for each in opened:
        each.shutdown_resources()


def test_a_login_at_one_server_is_never_used_at_another(tmp_path: Path) -> None:
    """Trakt's token would be sent to a server that somebody runs to try things out."""
    login = Tokens("a token of Trakt's")
    at_trakt = connect(Settings(client_id="id", state_dir=str(tmp_path)), gates=Gates())
    at_trakt.tokens().replace(login).unwrap()
    elsewhere = Settings(client_id="id", state_dir=str(tmp_path), base_url="https://trakt.example")

    assert connect(elsewhere, gates=Gates()).tokens().load() == Success(None)
    assert at_trakt.tokens().load() == Success(login)
