"""`simulate --faults`: the list, a wrong SPEC, and one that is served."""

from http.client import HTTPConnection
from pathlib import Path

import pytest

from crosswatch_trakt.adapters.cli import simulate
from crosswatch_trakt.adapters.cli.app import run
from crosswatch_trakt.adapters.simulator.spec_words import STATUS, WORDS, Word
from tests.simulation.test_spec import FULL

PAGE = Path(__file__).parents[2] / "docs" / "simulator.md"
SMALL = ("--plays", "30", "--ratings", "5", "--watchlist", "4")
TITLES = (  # of the tables of the page, and the words in them
    ("One answer goes wrong", lambda word: "method" in word.marks and not word.once),
    ("Once", lambda word: word.once),
    ("Lists", lambda word: "path" in word.marks and "method" not in word.marks and not word.once),
    ("All the time", lambda word: not word.marks),
)


def every_word() -> list[Word]:
    return [STATUS, *WORDS.values()]


def test_the_list_has_a_line_for_each_name(capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["simulate", "--faults", "list"])
    lines = capsys.readouterr().out.splitlines()

    assert code == 0
    assert len(lines) == len(every_word())
    for line, word in zip(lines, every_word(), strict=True):
        assert line.startswith(f"{word.form} ")
        assert line.endswith(word.does)
        assert len(line) <= 120


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hiden=3", "there is no 'hiden', the nearest is 'hidden'"),
        ("502, lag=soon", "lag takes seconds, above 0 and up to 86,400, not 'soon'"),
        ("\x1b[31m", "there is no"),
    ],
)
def test_a_wrong_spec_is_2_and_one_line(text: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["simulate", "--faults", text])
    shown = capsys.readouterr()

    assert (code, shown.out) == (2, "")
    assert words in shown.err
    assert "\x1b" not in shown.err
    assert len(shown.err.splitlines()) == 1


def test_what_goes_wrong_is_told_and_goes_wrong(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[int] = []

    def look(_: object) -> object:
        """In place of the wait for Ctrl-C: one request."""
        shown = capsys.readouterr().out
        base_url, client_id, token = (
            shown.split(word)[1].split()[0] for word in ("listens on", "client id", "access token")
        )
        headers = {
            "User-Agent": "simulation/1.0",
            "trakt-api-key": client_id,
            "trakt-api-version": "2",
            "Authorization": f"Bearer {token}",
        }
        connection = HTTPConnection(base_url.removeprefix("http://"), timeout=5)
        connection.request("GET", "/sync/history", headers=headers)
        seen.append(connection.getresponse().status)
        connection.close()
        print(shown)
        raise KeyboardInterrupt

    monkeypatch.setattr(simulate, "opening", look)
    code = run(["simulate", *SMALL, "--seed", "7", "--faults", "503x1, token=60, hidden=2"])

    assert (code, seen) == (130, [503])
    assert "What goes wrong, by seed 7: 503 x1, token=60, hidden=2" in capsys.readouterr().out


# --- the page


def test_the_tables_of_the_page_hold_every_name_in_its_place() -> None:
    text = PAGE.read_text("utf-8")
    for title, belongs in TITLES:
        rows = [
            f"| `{word.form.replace('|', chr(92) + '|')}` | {word.does} |"
            for word in every_word()
            if belongs(word)
        ]
        assert "\n".join(rows) in text, title
    assert sum(sum(belongs(word) for _, belongs in TITLES) for word in every_word()) == len(every_word())
    assert FULL in text
