"""The composition root: which adapter fills which port, and what lives how long.

Two containers: what is known before the account is (`Connection`), and the account's own (`Holdings`).
Only here is dependency-injector imported, and only when an account is opened. There is no `wire()`: use
cases are made here and handed over.
"""

import random
from collections.abc import Callable
from datetime import tzinfo
from pathlib import Path

from dependency_injector import containers, providers
from platformdirs import user_state_path

from crosswatch_trakt.adapters.clock import SystemClock
from crosswatch_trakt.adapters.history import SqliteHistory
from crosswatch_trakt.adapters.http import RequestsTransport, pooled_session
from crosswatch_trakt.adapters.journal import FileJournal
from crosswatch_trakt.adapters.progress import SilentProgress
from crosswatch_trakt.adapters.state import FileState
from crosswatch_trakt.adapters.tokens import DOCUMENT, FileTokens
from crosswatch_trakt.application.account import Account
from crosswatch_trakt.application.features import FEATURES
from crosswatch_trakt.application.identity import Identify, ListCapacity, fingerprint
from crosswatch_trakt.application.index.history import ROWS_FILE, IndexHistory
from crosswatch_trakt.application.index.lists import IndexList, RatingsSource, WatchlistSource
from crosswatch_trakt.application.index.reading import ReadHistory
from crosswatch_trakt.application.ports import (
    Clock,
    HistoryStore,
    HttpTransport,
    Journal,
    Note,
    Progress,
    StateStore,
    Tokens,
    TokenStore,
)
from crosswatch_trakt.application.settings import Settings, first_zone, server_suffix
from crosswatch_trakt.application.trakt.activities import TraktStamps
from crosswatch_trakt.application.trakt.call import Caller
from crosswatch_trakt.application.trakt.catalogue import TraktCatalogue
from crosswatch_trakt.application.trakt.gate import Gate, Gates
from crosswatch_trakt.application.trakt.lists import TraktLists
from crosswatch_trakt.application.trakt.pages import PageReader
from crosswatch_trakt.application.trakt.person import Person
from crosswatch_trakt.application.trakt.recent import Recent
from crosswatch_trakt.application.trakt.stats import TraktCounts
from crosswatch_trakt.application.trakt.writes import TraktWrites
from crosswatch_trakt.application.write.collection import CollectPlays
from crosswatch_trakt.application.write.doubt import SettleDoubts
from crosswatch_trakt.application.write.episodes import Episodes
from crosswatch_trakt.application.write.history import AddPlays, BatchSizes
from crosswatch_trakt.application.write.lists import WriteList
from crosswatch_trakt.application.write.once import SendOnce
from crosswatch_trakt.application.write.removal import RemovePlays
from crosswatch_trakt.application.write.unresolved import UnresolvedBook
from crosswatch_trakt.domain.guard import RemovalGuard
from crosswatch_trakt.domain.payloads import Target

APP = "crosswatch-trakt"
STATE = ".cw_state"

PROCESS_GATES = Gates()  # one gate per account and process, whoever opens it


def _folder(settings: Settings) -> Path:
    if settings.state_dir is not None:
        return Path(settings.state_dir).expanduser()
    return user_state_path(APP) / STATE


def _state(folder: Path, progress: Progress) -> FileState:
    def waits(name: str) -> None:
        feature = next((feature for feature in FEATURES if feature in name), "account")
        progress.tell(Note(feature, f"Another run is at work here ({name}); this one waits for it to end."))

    return FileState(folder, waits)


def _given(settings: Settings) -> Tokens | None:
    if settings.access_token is None:
        return None
    return Tokens(settings.access_token, settings.refresh_token, settings.expires_at, settings.client_id)


def _tokens_file(settings: Settings) -> str:
    """Each server has its own: else a login at one for trying things out would take the place of Trakt's."""
    name, dot, kind = DOCUMENT.partition(".")
    return f"{name}{server_suffix(settings.base_url)}{dot}{kind}"


def _gate(gates: Gates, tokens: TokenStore, settings: Settings, clock: Clock) -> Gate:
    """The gate of the token in use; an account that is known by then has joined it."""

    def make() -> Gate:
        return Gate(clock, settings.gets_per_5_min, settings.writes_per_sec)

    loaded = tokens.load().value_or(None)
    if loaded is None:
        return make()
    return gates.of(gate_name(settings, fingerprint(loaded.access_token)), make)


def gate_name(settings: Settings, name: str) -> str:
    """What a token or an account is called among the gates: accounts of two servers are two."""
    return f"{settings.base_url} {name}"


