"""No token, code or secret in any line, error or repr: everything that happens in a bad week, searched."""

import io
import json
import logging
from collections.abc import Iterable

import pytest
from returns.result import Failure, Result, Success

from crosswatch_trakt.adapters.cli.progress import Lines
from crosswatch_trakt.adapters.clock import ManualClock
from crosswatch_trakt.adapters.progress import (
    FanOut,
    JsonLinesProgress,
    LoggingProgress,
    RecordingProgress,
    write_line,
)
from crosswatch_trakt.adapters.simulator import Fault, Simulator, SimulatorTransport
from crosswatch_trakt.adapters.state import MemoryState
from crosswatch_trakt.adapters.tokens import DOCUMENT, FileTokens
from crosswatch_trakt.application.advice import advice
from crosswatch_trakt.application.health import health_of
from crosswatch_trakt.application.identity import ACCOUNTS_FILE, Identify
from crosswatch_trakt.application.ports import Request, Response
from crosswatch_trakt.application.settings import Settings, check_settings, parse_settings
from crosswatch_trakt.application.trakt.call import Call, Caller
from crosswatch_trakt.application.trakt.gate import Gate
from crosswatch_trakt.application.trakt.person import read_person
from crosswatch_trakt.domain.problems import Problem
from tests.application.trakt.desk import ADD, CDN, PAGE, RATE, READ, a_trakt, body_text

SECRET = "very-secret-app-secret"
FAULTS = (
    Fault(status=401),
    Fault(status=403),
    Fault(status=403, headers=CDN, body=PAGE),
    Fault(status=420, body=b"<html>"),
    Fault(status=422, body=b"no"),
    Fault(status=423),
    Fault(status=426),
    Fault(status=429, headers={**CDN, "retry-after": "9999"}, body=PAGE),
    Fault(status=503),
    Fault(lost=True),
    Fault(refused=True),
    Fault(status=200, body=b"{"),
)


class Week:
    """One client in a bad week: all it says, and all the secrets it was trusted with."""

    def __init__(self, trakt: Simulator, clock: ManualClock) -> None:
        self.trakt, self.clock = trakt, clock
        self.settings = Settings(client_id=trakt.client_id, client_secret=SECRET, max_retries=1)
        self.lines, self.json, self.log = io.StringIO(), io.StringIO(), io.StringIO()
        logger = logging.Logger("week", logging.DEBUG)
        logger.addHandler(logging.StreamHandler(self.log))
        self.events = RecordingProgress()
        progress = FanOut(
            self.events,
            Lines(lambda line: write_line(self.lines, line), verbose=True),
            JsonLinesProgress(self.json),
            LoggingProgress(logger),
        )
        self.state = MemoryState()
        self.store = FileTokens(self.state, None)
        self.gate = Gate(clock, 500, 1.0)
        self.caller = Caller(self.settings, self, clock, self.store, progress, self.gate, lambda: 0.5)
        self.identify = Identify(self.caller, self.state, progress)
        self.shown: list[str] = []
        self.secrets: set[str] = {SECRET}

    def send(self, request: Request) -> Result[Response, Problem]:
        """Pass it on, and look at both sides."""
        answer = SimulatorTransport(self.trakt).send(request)
        self.shown += [repr(request), repr(answer)]
        return answer

    def show(self, *results: Result[object, Problem]) -> None:
        """Keep what a program could print of a result."""
        for result in results:
            self.shown.append(repr(result))
            match result:
                case Failure(problem):
                    self.shown += [repr(problem), str(problem), advice(problem), json.dumps(repr(problem))]
                case _:
                    pass

    def ask(self, *calls: Call) -> None:
        """Ask, and show."""
        for call in calls:
            self.show(self.caller.request_with_retries(call, body_text).map(len))

    def remember(self) -> None:
        """The secrets of today."""
        pair = self.store.load().value_or(None)
        if pair is not None:
            self.secrets |= {pair.access_token, pair.refresh_token or SECRET}
            self.shown.append(repr(pair))
        self.shown += [
            repr(thing) for thing in (self.store, self.state, self.caller, self.gate, self.identify)
        ]

    def everything(self) -> Iterable[str]:
        """All that was ever shown."""
        yield from self.shown
        yield from map(repr, self.events.events)
        yield from (self.lines.getvalue(), self.json.getvalue(), self.log.getvalue())


def test_no_secret_is_shown_in_a_week_with_all_that_can_happen() -> None:
    clock = ManualClock()
    trakt = a_trakt(clock, client_secret=SECRET)
    week = Week(trakt, clock)
    access = week.caller.access
    week.ask(READ)  # nobody is signed in
    begun = access.begin_login()
    code = begun.unwrap()
    week.secrets |= {code.device_code, code.user_code}
    week.show(begun)
    trakt.fail_next(Fault(status=503), path_prefix="/oauth", times=2)
    week.show(access.finish_login(code))
    trakt.approve(code.user_code)
    week.show(access.finish_login(code))
    week.show(access.finish_login(code))  # used already
    week.remember()
    week.show(week.identify().map(repr))
    for fault in FAULTS:
        for path in ("/sync", "/oauth", "/users"):
            trakt.fail_next(fault, path_prefix=path, times=3)
            week.ask(READ, ADD, RATE)
            week.show(week.caller.access.tokens(), access.renew(access.kept().unwrap()))
            week.show(week.identify(fresh=True).map(repr))
            week.shown.append(repr(health_of(read_person(week.caller), week.caller)))
            week.remember()
            trakt.forgive()
            clock.advance(4000)
    trakt.oauth.revoke_all()
    week.ask(READ)
    week.shown.append(repr(week.settings))
    week.show(access.forget())

    assert len(week.secrets) > 8
    assert len(week.shown) > 300
    for text in week.everything():
        for secret in week.secrets:
            assert secret not in text


def test_only_the_document_of_the_tokens_holds_them() -> None:
    clock = ManualClock()
    trakt = a_trakt(clock)
    week = Week(trakt, clock)
    trakt.client_secret = SECRET
    code = week.caller.access.begin_login().unwrap()
    trakt.approve(code.user_code)
    pair = week.caller.access.finish_login(code).unwrap()
    week.identify().unwrap()

    for name in week.state.names().unwrap():
        document = (week.state.read(name).unwrap() or b"").decode()
        assert (pair.access_token in document) == (name == DOCUMENT)
    assert ACCOUNTS_FILE in week.state.names().unwrap()


@pytest.mark.parametrize("name", ["client_secret", "access_token", "refresh_token"])
@pytest.mark.parametrize("value", ["hush hush", "hush\n", "hüsh", " hush", "hush\x1b"])
def test_a_wrong_secret_is_named_and_not_shown(name: str, value: str) -> None:
    refused = parse_settings({name: value})

    assert isinstance(refused, Failure)
    assert name in advice(refused.failure())
    assert value not in repr(refused) + advice(refused.failure())


@pytest.mark.parametrize("value", [12345678, b"12345678", ["12345678"], 1234.5678])
def test_a_secret_of_a_wrong_type_is_not_shown_either(value: object) -> None:
    refused = parse_settings({"access_token": value})

    assert isinstance(refused, Failure)
    assert "1234" not in repr(refused)


def test_settings_show_none_of_their_secrets() -> None:
    settings = Settings(client_secret="hush-1", access_token="hush-2", refresh_token="hush-3")

    assert check_settings(settings) == Success(settings)
    assert "hush" not in repr(settings)
    assert "hush" not in repr(check_settings(settings))
