"""The tokens of a profile, in CrossWatch's own configuration.

The configuration is read anew each time: CrossWatch's scrobbler and its own refresh change it too. A pair
that somebody else put there may be that of another account, so it ends what was begun with the old one.
"""

from collections.abc import Callable, MutableMapping
from typing import TypeVar, cast

from returns.result import Failure, Result, Success

from crosswatch_trakt.adapters.crosswatch import host
from crosswatch_trakt.adapters.crosswatch.view import block_of, secret_of, text_of
from crosswatch_trakt.application.identity import fingerprint
from crosswatch_trakt.application.ports import StateStore, Tokens
from crosswatch_trakt.application.trakt.access import REPLACED
from crosswatch_trakt.domain.ids import parse_number
from crosswatch_trakt.domain.problems import Problem, SignInAgain, StateUnreadable, StateUnwritable

T = TypeVar("T")

DOCUMENT = "config.json"
NO_PROFILE = "no profile of the configuration has the token that is in use"


class ConfigTokens:
    """The pair of one profile; of none, the pair that was handed in, which is never refreshed."""

    def __init__(self, instance: str | None, given: Tokens | None, state: StateStore) -> None:
        self._instance = instance
        self._given = given
        self._state = state  # for a lock between processes, which CrossWatch's refresh has not
        self._mark: str | None = None  # of the pair that was loaded or kept last

    def load(self) -> Result[Tokens | None, Problem]:
        """The pair as it stands there; fails with SignInAgain if it is another than the last."""
        if self._instance is None:
            return Success(self._given)
        return self._read(self._instance).bind(self._newest)

    def replace(self, new: Tokens | None) -> Result[None, Problem]:
        """Put the pair in the block of its profile, unless another has come there meanwhile."""
        if self._instance is None:
            return Failure(StateUnwritable(DOCUMENT, NO_PROFILE))
        return self._replace(self._instance, new)

    def locked(self, work: Callable[[], Result[T, Problem]]) -> Result[T, Problem]:
        """Do the work while neither CrossWatch nor another process refreshes this pair."""
        with host.refreshing(self._instance or host.DEFAULT):
            return self._state.locked(f"tokens.{self._instance or host.DEFAULT}", work)

    def _read(self, instance: str) -> Result[Tokens | None, Problem]:
        try:
            return Success(pair_in(host.load_config(), instance))
        except Exception as error:  # whatever its loader raises; what it says may quote a secret
            return Failure(StateUnreadable(DOCUMENT, type(error).__name__))

    def _newest(self, pair: Tokens | None) -> Result[Tokens | None, Problem]:
        mark = None if pair is None else fingerprint(pair.access_token)
        if self._mark is not None and mark != self._mark:
            return Failure(SignInAgain(REPLACED))
        self._mark = mark
        return Success(pair)

    def _replace(self, instance: str, new: Tokens | None) -> Result[None, Problem]:
        replaced = False

        def change(config: MutableMapping[str, object]) -> None:
            nonlocal replaced
            now = pair_in(config, instance)
            if self._mark is not None and (now is None or fingerprint(now.access_token) != self._mark):
                return
            _put(cast(MutableMapping[str, object], block_of(config, instance)), new)
            replaced = True

        try:
            host.update_config(change)
        except Exception as error:  # as above
            return Failure(StateUnwritable(DOCUMENT, type(error).__name__))
        if not replaced:
            return Failure(SignInAgain(REPLACED))
        return self._read(instance).bind(lambda kept: self._kept(kept, new))

    def _kept(self, kept: Tokens | None, new: Tokens | None) -> Result[None, Problem]:
        """Believe that it is there only when it is read there."""
        there = None if kept is None else kept.access_token
        if there != (None if new is None else new.access_token):
            return Failure(StateUnwritable(DOCUMENT, "the pair is not there after it was saved"))
        self._mark = None if new is None else fingerprint(new.access_token)
        return Success(None)


def pair_in(config: host.Config, instance: str) -> Tokens | None:
    """The pair of a profile, with the app it was given to; None if it is not signed in."""
    block, base = block_of(config, instance), block_of(config)
    access_token = text_of(block, "access_token")
    if access_token is None:
        return None
    app = block if text_of(block, "client_id") else base
    return Tokens(
        access_token,
        text_of(block, "refresh_token"),
        parse_number(block.get("expires_at")),
        text_of(app, "client_id") or host.app_client_id() or None,
        secret_of(app),
    )


def _put(block: MutableMapping[str, object], pair: Tokens | None) -> None:
    block.pop("auth_error", None)  # by which newer versions say that a login has ended
    for name in ("access_token", "refresh_token", "expires_at"):
        value = None if pair is None else getattr(pair, name)
        if value is None:
            block.pop(name, None)
        else:
            block[name] = value
