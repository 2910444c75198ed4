"""A shell of its own for the examples: it knows what they use, and refuses all else.

Every command of ours runs in this process, through the same door as the program's, with a gate of its own
as a process would have.
"""

import io
import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from crosswatch_trakt.adapters.cli.app import run
from crosswatch_trakt.adapters.container import Connection
from crosswatch_trakt.application.trakt.gate import Gates
from crosswatch_trakt.application.version import PROGRAM
from tests.docs.pages import ROOT

YOURS = "…"  # in an example: what only the reader knows
EXIT_CODE = re.compile(r"#.*exit code (\d+)")


@dataclass
class Shell:
    """A terminal in a folder, signed in as the environment says."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    said: list[str] = field(default_factory=list)  # what the last line said on stderr

    def __call__(self, line: str) -> str:
        """Do a line; gives what it printed. It must end with the code that it names, else with 0."""
        told = EXIT_CODE.search(line)
        code, printed = 0, ""
        for words in split(line):
            words, target = _redirected(words)
            code, printed = self._do(words, printed)
            if target is not None:
                (self.folder / target).write_text(printed, "utf-8")
        assert code == (int(told[1]) if told else 0), f"{line}: {code}, {self.said}"
        return printed

    def _do(self, words: list[str], stdin: str) -> tuple[int, str]:
        match words:
            case [program, *arguments] if program == PROGRAM:
                return self._run(arguments, stdin)
            case ["export", assigned]:
                name, _, value = assigned.partition("=")
                if value != YOURS:
                    self.monkeypatch.setenv(name, value)
                return 0, ""
            case ["echo", text]:
                return 0, f"{text}\n"
            case ["make", target]:
                assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text("utf-8"), re.M), target
                return 0, ""
            case _:
                raise AssertionError(f"an example that nobody has tried: {words}")

    def _run(self, arguments: list[str], stdin: str) -> tuple[int, str]:
        self.monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        self.capsys.readouterr()
        with Connection.gates.override(Gates()):
            code = run(arguments)
        shown = self.capsys.readouterr()
        self.said = shown.err.splitlines()
        return code, shown.out


def split(line: str) -> Iterator[list[str]]:
    """The commands of a line, between its pipes."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|>")
    lexer.commenters, lexer.whitespace_split = "#", True
    words: list[str] = []
    for word in lexer:
        if word == "|":
            yield words
            words = []
        else:
            words.append(word)
    if words:
        yield words


def _redirected(words: list[str]) -> tuple[list[str], str | None]:
    return (words[:-2], words[-1]) if len(words) > 2 and words[-2] == ">" else (words, None)
