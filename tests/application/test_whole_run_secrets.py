"""A whole run of the command line, and all it leaves: no secret is shown, and only the tokens' file has any.

What is searched: every line of output and log, every error and repr, every file after every command.
"""

import json
import logging
import os
import stat
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from returns.result import Failure

from crosswatch_trakt import Settings, TraktAccount, TraktError
from crosswatch_trakt.adapters.cli.app import run
from crosswatch_trakt.adapters.clock import SystemClock
from crosswatch_trakt.adapters.container import Connection, connect, hold
from crosswatch_trakt.adapters.simulator import Fault, Simulator, serve
from crosswatch_trakt.adapters.simulator.seed import seeded
from crosswatch_trakt.application.advice import advice
from crosswatch_trakt.application.ports import Request, Response
from crosswatch_trakt.application.trakt import access
from crosswatch_trakt.application.trakt.gate import Gates
from tests.application.trakt.desk import CDN, PAGE

CLIENT_SECRET = "very-secret-app-secret"
SECRETS = ("access_token", "refresh_token", "device_code")  # in what the sign-in host answers
FEATURES = ("watchlist", "ratings", "history")
FILM = {"type": "movie", "ids": {"tmdb": 501_001}, "title": "A film"}
ITEMS: Mapping[str, list[object]] = {
    "watchlist": [FILM, {"type": "movie", "ids": {"tmdb": 1}, "title": "Nobody knows it"}],
    "ratings": [{**FILM, "rating": 7}, {"type": "movie", "ids": {"tmdb": 2}, "rating": 3}],
    "history": [
        {**FILM, "watched_at": "2026-01-01T10:00:00Z"},
        {"type": "movie", "ids": {"tmdb": 3}, "watched_at": "2026-01-01T10:00:00Z"},
    ],
}
BROKEN = (
    Fault(status=401),
    Fault(status=403),
    Fault(status=403, headers=CDN, body=PAGE),
    Fault(status=404),
    Fault(status=409),
    Fault(status=420, headers={"x-account-limit": "5"}),
    Fault(status=423),
    Fault(status=426, headers={"x-upgrade-url": "https://trakt.tv/vip"}),
    Fault(status=429, headers={"retry-after": "9999"}),
    Fault(status=500, body=b"<html>"),
    Fault(lost=True),
    Fault(lost=True, before=False),
    Fault(refused=True),
    Fault(status=200, body=b'{"cut":'),
)


@dataclass
class Run:
    """Everything that is shown and left in a run, and every secret there was by then."""

    folder: Path
    trakt: Simulator
    capsys: pytest.CaptureFixture[str]
    caplog: pytest.LogCaptureFixture
    secrets: set[str] = field(default_factory=lambda: {CLIENT_SECRET})
    user_codes: set[str] = field(default_factory=set)
    shown: int = 0
    names: set[str] = field(default_factory=set)  # of the files that there were at any time
    sent: str = ""  # of the request under way, what an echo would hold

    def __post_init__(self) -> None:
        answer = self.trakt.answer

        def watched(request: Request) -> Response:
            self.sent = f"{request.headers.get('Authorization', '')} {(request.body or b'').decode()}"
            said = answer(request)
            return self._heard(said) if "/oauth/" in request.url else said

        self.trakt.answer = watched  # type: ignore[method-assign]

    def echo(self, said: Response) -> Response:
        """What whatever stands at a wrong address might answer."""
        return Response(422, said.headers, self.sent.encode())

    def _heard(self, said: Response) -> Response:
        """Remember the secrets of an answer; a person approves a login at once."""
        try:
            body = json.loads(said.body)
        except ValueError:
            return said
        self.secrets |= {body[name] for name in SECRETS if name in body}
        if "user_code" not in body:
            return said
        self.user_codes.add(body["user_code"])
        self.trakt.approve(body["user_code"])
        return Response(said.status, said.headers, json.dumps({**body, "interval": 1}).encode())

    def __call__(self, *arguments: str) -> int:
        """One command, with a gate of its own as a process has, and a look at all that it left."""
        with Connection.gates.override(Gates()):
            code = run(arguments)
        self.look()
        return code

    def every_way(self, *arguments: str) -> set[int]:
        """The command as it is, with -v, and as JSON."""
        return {self(*arguments), self("-v", *arguments), self(*arguments, "--json")}

    def look(self, *texts: str) -> None:
        """Search all that was shown since the last look, and all that lies in the folder."""
        out, err = self.capsys.readouterr()
        for text in (out, err, self.caplog.text, *map(repr, self.caplog.records), *texts):
            self.shown += len(text)
            assert not self.found_in(text)
        assert "Traceback" not in err or "boom" in err
        self.caplog.clear()
        for path in self.folder.rglob("*"):
            mode = stat.S_IMODE(path.lstat().st_mode)
            assert mode == (0o700 if path.is_dir() else 0o600), f"{path}: {mode:o}"
            self.names.add(path.name.partition("@")[0] if "@" in path.name else path.name)
            if path.is_file():
                body = path.read_bytes().decode("utf-8", "replace")
                held = self.found_in(body) | {code for code in self.user_codes if code in body}
                assert not held or path.name.startswith("tokens@"), path
                assert not {secret for secret in held if secret in self.logins}, "a code of a login is kept"

    @property
    def logins(self) -> set[str]:
        """The codes that end with a login."""
        return {login.device_code for login in self.trakt.oauth._logins.values()} | self.user_codes

    def found_in(self, text: str) -> set[str]:
        """The secrets that a text holds."""
        return {secret for secret in self.secrets if secret in text}


