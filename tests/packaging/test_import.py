"""What `import crosswatch_trakt` gives, and what it does not drag into everyone's process."""

import subprocess
import sys

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


def test_what_is_heavy_is_imported_only_when_an_account_is_opened() -> None:
    look = f"import sys, crosswatch_trakt; print([name for name in {HEAVY} if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)

    assert loaded.stdout.strip() == "[]"