class Connection(containers.DeclarativeContainer):
    """What it takes to talk to Trakt, before it is known for whom."""

    settings = providers.Dependency(instance_of=Settings)
    gates: providers.Provider[Gates] = providers.Object(PROCESS_GATES)
    clock: providers.Provider[Clock] = providers.ThreadSafeSingleton(SystemClock)
    progress: providers.Provider[Progress] = providers.ThreadSafeSingleton(SilentProgress)
    chance: providers.Provider[Callable[[], float]] = providers.Object(random.random)

    folder = providers.ThreadSafeSingleton(_folder, settings)
    state: providers.Provider[StateStore] = providers.ThreadSafeSingleton(_state, folder, progress)
    tokens: providers.Provider[TokenStore] = providers.ThreadSafeSingleton(
        FileTokens, state, providers.Callable(_given, settings), providers.Callable(_tokens_file, settings)
    )
    session = providers.Resource(pooled_session, settings.provided.page_threads)
    transport: providers.Provider[HttpTransport] = providers.ThreadSafeSingleton(RequestsTransport, session)
    gate = providers.ThreadSafeSingleton(_gate, gates, tokens, settings, clock)
    caller = providers.ThreadSafeSingleton(Caller, settings, transport, clock, tokens, progress, gate, chance)
    identify = providers.Factory(Identify, caller, state, progress)


def _account_folder(folder: Path, person: Person) -> Path:
    return folder / person.folder


def _history(folder: Path, progress: Progress) -> SqliteHistory:
    def rebuilt(cause: str) -> None:
        progress.tell(Note("history", f"{ROWS_FILE} could not be used ({cause}); it is made again."))

    return SqliteHistory(folder / ROWS_FILE, rebuilt)


def _journal_folder(folder: Path) -> Path:
    """A folder of its own: a host that clears caches must not take it."""
    return folder / "journal"


def _recent(caller: Caller) -> Recent:
    return caller.gate.recent


def _zone(settings: Settings, person: Person) -> tzinfo:
    return first_zone(settings.timezone, person.timezone)


def _one_play_a_title(person: Person) -> bool:
    return person.watch_only_once is True


def _collected(settings: Settings) -> tuple[str, ...]:
    return settings.history_collection_types if settings.history_collection else ()