@pytest.fixture
def whole_run(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> Iterator[Run]:
    trakt = seeded(SystemClock(), plays=60, ratings=20, watchlist=10, movies=30, shows=3)
    trakt.quota.gets = trakt.quota.writes = None
    trakt.client_secret = CLIENT_SECRET
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    for name in [name for name in os.environ if name.startswith("CROSSWATCH_TRAKT_")]:
        monkeypatch.delenv(name)
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.chdir(home)
    caplog.set_level(logging.DEBUG)  # the libraries' own lines, too
    umask = os.umask(0)
    try:
        with serve(trakt) as server:
            settings = {
                "BASE_URL": server.base_url,
                "CLIENT_ID": trakt.client_id,
                "CLIENT_SECRET": CLIENT_SECRET,
                "STATE_DIR": str(home / "state"),
                "WRITES_PER_SEC": "none",
                "GETS_PER_5_MIN": "none",
                "MAX_RETRIES": "0",
                "SETTLE_WAIT_S": "0",
                "TIMEOUT": "5",
            }
            for name, value in settings.items():
                monkeypatch.setenv(f"CROSSWATCH_TRAKT_{name}", value)
            yield Run(home, trakt, capsys, caplog)
    finally:
        os.umask(umask)


def test_no_secret_is_shown_or_kept_in_a_whole_run(
    whole_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, trakt = whole_run, whole_run.trakt
    monkeypatch.setattr(access, "LOST_WAIT_S", 0.01)
    files = {feature: tmp_path / f"{feature}.json" for feature in FEATURES}
    for feature, path in files.items():
        path.write_text(json.dumps(ITEMS[feature]))

    assert run("index", "history") == 3, "nobody is signed in"
    assert run("-v", "login") == 0
    assert run.every_way("status") == {0}
    for feature, path in files.items():
        assert run.every_way("index", feature) == {0}
        assert run("add", feature, str(path), "--json") == 1
        assert run("-v", "add", feature, str(path)) == 1
        assert run("-v", "remove", feature, str(path)) in (0, 1)
    assert run.every_way("unresolved", "list") == {0}
    assert run("-v", "unresolved", "retry") == 1

    trakt.oauth.expire_all()
    assert run.every_way("index", "watchlist") == {0}
    for fault in BROKEN:
        for where, commands in commands_of_a_bad_day(files).items():
            trakt.oauth.expire_all()
            trakt.fail_next(fault, path_prefix=where, times=3)
            for command in commands:
                run("-v", *command)
            trakt.forgive()
    for where, command, code in (
        ("/sync", ["index", "ratings"], 5),
        ("/oauth/token", ["index", "ratings"], 5),
        ("/oauth/device/token", ["login"], 5),
    ):
        trakt.oauth.expire_all()
        trakt.fail_next(Fault(alter=run.echo), path_prefix=where)
        assert run("-v", *command) == code, "a server that echoes what was sent"
        trakt.forgive()

    with monkeypatch.context() as broken:
        broken.setattr(TraktAccount, "index", boom)
        assert run("-v", "index", "ratings") == 70, "a fault of ours, with its traceback"
    trakt.oauth.revoke_all()
    assert run("-v", "index", "watchlist") == 3
    assert run("-v", "status", "--json") == 3
    assert run("-v", "login") == 0
    assert run("-v", "index", "history", "--json") == 0
    assert run("-v", "unresolved", "clear") == 0
    assert run("-v", "logout") == 0

    assert len(run.secrets) > 12
    assert run.shown > 50_000
    assert {"tokens", "accounts.json", "trakt_history.jsonl", "trakt_history.sqlite"} <= run.names
    assert {f"trakt_{feature}.unresolved.json" for feature in FEATURES} <= run.names
    for path in run.folder.rglob("tokens@*"):
        assert not run.found_in(path.read_text()), "signed out: nothing is kept"


def commands_of_a_bad_day(files: Mapping[str, Path]) -> Mapping[str, list[list[str]]]:
    """What is tried while this part of Trakt fails."""
    return {
        "/sync": [["index", "history", "--json"], ["add", "history", str(files["history"])]],
        "/oauth": [["index", "watchlist"]],
        "/users": [["status", "--json"]],
    }


def boom(*_: object, **__: object) -> None:
    raise ValueError("boom")


def test_nothing_that_a_host_may_print_of_the_library_shows_a_secret(whole_run: Run) -> None:
    run, trakt = whole_run, whole_run.trakt
    given = trakt.account.access_token, trakt.account.refresh_token
    run.secrets |= set(given)
    base_url = os.environ["CROSSWATCH_TRAKT_BASE_URL"]
    settings = Settings(
        client_id=trakt.client_id,
        client_secret=CLIENT_SECRET,
        access_token=given[0],
        refresh_token=given[1],
        base_url=base_url,
        auth_url=base_url,
        state_dir=str(run.folder / "state"),
        max_retries=0,
        writes_per_sec=None,
        settle_wait_s=0.0,
    )
    texts = [repr(settings)]
    with TraktAccount.open(settings, gates=Gates()) as opened:
        trakt.oauth.expire_all()
        for feature in FEATURES:
            texts += [repr(opened.index(feature)), repr(opened.add(feature, ITEMS[feature]))]
        texts += [repr(thing) for thing in (opened, opened.access, opened.person, opened.health())]
        texts += [repr(opened.access.kept()), repr(opened.access.begin_login()), repr(opened.access.tokens())]
        trakt.oauth.revoke_all()
        for fault in (None, *BROKEN):
            if fault is not None:
                trakt.fail_next(fault, times=None)
            try:
                opened.activities()
                opened.add("ratings", ITEMS["ratings"])
            except TraktError as error:
                texts += [repr(error), str(error), error.advice, repr(error.problem), advice(error.problem)]
                texts += traceback.format_exception(error)
            texts.append(repr(opened.health()))
            trakt.forgive()
    connection = connect(settings)
    caller, tokens, identify = connection.caller(), connection.tokens(), connection.identify()
    loaded = tokens.load()
    assert not isinstance(loaded, Failure)
    person = identify().unwrap()
    account = hold(connection, person)
    things = (connection, caller, caller.gate, tokens, identify, loaded, loaded.unwrap(), account)
    texts += [*map(repr, things), *(str(thing) for thing in things)]
    connection.shutdown_resources()
    run.look(*texts)

    assert len(run.secrets) >= 6
