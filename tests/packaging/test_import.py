"""What `import crosswatch_trakt` gives, and what it does not drag into everyone's process."""

import subprocess
import sys

import pytest

import crosswatch_trakt

HEAVY = (
    "requests",
    "sqlite3",
    "dependency_injector",
    "typer",
    "rich",
    "hypothesis",
    "crosswatch_trakt.adapters.container",
    "crosswatch_trakt.adapters.cli",
    "crosswatch_trakt.adapters.simulator",
)
NOT_YET = (  # the use cases
    "crosswatch_trakt.application.account",
    "crosswatch_trakt.application.index.history",
    "crosswatch_trakt.application.write.once",
)


def test_the_root_exports_these_names_and_no_others() -> None:
    assert crosswatch_trakt.__all__ == [
        "Health",
        "Index",
        "Outcome",
        "Problem",
        "Report",
        "Settings",
        "TraktAccount",
        "TraktError",
        "Unresolved",
    ]
    assert all(hasattr(crosswatch_trakt, name) for name in crosswatch_trakt.__all__)


def test_the_root_has_nothing_that_it_does_not_export() -> None:
    assert set(crosswatch_trakt.__all__) <= set(dir(crosswatch_trakt))
    with pytest.raises(AttributeError, match="module 'crosswatch_trakt' has no attribute 'Account'"):
        crosswatch_trakt.Account  # type: ignore[attr-defined]  # noqa: B018


@pytest.mark.parametrize(
    ("imported", "absent"),
    [
        ("import crosswatch_trakt", (*HEAVY, *NOT_YET, "msgspec", "returns")),
        ("from crosswatch_trakt import Settings, TraktAccount, TraktError", (*HEAVY, *NOT_YET)),
        ("from crosswatch_trakt import *", HEAVY),
        ("import crosswatch_trakt.adapters.crosswatch", (*HEAVY, *NOT_YET)),
    ],
)
def test_what_is_heavy_is_imported_only_when_an_account_is_opened(
    imported: str, absent: tuple[str, ...]
) -> None:
    look = f"{imported}\nimport sys; print([name for name in {absent} if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)

    assert loaded.stdout.strip() == "[]"
