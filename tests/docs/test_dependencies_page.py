"""`docs/dependencies.md` gives a reason for every library that is installed, and for no other."""

import re
import tomllib

from tests.docs.pages import ROOT, sections, text_of

PAGE = "docs/dependencies.md"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[<>=]", one)[0] for one in requirements}


def test_every_library_has_its_reason_and_no_other_has_one() -> None:
    assert {row[0] for one in sections(PAGE) for row in one.rows} == names(PROJECT["dependencies"])


def test_every_tool_of_developers_is_named() -> None:
    assert [
        name for name in names(PROJECT["optional-dependencies"]["dev"]) if name not in text_of(PAGE)
    ] == []


def test_the_lowest_python_is_the_one_that_the_readme_says() -> None:
    assert f"Python {PROJECT['requires-python'].removeprefix('>=')} or newer" in text_of("README.md")
