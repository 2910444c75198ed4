"""The files that CrossWatch's own pages read: its analyzer, its insights, its editor.

They are copies for these readers, in their names and shapes; what we remember ourselves lies in a folder
beside them and hangs on the account. Nothing is kept outside a pair's run. A user clears a provider's
cache by deleting these files, so their absence is an order to read everything anew.
"""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
from returns.pipeline import is_successful
from returns.result import Result

from crosswatch_trakt.adapters.crosswatch import host
from crosswatch_trakt.adapters.crosswatch.host import Config
from crosswatch_trakt.adapters.crosswatch.index import EngineIndex
from crosswatch_trakt.adapters.crosswatch.sessions import Session
from crosswatch_trakt.adapters.library import TraktError
from crosswatch_trakt.adapters.state import FileState
from crosswatch_trakt.application.features import Feature
from crosswatch_trakt.application.trakt.recent import NEEDED
from crosswatch_trakt.domain.problems import StateUnwritable

if TYPE_CHECKING:
    from crosswatch_trakt.application.account import AnyIndex

CACHE_MARK = "trakt.cache"
LIMIT_FILE = "trakt_last_limit_error.json"
WATERMARKS = "trakt.watermarks"
NAMES: Mapping[Feature, str] = {
    "watchlist": "trakt_watchlist.shadow",
    "ratings": "trakt_ratings.index",
    "history": "trakt_history.index",
}
HISTORY_SCHEMA = 2


def keep_index(
    session: Session, view: Config, feature: Feature, told: EngineIndex, whole: "AnyIndex"
) -> None:
    """Write the copy of an index, if it has changed or is not there; what cannot be written is logged."""
    scope = host.pair_scope(view)
    if session.folder is None or scope is None:
        return
    name, state = f"{NAMES[feature]}.{scope}.json", FileState(session.folder)
    readings = session.count_readings(feature, 1 if whole.fetched else 0)
    unread = not session.is_news(f"{name}: readings", readings) or readings == 0  # for another pair neither
    if unread and (session.folder / name).exists():
        return
    stamps = _stamps(session)
    marks = watermarks(stamps)
    for file, rows, document in (
        (name, told, _document(feature, told, whole, stamps)),
        (f"{WATERMARKS}.{scope}.json", marks, marks),
    ):
        digest = hashlib.sha256(msgspec.json.encode(rows)).digest()
        if session.is_news(file, digest) or not (session.folder / file).exists():
            _said(state.write(file, msgspec.json.encode(document)), feature)


def note_limit(session: Session, view: Config, feature: Feature) -> None:
    """Remember that the account is full."""
    if session.folder is not None and host.pair_scope(view) is not None:
        note = {"feature": feature, "ts": session.now()}
        _said(FileState(session.folder).write(LIMIT_FILE, msgspec.json.encode(note)), feature)


def heed_cleared_cache(session: Session, view: Config) -> None:
    """Forget our indexes too, if the user has cleared CrossWatch's cache. Where no mark can be left that it
    was heeded, it is not: else everything would be read anew each time.
    """
    if session.folder is None or host.pair_scope(view) is None:
        return
    name = f"{CACHE_MARK}.{session.account.person.folder}.json"
    if (session.folder / name).exists():
        return
    note = "delete this file to have everything read from Trakt anew"
    mark = {"schema": 1, "note": note, "since": session.now()}
    written = FileState(session.folder).write(name, msgspec.json.encode(mark))
    _said(written, "history")
    if is_successful(written):
        session.account.forget_indexes()


def watermarks(stamps: Mapping[str, str]) -> dict[str, str]:
    """When each feature was last changed, of the stamps of `last_activities`."""
    newest = {feature: max(stamps.get(name, "") for name in names) for feature, names in NEEDED.items()}
    return {feature: stamp for feature, stamp in newest.items() if stamp}


def _stamps(session: Session) -> Mapping[str, str]:
    with suppress(TraktError):
        return session.account.activities()
    return {}


def _document(
    feature: Feature, told: EngineIndex, whole: "AnyIndex", stamps: Mapping[str, str]
) -> dict[str, object]:
    made = int(whole.as_of.timestamp())
    match feature:
        case "watchlist":
            return {"etag": "", "ts": made, "items": told}
        case "ratings":
            rated = {name.partition(".")[0]: stamps.get(name, "") for name in NEEDED["ratings"]}
            return {"generated_at": _iso(made), "items": told, "wm": rated}
        case "history":
            return {
                "schema": HISTORY_SCHEMA,
                "generated_at": _iso(made),
                "validated_at": _iso(made),
                "wm": {"watched_at": watermarks(stamps).get("history", "")},
                "items": told,
            }


def _said(written: Result[None, StateUnwritable], feature: str) -> None:
    problem = written.swap().value_or(None)
    if problem is not None:
        host.log(feature, "warn", "state_unwritable", problem=problem.cause)


def _iso(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat().replace("+00:00", "Z")
