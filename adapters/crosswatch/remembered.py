"""Whose rows the engine remembers.

It compares an index with what it remembers of the profile, and takes what is missing for removed. It does not
know whose account a profile is signed in to: after a login to another one it would remove from the other side
all that the first had. So the account is remembered beside, in a file that goes when CrossWatch's *clear
state* makes the engine forget, and another account is neither read nor written until then: a plan that was
made from the rows of one must not be carried out at the other, whose login came amid the run.
"""

from typing import Literal

import msgspec
from returns.pipeline import is_successful

from crosswatch_trakt.adapters.crosswatch import host
from crosswatch_trakt.adapters.crosswatch.host import Config
from crosswatch_trakt.adapters.crosswatch.sessions import Session
from crosswatch_trakt.adapters.library import TraktError
from crosswatch_trakt.adapters.state import FileState
from crosswatch_trakt.domain.problems import BadInput

MARK = "trakt_account.watermark"  # *clear state* deletes every `*watermark*`, *clear cache* none
WHAT = "another Trakt account is signed in here than the one whose rows CrossWatch remembers"
MEND = (
    "Nothing was read or written: all rows of the first would pass for removed. To keep the new account, "
    "clear CrossWatch's state (Settings, Maintenance, Clear state); else sign in to the first one again."
)


def heed_another_account(session: Session, view: Config) -> None:
    """Raise TraktError if the engine remembers the rows of another account in the place of this, or that
    cannot be seen.
    """
    scope = host.pair_scope(view, amid_capture=True)  # that of another thread makes this run no safer
    if session.folder is None or scope is None or session.profile is None:
        return
    # Both engines remember by profile, the newer one in each scope by itself: a pair may be of two profiles.
    who = f"{scope}.{session.profile}" if host.tells_types_apart() else session.profile
    name, state = f"{MARK}.{host.in_file_name(who)}.json", FileState(session.folder)
    account = session.account.person.folder
    read = state.read(name)
    if not is_successful(read):
        raise TraktError(read.failure())
    known = _account_in(read.unwrap())
    if known is None:
        state.write(name, msgspec.json.encode(_Mark(account=account)))  # unwritable: others say so
    elif known != account:
        raise TraktError(BadInput(WHAT, MEND))


class _Mark(msgspec.Struct, kw_only=True):
    schema: Literal[1] = 1
    account: str


def _account_in(body: bytes | None) -> str | None:
    try:
        return None if body is None else msgspec.json.decode(body, type=_Mark).account
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
