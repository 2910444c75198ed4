"""Every command does what its help says."""

import json
import re
import subprocess
import threading
import time
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from crosswatch_trakt.adapters.simulator import Simulator, oauth
from tests.e2e.terminal import Ran, Terminal, environment_in

FILM = {"type": "movie", "ids": {"tmdb": 501001}, "watched_at": "2026-01-01T10:00:00Z"}
COMMANDS = ("login", "logout", "status", "index", "add", "remove", "unresolved", "simulate", "demo")


def lines(*items: object) -> str:
    return "\n".join(json.dumps(item) for item in items)


def test_the_help_names_every_command_and_the_version_is_one_line(terminal: Terminal) -> None:
    shown = terminal("--help")
    version = terminal("--version")

    assert shown.code == 0
    assert all(command in shown.out for command in COMMANDS)
    assert version == Ran(0, version.out, "")
    assert re.fullmatch(r"crosswatch-trakt \d+\.\d+\.\d+\n", version.out)


def test_an_index_in_a_pipe_is_one_line_an_item_with_times_of_the_accounts_zone(
    terminal: Terminal, trakt: Simulator
) -> None:
    printed = terminal("index", "history")
    elsewhere = terminal("index", "history", "--timezone", "UTC", "-v")

    assert (printed.code, elsewhere.code) == (0, 0)
    assert len(printed.rows) == len(trakt.account.plays) == 600
    key, kind, date, _, name = printed.rows[0]
    assert kind in ("movie", "episode")
    assert f"{kind}:" in key
    assert name
    assert date.endswith(("+01:00", "+02:00")), "the account lives in Europe/Berlin"
    assert elsewhere.rows[0][2].endswith("+00:00")
    assert "━" not in printed.err + elsewhere.err, "bars are for terminals"
    assert "[TRAKT:history] GET /sync/last_activities 200" in elsewhere.err
    assert "GET /sync/history/movies" not in elsewhere.err, "nothing had changed"


@pytest.mark.parametrize("feature", ["watchlist", "ratings", "history"])
def test_an_index_as_json_is_one_object_that_says_whether_it_is_whole(
    terminal: Terminal, trakt: Simulator, feature: str
) -> None:
    whole = terminal("index", feature, "--json").json
    trimmed = terminal("index", feature, "--json", "--limit", "3", "--since", "2001-01-31").json

    account = trakt.account
    there = {
        "watchlist": len(account.watchlist),
        "ratings": len(account.ratings),
        "history": len(account.plays),
    }
    assert set(whole) == {"feature", "as_of", "complete", "hidden", "set_aside", "stale", "items"}
    assert (whole["feature"], whole["complete"], whole["stale"]) == (feature, True, False)
    assert len(whole["items"]) == there[feature]
    assert trimmed["complete"] is False
    assert list(trimmed["items"]) == list(whole["items"])[:3]


def test_a_batch_ends_item_by_item_and_a_second_one_makes_nothing_twice(
    terminal: Terminal, trakt: Simulator
) -> None:
    batch = lines(FILM, FILM, {**FILM, "watched_at": None}, {**FILM, "ids": {"tmdb": 99999999}})
    plays = len(trakt.account.plays)
    foreseen = terminal("add", "history", "-", "--dry-run", stdin=batch)
    assert len(trakt.account.plays) == plays, "a dry run writes nothing"
    first = terminal("add", "history", "-", "--json", stdin=batch)
    second = terminal("add", "history", "-", stdin=batch)

    assert foreseen.code == first.code == second.code == 1
    fates = [row[1] for row in foreseen.rows if row[0] == "item"]
    assert fates == ["would be done", "would be done", "existing", "unresolved"], "every item is listed"
    report = first.json
    assert len(report["confirmed"]) == 1
    assert [one["reason"] for one in report["existing"]] == ["duplicate"]
    assert {one["reason"] for one in report["unresolved"]} == {"missing_watched_at", "not_found"}
    assert all(one["permanent"] and one["hint"] for one in report["unresolved"])
    assert len(trakt.account.plays) == plays + 1
    assert not any(row[0] == "confirmed" for row in second.rows)


