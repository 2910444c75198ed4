"""The examples on the pages do what the pages say, on the simulator."""

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

import crosswatch_trakt
from crosswatch_trakt import Settings, TraktAccount
from crosswatch_trakt.adapters.cli import demo, simulate
from crosswatch_trakt.adapters.clock import ManualClock, SystemClock
from crosswatch_trakt.adapters.simulator import Simulator, SimulatorTransport, oauth, seed, serve
from crosswatch_trakt.application.trakt.gate import Gates
from tests.crosswatch.standin import standin
from tests.docs.pages import PAGES, blocks, codes, file_patterns, first_codes, rows_of, section, text_of
from tests.docs.shell import YOURS, Shell

COMMANDS_PAGE = "docs/commands.md"
CLIENT_ID = "0123456789abcdef"  # of the examples
FILES = dict(re.findall(r"`([\w.-]+\.jsonl?)`:\n\n```json\n(.*?)^```$", text_of(COMMANDS_PAGE), re.M | re.S))


def trakt_of_the_examples(clock: ManualClock | SystemClock) -> Simulator:
    """A small account, and the titles that the examples name; no rate limits."""
    simulator = seed.seeded(clock, plays=60, ratings=20, watchlist=10, movies=60, shows=4)
    simulator.catalogue.movie("The Matrix", 1999, imdb="tt0133093", tmdb=603)
    simulator.catalogue.show("Game of Thrones", 2011, seasons={1: 10}, tmdb=1399)
    simulator.quota.gets = simulator.quota.writes = None
    simulator.client_id = CLIENT_ID
    return simulator


@pytest.fixture
def trakt() -> Simulator:
    return trakt_of_the_examples(SystemClock())


@pytest.fixture
def shell(
    trakt: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shell]:
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    standin(tmp_path / "CrossWatch")
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, "utf-8")
    with serve(trakt) as server:
        for name, value in (
            ("BASE_URL", server.base_url),
            ("CLIENT_ID", CLIENT_ID),
            ("STATE_DIR", str(tmp_path / "state")),
            ("WRITES_PER_SEC", "none"),
            ("MAX_RETRIES", "0"),
        ):
            monkeypatch.setenv(f"CROSSWATCH_TRAKT_{name}", value)
        yield Shell(tmp_path, monkeypatch, capsys)


