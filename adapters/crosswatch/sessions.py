"""The accounts that are open: one for each profile and its settings, kept between the engine's calls.

The engine calls anew for each hundred items, with a view of a moment ago. Whose view it is says the
profile that it names, or the token in it: one that stands in the configuration now, or stood there when
we last looked. A token that is nobody's is used as it is, and never refreshed.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock

from crosswatch_trakt.adapters.crosswatch import host
from crosswatch_trakt.adapters.crosswatch.host import Config
from crosswatch_trakt.adapters.crosswatch.telling import CancellableClock, PacedTransport, Teller
from crosswatch_trakt.adapters.crosswatch.tokens import ConfigTokens, pair_in
from crosswatch_trakt.adapters.crosswatch.view import is_trakt_itself, profiles_in, read_view
from crosswatch_trakt.adapters.library import TraktAccount
from crosswatch_trakt.application.identity import fingerprint
from crosswatch_trakt.application.ports import Clock, HttpTransport, Tokens
from crosswatch_trakt.application.settings import Settings
from crosswatch_trakt.application.trakt.gate import Gates

NAMED = "_cw_provider_instance"  # where a view names its profile itself
OPEN_MAX = 16


@dataclass(frozen=True, slots=True)
class Session:
    """An open account, and how to tell of what is done with it."""

    account: TraktAccount
    settings: Settings  # without tokens
    teller: Teller
    folder: Path | None  # where CrossWatch's providers keep what they remember
    clock: Clock
    profile: str | None  # None: it cannot be told
    _said: dict[str, object] = field(default_factory=dict)
    _readings: dict[str, int] = field(default_factory=dict)

    def is_news(self, subject: str, what: object) -> bool:
        """Whether this was not the last that was asked of the subject; from now on it is."""
        news = self._said.get(subject) != what
        self._said[subject] = what
        return news

    def count_readings(self, feature: str, more: int) -> int:
        """How often a feature was read anew here, with so many more."""
        self._readings[feature] = self._readings.get(feature, 0) + more
        return self._readings[feature]

    def now(self) -> int:
        """The time of day, in epoch seconds."""
        return int(self.clock.now().timestamp())


@dataclass(slots=True)
class Sessions:
    """Opens accounts, each once. The next three stand in for the usual ones in tests."""

    context: object = None  # what the engine injected last
    transport: HttpTransport | None = None
    clock: Clock | None = None
    gates: Gates | None = None
    _open: dict[tuple[str, Settings], Session] = field(default_factory=dict)
    _profiles: dict[str, str] = field(default_factory=dict)  # fingerprint of a token → its profile
    _warned: set[tuple[str, ...]] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)

    def of(self, view: Config) -> Session:
        """The account of the profile in a view."""
        read = read_view(view)
        if read.wrong and read.wrong not in self._warned:
            self._warned.add(read.wrong)
            host.log("config", "warn", "settings_ignored", names=", ".join(read.wrong), used="defaults")
        given = _given(read.settings)
        instance = self._profile(view, given)
        plain = replace(read.settings, access_token=None, refresh_token=None, expires_at=None)
        whose = instance or f"token {fingerprint(given.access_token) if given else None}"
        with self._lock:
            session = self._open.pop((whose, plain), None) or self._opened(
                instance, given, plain, read.folder
            )
            self._open[whose, plain] = session
            while len(self._open) > OPEN_MAX:
                self._open.pop(next(iter(self._open))).account.close()
        return session

    def _profile(self, view: Config, given: Tokens | None) -> str | None:
        """The profile that a view is of; None if that cannot be told."""
        config = host.load_config()
        pairs = {name: pair_in(config, name) for name in profiles_in(config)}
        self._profiles |= {fingerprint(pair.access_token): name for name, pair in pairs.items() if pair}
        named = view.get(NAMED)
        if isinstance(named, str) and named in pairs:
            return named
        if given is None:
            return None
        for name, pair in pairs.items():
            if pair and (given.access_token, given.refresh_token) == (pair.access_token, pair.refresh_token):
                return name
        known = self._profiles.get(fingerprint(given.access_token))
        return known if known in pairs else None

    def _opened(
        self, instance: str | None, given: Tokens | None, settings: Settings, folder: Path | None
    ) -> Session:
        teller, clock = Teller(lambda: self.context), self.clock or CancellableClock()
        account = TraktAccount.open(
            settings,
            progress=teller,
            transport=self.transport,
            clock=clock,
            gates=self.gates,
            tokens=lambda state: ConfigTokens(instance, given, state),
            around=PacedTransport if is_trakt_itself(settings) else None,
        )
        return Session(account, settings, teller, folder, clock, instance)


def _given(settings: Settings) -> Tokens | None:
    if settings.access_token is None:
        return None
    return Tokens(
        settings.access_token,
        settings.refresh_token,
        settings.expires_at,
        settings.client_id,
        settings.client_secret,
    )


SESSIONS = Sessions()  # of the process