class Holdings(containers.DeclarativeContainer):
    """What belongs to one account."""

    settings = providers.Dependency(instance_of=Settings)
    person = providers.Dependency(instance_of=Person)
    caller = providers.Dependency(instance_of=Caller)
    clock: providers.Provider[Clock] = providers.Dependency()
    progress: providers.Provider[Progress] = providers.Dependency()
    folder = providers.Dependency(instance_of=Path)
    identify = providers.Dependency(instance_of=Identify)

    own_folder = providers.ThreadSafeSingleton(_account_folder, folder, person)
    state: providers.Provider[StateStore] = providers.ThreadSafeSingleton(_state, own_folder, progress)
    store: providers.Provider[HistoryStore] = providers.ThreadSafeSingleton(_history, own_folder, progress)
    journal: providers.Provider[Journal] = providers.ThreadSafeSingleton(
        FileJournal, providers.Callable(_journal_folder, own_folder)
    )
    recent = providers.Callable(_recent, caller)
    zone = providers.ThreadSafeSingleton(_zone, settings, person)

    lists = providers.Factory(
        TraktLists, providers.Factory(PageReader, caller, settings.provided.page_threads)
    )
    stamps = providers.Factory(TraktStamps, caller, clock)
    counts = providers.Factory(TraktCounts, caller, lists)
    writes = providers.Factory(TraktWrites, caller)
    episodes = providers.Factory(
        Episodes, providers.Factory(TraktCatalogue, caller), store, state, clock, progress
    )

    index_watchlist = providers.Factory(
        IndexList,
        providers.Factory(WatchlistSource, lists, settings.provided.verify),
        stamps,
        state,
        recent,
        clock,
        progress,
    )
    index_ratings = providers.Factory(
        IndexList,
        providers.Factory(RatingsSource, lists, counts, settings.provided.verify),
        stamps,
        state,
        recent,
        clock,
        progress,
    )
    index_history = providers.Factory(
        IndexHistory,
        providers.Factory(ReadHistory, lists, stamps, progress),
        stamps,
        counts,
        store,
        journal,
        state,
        recent,
        clock,
        progress,
        settings.provided.verify,
    )

    book = providers.Factory(UnresolvedBook, state=state, clock=clock, progress=progress)
    watchlist_book = providers.Factory(book, feature="watchlist")
    ratings_book = providers.Factory(book, feature="ratings")
    history_book = providers.Factory(book, feature="history")

    guard = providers.Factory(
        RemovalGuard, settings.provided.removal_guard_share, settings.provided.removal_guard_min
    )
    write_watchlist = providers.Factory(
        WriteList,
        feature="watchlist",
        target=Target.WATCHLIST,
        batch_size=settings.provided.watchlist_batch_size,
        index=index_watchlist,
        writes=writes,
        recent=recent,
        trust_s=settings.provided.write_trust_s,
        book=watchlist_book,
        zone=zone,
        guard=guard,
        capacity=providers.Factory(ListCapacity, identify, person, "watchlist"),
    )
    write_ratings = providers.Factory(
        write_watchlist,
        feature="ratings",
        target=Target.RATINGS,
        batch_size=settings.provided.ratings_chunk_size,
        index=index_ratings,
        book=ratings_book,
        capacity=providers.Factory(ListCapacity, identify, person, "ratings"),
    )
    collect = providers.Factory(
        CollectPlays,
        types=providers.Callable(_collected, settings),
        store=store,
        lists=lists,
        writes=writes,
        recent=recent,
        state=state,
        progress=progress,
        batch_size=settings.provided.history_chunk_size,
        trust_s=settings.provided.write_trust_s,
    )
    doubts = providers.Factory(
        SettleDoubts,
        lists=lists,
        stamps=stamps,
        store=store,
        journal=journal,
        clock=clock,
        settle_wait_s=settings.provided.settle_wait_s,
        resend_after_s=settings.provided.resend_after_s,
    )
    once = providers.Factory(
        SendOnce,
        history=index_history,
        stamps=stamps,
        store=store,
        journal=journal,
        state=state,
        writes=writes,
        doubts=doubts,
        recent=recent,
        clock=clock,
        trust_s=settings.provided.write_trust_s,
        by_numbers=settings.provided.history_number_fallback,
        near_minutes=settings.provided.history_near_minutes,
    )
    add_plays = providers.Factory(
        AddPlays,
        once=once,
        history=index_history,
        store=store,
        episodes=episodes.provider,
        collect=collect,
        recent=recent,
        book=history_book,
        clock=clock,
        zone=zone,
        sizes=providers.Factory(
            BatchSizes, settings.provided.history_chunk_size, settings.provided.history_chunk_max
        ),
        trust_s=settings.provided.write_trust_s,
        one_play_a_title=providers.Callable(_one_play_a_title, person),
    )
    remove_plays = providers.Factory(
        RemovePlays,
        history=index_history,
        store=store,
        journal=journal,
        state=state,
        lists=lists,
        writes=writes,
        episodes=episodes.provider,
        collect=collect,
        recent=recent,
        book=history_book,
        zone=zone,
        batch_size=settings.provided.history_chunk_size,
        trust_s=settings.provided.write_trust_s,
        guard=guard,
        doubts=doubts,
        stamps=stamps,
        clock=clock,
    )
    account = providers.ThreadSafeSingleton(
        Account,
        person,
        caller,
        clock,
        zone,
        index_watchlist,
        index_ratings,
        index_history,
        write_watchlist,
        write_ratings,
        add_plays,
        remove_plays,
        providers.Dict(watchlist=watchlist_book, ratings=ratings_book, history=history_book),
        episodes.provider,
        store,
        state,
    )


def connect(
    settings: Settings,
    *,
    progress: Progress | None = None,
    transport: HttpTransport | None = None,
    clock: Clock | None = None,
    gates: Gates | None = None,
    tokens: Callable[[StateStore], TokenStore] | None = None,
    around: Callable[[HttpTransport], HttpTransport] | None = None,
) -> Connection:
    """A connection with the usual adapters, or those given in their place. Close its resources.

    `tokens` makes a store of the one above all accounts; `around` goes between us and the transport.
    """
    connection = Connection(settings=settings)
    given = (
        (connection.progress, progress),
        (connection.transport, transport),
        (connection.clock, clock),
        (connection.gates, gates),
    )
    for provider, adapter in given:
        if adapter is not None:
            provider.override(providers.Object(adapter))
    if tokens is not None:
        connection.tokens.override(providers.ThreadSafeSingleton(tokens, connection.state))
    if around is not None and transport is None:
        plain = providers.ThreadSafeSingleton(RequestsTransport, connection.session)
        connection.transport.override(providers.ThreadSafeSingleton(around, plain))
    connection.init_resources()
    return connection


def hold(connection: Connection, person: Person) -> Account:
    """The account of this connection; its gate is the one of the account from now on."""
    settings, caller, tokens = connection.settings(), connection.caller(), connection.tokens()
    loaded = tokens.load().value_or(None)
    if loaded is not None:
        token = fingerprint(loaded.access_token)
        names = gate_name(settings, token), gate_name(settings, person.account)
        caller.gate = connection.gates().join(caller.gate, *names)
    return Holdings(
        settings=settings,
        person=person,
        caller=caller,
        clock=connection.clock(),
        progress=connection.progress(),
        folder=connection.folder(),
        identify=connection.identify(),
    ).account()