@pytest.fixture
def hurried(trakt: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for a person or a clock does not: the code is entered at once, Ctrl-C comes at once."""

    def enter(method: str, path: str, query: object) -> None:
        if path == "/oauth/device/token":
            for login in trakt.oauth._logins.values():
                if login.state == "pending":
                    trakt.approve(login.user_code)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    trakt.on_request(enter)
    monkeypatch.setattr(oauth, "DEVICE_INTERVAL_S", 1)
    monkeypatch.setattr(simulate, "opening", stop)
    monkeypatch.setattr(seed, "seeded", unlimited(seed.seeded))
    monkeypatch.setattr(demo, "Settings", partial(Settings, writes_per_sec=None))


def unlimited(made: Any) -> Any:
    def seeded(*arguments: Any, **sizes: Any) -> Simulator:
        simulator: Simulator = made(*arguments, **sizes)
        simulator.quota.gets = simulator.quota.writes = None
        return simulator

    return seeded


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "sh")])
@pytest.mark.usefixtures("hurried")
def test_every_line_for_a_terminal_works_from_top_to_bottom(
    page: str, shell: Shell, trakt: Simulator, tmp_path: Path
) -> None:
    for block in blocks(page, "sh"):
        if "login" in block:
            shell.monkeypatch.delenv("CROSSWATCH_TRAKT_ACCESS_TOKEN", raising=False)
        else:  # a login ends with `logout`, and the page goes on
            token = trakt.oauth.sign_in(trakt.account).access_token
            shell.monkeypatch.setenv("CROSSWATCH_TRAKT_ACCESS_TOKEN", token)
        for line in block.splitlines():
            if line.strip():
                shell(line)
    state = tmp_path / "state"
    for path in (path for path in state.rglob("*") if path.is_file()):
        name = re.sub(r"^[\w-]+(@[\w.-]+)?/", "<account>/", path.relative_to(state).as_posix())
        if path.name.startswith("."):  # these lie beside what they belong to
            name = path.name
        assert any(fnmatch(name, pattern) for pattern in file_patterns()), f"{name} is not in docs/files.md"


@pytest.mark.parametrize("file", FILES)
def test_every_file_of_items_is_done_to_the_last_item(file: str, shell: Shell, trakt: Simulator) -> None:
    shell.monkeypatch.setenv("CROSSWATCH_TRAKT_ACCESS_TOKEN", trakt.account.access_token)
    feature = {"watchlist.json": "watchlist", "ratings.jsonl": "ratings"}.get(file, "history")
    operation = "remove" if file == "remove.jsonl" else "add"
    if operation == "remove":
        shell("crosswatch-trakt add history plays.json")
    report = json.loads(shell(f"crosswatch-trakt {operation} {feature} {file} --json"))

    assert report["unresolved"] == []
    assert report["confirmed"]


# --- what --json gives


def given(shell: Shell, line: str) -> Any:
    return json.loads(shell(line))


def test_json_has_the_fields_of_the_tables_and_no_others(shell: Shell, trakt: Simulator) -> None:
    shell.monkeypatch.setenv("CROSSWATCH_TRAKT_ACCESS_TOKEN", trakt.account.access_token)
    section_text = section(COMMANDS_PAGE, "What `--json` gives").text
    tables = {
        codes(part)[0]: rows_of(part) for part in re.split(r"\n(?=`)", section_text) if part.startswith("`")
    }
    unknown = '{"type": "movie", "ids": {"tmdb": 99999999}}'
    report = given(shell, f"echo '{unknown}' | crosswatch-trakt add watchlist - --json   # exit code 1")
    retried = given(shell, "crosswatch-trakt unresolved retry watchlist --json   # exit code 1")
    entries = given(shell, "crosswatch-trakt unresolved list --json")
    [entry] = entries["watchlist"]
    cleared = given(shell, "crosswatch-trakt unresolved clear --json")

    fields = {name: set(first_codes(rows)) for name, rows in tables.items()}
    assert set(given(shell, "crosswatch-trakt index ratings --json")) == fields["index FEATURE"]
    assert set(report) == set(retried[0]) == fields["add"]
    assert set(entry) == fields["unresolved list"]
    assert set(entries) == set(cleared) == {"watchlist", "ratings", "history"}
    status = given(shell, "crosswatch-trakt status --json")
    assert set(status) == fields["status"]
    looked = given(shell, "crosswatch-trakt crosswatch check CrossWatch --json   # exit code 1")
    assert set(looked) == fields["crosswatch check"]
    of_outcome = next(row[1] for row in tables["add"] if "confirmed" in row[0])
    assert set(codes(of_outcome)) == set(report["unresolved"][0])
    of_stored = next(row[1] for row in tables["status"] if "stored" in row[0])
    [stored] = status["stored"]
    assert set(codes(of_stored)) == {*stored, *stored["features"]["ratings"]}
    of_quota = next(row[1] for row in tables["status"] if "quota" in row[0])
    assert {"GET", "POST", *status["quota"]["GET"]} == set(codes(of_quota))


# --- Python


def test_the_example_of_the_readme_works(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trakt = trakt_of_the_examples(ManualClock())
    plays = len(trakt.account.plays)
    [example] = blocks("README.md", "python")

    def settings(client_id: str) -> Settings:
        assert client_id == YOURS
        return Settings(client_id=CLIENT_ID, access_token=trakt.account.access_token, state_dir=str(tmp_path))

    def opened(given: Settings) -> TraktAccount:
        transport = SimulatorTransport(trakt)
        return TraktAccount.open(given, transport=transport, clock=ManualClock(), gates=Gates())

    names: dict[str, Any] = {}
    account = type("TraktAccount", (), {"open": staticmethod(opened)})
    with (
        patch.object(crosswatch_trakt, "Settings", settings),
        patch.object(crosswatch_trakt, "TraktAccount", account),
    ):
        exec(compile(example, "README.md", "exec"), names)  # noqa: S102 - it is ours
    shown = capsys.readouterr().out.splitlines()

    assert len(shown) == plays + 1
    assert shown[-1] == "2 0"
    assert names["report"].unresolved == []
    assert len(trakt.account.plays) == plays + 2


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python") and page != "README.md"])
def test_the_python_of_a_page_runs_from_top_to_bottom(page: str) -> None:
    names: dict[str, Any] = {}
    for example in blocks(page, "python"):
        exec(compile(example, page, "exec"), names)  # noqa: S102 - it is ours
