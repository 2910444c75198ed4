"""A Trakt provider that cannot lose or double what you watched.

from crosswatch_trakt import Settings, TraktAccount

with TraktAccount.open(Settings(client_id="…")) as trakt:
    for key, item in trakt.index("history").items(): ...

What stands here is imported when it is first asked for: whoever imports a part does not pay for all.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crosswatch_trakt.adapters.library import TraktAccount, TraktError
    from crosswatch_trakt.application.health import Health
    from crosswatch_trakt.application.index.index import Index
    from crosswatch_trakt.application.settings import Settings
    from crosswatch_trakt.application.write.report import Report
    from crosswatch_trakt.domain.outcomes import Outcome
    from crosswatch_trakt.domain.problems import Problem
    from crosswatch_trakt.domain.unresolved import Unresolved
else:  # hidden from type checkers, which would take any name for one of ours
    _HOMES = {
        "Health": "application.health",
        "Index": "application.index.index",
        "Outcome": "domain.outcomes",
        "Problem": "domain.problems",
        "Report": "application.write.report",
        "Settings": "application.settings",
        "TraktAccount": "adapters.library",
        "TraktError": "adapters.library",
        "Unresolved": "domain.unresolved",
    }

    def __getattr__(name):
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        return globals()[name]

    def __dir__():
        return sorted({*globals(), *_HOMES})


__all__ = [
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
