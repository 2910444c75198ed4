"""What a title in a call for the history means.

By hand, on a page of CrossWatch's, a show means its episodes, no date means now, and a removal without a
date all plays. From a pair each of these would be a guess: it is left to the core, which refuses it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from crosswatch_trakt.adapters.crosswatch.host import Item
from crosswatch_trakt.adapters.crosswatch.items import is_whole_title, our_item
from crosswatch_trakt.adapters.crosswatch.results import Told
from crosswatch_trakt.adapters.crosswatch.writing import Adapter, is_by_hand
from crosswatch_trakt.domain.ids import same_ids
from crosswatch_trakt.domain.items import media_item, parse_media
from crosswatch_trakt.domain.media import Media, MediaType
from crosswatch_trakt.domain.outcomes import Already
from crosswatch_trakt.domain.timestamps import to_iso

if TYPE_CHECKING:
    from crosswatch_trakt.application.index.history import Plays

SHOW_UNKNOWN = "trakt_show_unresolved"


def plays_of(adapter: Adapter, one: Told) -> Sequence[tuple[Told, Item]]:
    """What an item asks for: itself, or by hand the episodes of the show it is. By hand and without a date it
    means now. From a pair either would be a guess, and is refused.
    """
    ours = our_item(one.item)
    if not is_by_hand(adapter):
        return [(one, ours)]
    if "watched_at" not in ours:
        ours["watched_at"] = to_iso(adapter.session.now())
    if _show_of(ours) is None:
        return [(one, ours)]
    episodes = adapter.session.account.aired_episodes(ours)
    if not episodes:
        one.ends.append(("unresolved", SHOW_UNKNOWN))
    return [(one, {**episode, "watched_at": ours["watched_at"]}) for episode in episodes]


def watched_of(adapter: Adapter, one: Told) -> Sequence[tuple[Told, Item]]:
    """What an item asks to be removed: itself, or by hand every watched episode of the show it is."""
    ours = our_item(one.item)
    show = _show_of(ours)
    if show is None or not (is_by_hand(adapter) and is_whole_title(one.item)):
        return [(one, ours)]
    history = cast("Plays", adapter.session.account.index("history"))
    titles = {id(play.media): play.media for play in history.entries.values()}.values()
    watched = [title for title in titles if same_ids(title.show_ids, show.ids)]
    if not watched:
        one.ends.append(("existing", Already.GONE))
    return [(one, media_item(episode)) for episode in watched]


def _show_of(item: Item) -> Media | None:
    """The show that an item is; None if it is none, or cannot be told."""
    media = parse_media(item).value_or(None)
    return media if media is not None and media.type is MediaType.SHOW else None
