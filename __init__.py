"""A Trakt provider that cannot lose or double what you watched.

from crosswatch_trakt import Settings, TraktAccount

with TraktAccount.open(Settings(client_id="…")) as trakt:
    for key, item in trakt.index("history").items(): ...
"""

from crosswatch_trakt.adapters.library import TraktAccount, TraktError
from crosswatch_trakt.application.health import Health
from crosswatch_trakt.application.index.index import Index
from crosswatch_trakt.application.settings import Settings
from crosswatch_trakt.application.write.report import Report
from crosswatch_trakt.domain.outcomes import Outcome
from crosswatch_trakt.domain.problems import Problem
from crosswatch_trakt.domain.unresolved import Unresolved

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