def test_what_index_prints_is_taken_by_remove_and_one_play_leaves_the_others(
    terminal: Terminal, trakt: Simulator, tmp_path: Path
) -> None:
    film = max(
        trakt.catalogue.movies, key=lambda one: len({play.minute for play in trakt.account.plays.of(one)})
    )
    plays = trakt.account.plays.of(film)
    middle = plays[len(plays) // 2]
    index = terminal("index", "history", "--json").json
    index["items"] = {
        key: item for key, item in index["items"].items() if item.get("history_id") == middle.id
    }
    (tmp_path / "one.json").write_text(json.dumps(index))
    removed = terminal("remove", "history", "one.json")

    assert (removed.code, removed.rows) == (0, [["confirmed", "", "1"]])
    assert trakt.account.plays.of(film) == tuple(play for play in plays if play is not middle)


@pytest.mark.parametrize("feature", ["watchlist", "ratings"])
def test_lists_are_written_too(terminal: Terminal, trakt: Simulator, feature: str) -> None:
    show = next(one for one in trakt.catalogue.shows if one not in trakt.account.ratings)
    trakt.account.take_off_watchlist(show)
    item = json.dumps({"type": "show", "ids": {"tmdb": show.ids["tmdb"]}, "rating": 7})
    there = trakt.account.watchlist if feature == "watchlist" else trakt.account.ratings

    assert terminal("add", feature, "-", stdin=item).code == 0
    assert show in there
    assert terminal("remove", feature, "-", stdin=f"[{item}]").code == 0
    assert show not in there


def test_no_items_are_no_fault(terminal: Terminal) -> None:
    assert terminal("add", "history", "-", stdin="\n").code == 0


def test_what_is_unresolved_is_listed_tried_again_and_forgotten(terminal: Terminal, trakt: Simulator) -> None:
    trakt.catalogue.movie("A Late Arrival", 2026, tmdb=777_001)
    bad = {**FILM, "ids": {"tmdb": 777_002}}
    terminal("add", "history", "-", stdin=lines(bad, {**FILM, "ids": {"tmdb": 777_003}}))
    listed = terminal("unresolved", "list", "--json").json
    keys = [entry["key"] for entry in listed["history"]]
    one = terminal("unresolved", "list", "history", "--key", keys[0])
    trakt.catalogue.movie("Known By Now", 2026, tmdb=777_002)
    retried = terminal("unresolved", "retry", "history", "--json")
    cleared = terminal("unresolved", "clear", "--json")
    nothing = terminal("unresolved", "retry")

    assert [len(listed[name]) for name in ("watchlist", "ratings", "history")] == [0, 0, 2]
    assert len(one.rows) == 1
    assert retried.code == 1
    assert [len(retried.json[0][end]) for end in ("confirmed", "unresolved")] == [1, 1]
    assert cleared.json == {"watchlist": 0, "ratings": 0, "history": 1}
    assert (nothing.code, nothing.out) == (0, "")


def test_the_status_shows_account_limits_quota_and_what_is_stored(terminal: Terminal) -> None:
    terminal("index", "ratings")
    told = terminal("status", "--json")
    shown = terminal("status")

    assert told.code == shown.code == 0
    status = told.json
    assert (status["account"], status["vip"], status["status"]) == ("ann", False, "ok")
    assert status["limits"]
    assert status["quota"]["GET"]["allowed"] == 500
    [stored] = status["stored"]
    assert stored["features"]["ratings"]["items"] == 60
    assert stored["features"]["history"]["items"] is None
    assert any(name.endswith("trakt_ratings.index.json") for name in status["files"])
    assert ["account", "ann"] in shown.rows


def test_the_status_works_without_network_and_without_login(terminal: Terminal, tmp_path: Path) -> None:
    terminal("index", "ratings")
    offline = terminal("status", "--base-url", "http://127.0.0.1:9", "--json", "--set", "max_retries=0")
    nobody = terminal("status", "--json", CROSSWATCH_TRAKT_ACCESS_TOKEN="", CROSSWATCH_TRAKT_STATE_DIR="new")

    assert (offline.code, nobody.code) == (5, 3)
    assert offline.json["stored"][0]["features"]["ratings"]["items"] == 60
    assert "could not be reached" in offline.json["detail"]
    assert (nobody.json["account"], nobody.json["stored"]) == (None, [])
    assert not (tmp_path / "new").exists(), "a question makes no folder"


def login(terminal: Terminal, trakt: Simulator, decide: dict[str, str]) -> Ran:
    """Sign in as a person does, on the page that the command names."""
    process = terminal.start("login", CROSSWATCH_TRAKT_ACCESS_TOKEN="")
    assert process.stdout is not None
    said = process.stdout.readline().decode()
    found = re.search(r"Open (\S+) and enter (\S+) within 10 minutes", said)
    assert found is not None, said
    form = urlencode({"user_code": found[2], **decide}).encode()
    with urlopen(Request(found[1], form), timeout=10) as page:  # noqa: S310 - of the simulator
        assert page.status == 200
    out, err = process.communicate(timeout=60)
    return terminal.look(process.returncode, out, err)


def test_a_login_shows_address_and_code_and_logout_forgets_it(
    terminal: Terminal, trakt: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oauth, "DEVICE_INTERVAL_S", 1)
    denied = login(terminal, trakt, {"deny": "1"})
    signed_in = login(terminal, trakt, {})
    terminal.secrets = (*terminal.secrets, trakt.account.access_token, trakt.account.refresh_token)
    without_id = terminal("index", "ratings", CROSSWATCH_TRAKT_ACCESS_TOKEN="", CROSSWATCH_TRAKT_CLIENT_ID="")
    out = terminal("logout", CROSSWATCH_TRAKT_ACCESS_TOKEN="")
    again = terminal("logout", CROSSWATCH_TRAKT_ACCESS_TOKEN="")
    after = terminal("index", "ratings", CROSSWATCH_TRAKT_ACCESS_TOKEN="")

    assert denied.code == 3
    assert "denied" in denied.err
    assert signed_in.code == 0
    assert "Signed in as ann" in signed_in.out
    assert without_id.code == 0, "the login remembers its app"
    assert (out.code, out.out) == (0, "Signed out.\n")
    assert trakt.oauth.account_of(trakt.account.access_token) is None
    assert (again.code, again.out) == (0, "Nobody was signed in.\n")
    assert after.code == 3
    assert "crosswatch-trakt login" in after.err


def test_simulate_prints_what_it_takes_to_use_it(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, environment_in(tmp_path))
    server = terminal.start("simulate", "--plays", "30", "--ratings", "5", "--watchlist", "4", "-v")
    assert server.stdout is not None
    variables: dict[str, str] = {}
    for line in iter(server.stdout.readline, b""):
        found = re.fullmatch(r"export (\w+)=(\S+)", line.decode().strip())
        if found and found[1] != "CROSSWATCH_TRAKT_STATE_DIR":
            variables[found[1]] = found[2]
        if line.startswith(b"Ctrl-C"):
            break
    index = terminal("index", "history", CROSSWATCH_TRAKT_STATE_DIR="state", **variables)
    port = variables["CROSSWATCH_TRAKT_BASE_URL"].rpartition(":")[2]
    taken = terminal("simulate", "--port", port)
    time.sleep(0.5)  # the log of requests is looked at five times a second
    ended, took_s = terminal.interrupt(server)

    assert len(index.rows) == 30
    assert taken.code == 2
    assert "cannot be used" in taken.err
    assert (ended.code, took_s < 2) == (130, True)
    assert "GET /sync/history/movies?" in ended.err


def test_the_demo_does_the_main_job_and_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    start = time.monotonic()
    shown = Terminal(tmp_path, environment_in(tmp_path))("demo")
    took_s = time.monotonic() - start

    assert shown.code == 0, shown.out
    assert took_s < 60
    assert "FAIL" not in shown.out
    rows = [row for row in shown.rows if len(row) == 7]
    assert {row[5] for row in rows if row[0] == "index again"} == {"unchanged"}
    assert [row[2] for row in rows if row[0] == "index"] == ["150", "400", "2000"]
    assert "What to do next" in shown.out
    assert [path.name for path in tmp_path.iterdir()] == ["home"]
    assert not any((tmp_path / "home").iterdir())


def test_a_reader_that_leaves_early_is_no_fault(terminal: Terminal, trakt: Simulator) -> None:
    terminal("index", "history")
    process = terminal.start("index", "history", "--json")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    err = process.stderr.read()

    assert (process.wait(timeout=30), err) == (0, b"")
    for stream in (process.stdin, process.stderr):
        assert stream is not None
        stream.close()


def test_two_terminals_at_once_make_nothing_twice(terminal: Terminal, trakt: Simulator) -> None:
    batch = lines(*({**FILM, "watched_at": f"2026-02-{day:02}T10:00:00Z"} for day in range(1, 29)))
    plays = len(trakt.account.plays)
    reports: list[Ran] = []
    both = [
        threading.Thread(
            target=lambda: reports.append(terminal("add", "history", "-", "--json", stdin=batch))
        )
        for _ in range(2)
    ]
    for one in both:
        one.start()
    for one in both:
        one.join(timeout=60)

    assert len(trakt.account.plays) == plays + 28
    assert [report.code for report in reports] == [0, 0]
    assert sum(len(report.json["confirmed"]) for report in reports) == 28


def test_a_stale_index_is_given_only_if_asked_for_and_says_so(terminal: Terminal) -> None:
    terminal("index", "ratings")
    away = {"CROSSWATCH_TRAKT_BASE_URL": "http://127.0.0.1:9", "CROSSWATCH_TRAKT_MAX_RETRIES": "0"}
    refused = terminal("index", "ratings", "--json", **away)
    allowed = terminal("index", "ratings", "--json", "--allow-stale", **away)

    assert (refused.code, refused.out) == (5, "")
    assert (allowed.code, allowed.json["stale"], len(allowed.json["items"])) == (0, True, 60)
    assert "could not be asked" in allowed.err


def test_the_module_and_the_script_are_one(terminal: Terminal) -> None:
    script = Path(subprocess.sys.executable).parent / "crosswatch-trakt"  # type: ignore[attr-defined]
    if not script.exists():
        pytest.skip("installed without scripts")
    done = subprocess.run([script, "--version"], capture_output=True, env=terminal.environment, check=True)
    assert done.stdout.decode() == terminal("--version").out


def test_what_is_unresolved_is_listed_and_cleared_without_a_sign_in(terminal: Terminal) -> None:
    """It lies on this computer; where several accounts do, only a sign-in tells whose is meant."""
    terminal("add", "history", "-", stdin='{"type": "movie", "ids": {"tmdb": 501001}}')
    del terminal.environment["CROSSWATCH_TRAKT_ACCESS_TOKEN"]
    listed = terminal("unresolved", "list", "history", "--json")
    state = terminal.folder / "state"
    (own,) = (path for path in state.iterdir() if path.is_dir())
    (state / "of-trakt-itself").mkdir()
    another = own.with_name(f"another@{own.name.partition('@')[2]}")
    another.mkdir()
    two = terminal("unresolved", "list")
    another.rmdir()
    cleared = terminal("unresolved", "clear", "history")

    assert (listed.code, [entry["reason"] for entry in listed.json["history"]]) == (0, ["missing_watched_at"])
    assert two.code == 3
    assert (cleared.code, cleared.rows) == (0, [["history", "1 forgotten"]])
    assert terminal("unresolved", "list", "history").out == ""
