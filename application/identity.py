"""Which account a token belongs to, remembered, so that Trakt is asked once.

`accounts.json` maps the fingerprint (SHA-256) of an access token to the account's folder, and keeps what
the account's settings said.
"""

import hashlib
from dataclasses import dataclass

import msgspec
from returns.result import Result, Success

from crosswatch_trakt.application.documents import Document, parse_document, write_document
from crosswatch_trakt.application.ports import Progress, StateStore
from crosswatch_trakt.application.trakt.call import Caller
from crosswatch_trakt.application.trakt.person import Person, read_person
from crosswatch_trakt.domain.problems import Problem

ACCOUNTS_FILE = "accounts.json"
TOKENS_KEPT = 50  # fingerprints of older tokens are forgotten


class Accounts(Document, kw_only=True):
    """The accounts that were ever signed in here."""

    tokens: dict[str, str] = msgspec.field(default_factory=dict)  # fingerprint → folder
    people: dict[str, Person] = msgspec.field(default_factory=dict)  # folder → what its settings said


@dataclass(frozen=True, slots=True)
class Identify:
    """Tell the account of the token in use."""

    caller: Caller
    state: StateStore  # the one above all accounts
    progress: Progress

    def __call__(self, *, fresh: bool = False) -> Result[Person, Problem]:
        """The account as remembered; asked anew if the token is unknown, or on demand.

        Needs no refresh, which may have to wait: a token that has come to its end still tells whose it is.
        """
        return self.caller.access.kept().bind(
            lambda pair: self._known(fingerprint(pair.access_token)).bind(
                lambda known: Success(known) if known is not None and not fresh else self._ask()
            )
        )

    def _known(self, token: str) -> Result[Person | None, Problem]:
        return self._accounts().map(lambda accounts: accounts.people.get(accounts.tokens.get(token, "")))

    def _ask(self) -> Result[Person, Problem]:
        # The token that was used last is the one to remember: it may have been refreshed on the way.
        return read_person(self.caller).bind(
            lambda person: self.caller.access.kept().bind(
                lambda pair: self.state.locked(
                    ACCOUNTS_FILE, lambda: self._remember(fingerprint(pair.access_token), person)
                )
            )
        )

    def _remember(self, token: str, person: Person) -> Result[Person, Problem]:
        def added(accounts: Accounts) -> Accounts:
            tokens = {
                **{old: of for old, of in accounts.tokens.items() if old != token},
                token: person.folder,
            }
            kept = dict(list(tokens.items())[-TOKENS_KEPT:])
            return Accounts(tokens=kept, people={**accounts.people, person.folder: person})

        def written(accounts: Accounts) -> Result[None, Problem]:
            after = added(accounts)
            same = after == accounts
            return Success(None) if same else write_document(self.state, ACCOUNTS_FILE, after)

        return self._accounts().bind(written).map(lambda _: person)

    def _accounts(self) -> Result[Accounts, Problem]:
        return self.state.read(ACCOUNTS_FILE).map(
            lambda body: parse_document(body, ACCOUNTS_FILE, Accounts, "account", self.progress) or Accounts()
        )


@dataclass(frozen=True, slots=True)
class ListCapacity:
    """How many items a list of this account may hold, where Trakt names it."""

    identify: Identify
    person: Person
    name: str  # of the list, in the limits of the settings

    def __call__(self, *, fresh: bool) -> int | None:
        """As remembered, or as Trakt says now; what cannot be asked is not known."""
        person = self.identify(fresh=True).value_or(self.person) if fresh else self.person
        return person.limits.get(self.name)


def fingerprint(access_token: str) -> str:
    """A name for a token that does not give it away."""
    return hashlib.sha256(access_token.encode()).hexdigest()
