"""What Trakt tells of the person: settings, counts, and when things changed.

`uuid` names the account. `browsing` comes only with `extended=browsing`; `limits` and `ids.trakt` may
be missing. Source: contract of 2026-07-30.
"""

from collections import Counter
from typing import Literal

from crosswatch_trakt.adapters.simulator.account import Account
from crosswatch_trakt.adapters.simulator.answers import json_answer
from crosswatch_trakt.adapters.simulator.changes import Plays
from crosswatch_trakt.adapters.simulator.stamps import stamp
from crosswatch_trakt.adapters.simulator.titles import Episode, JsonObject, Kind
from crosswatch_trakt.adapters.simulator.world import Call
from crosswatch_trakt.application.ports import Response

_SORTED: JsonObject = {"sort": None, "sort_how": "asc"}
_LIST: JsonObject = {**_SORTED, "refresh": False, "simple_progress": False}
_SHOWN: JsonObject = {**_LIST, "include_specials": False, "include_watchlisted": True}
_TAB: JsonObject = {"sort_by": "plays", "tab": "all"}
_BROWSING: JsonObject = {
    "hide_watching_now": False,
    "other_site_ratings": False,
    "release_date_ignore_runtime": False,
    "display_early_ratings": False,
    "hide_episode_type_tags": False,
    "hide_unsaved_filters_prompt": False,
    "spoilers": {"episodes": "show", "shows": "show", "movies": "show", "comments": "show"},
    "calendar": {"hide_specials": False, "autoscroll": False},
    "progress": {
        "on_deck": {**_LIST, "only_favorites": False},
        "watched": {**_SHOWN, "include_collected": True, "use_last_activity": False, "grid_view": False},
    },
    "watchnow": {"country": None, "favorites": [], "only_favorites": False},
    "welcome": {"completed_at": None, "exit_step": ""},
    "genres": {"favorites": [], "disliked": []},
    "comments": {"blocked_uids": []},
    "recommendations": {"ignore_collected": False, "ignore_watchlisted": False},
    "rewatching": {"adjust_percentage": False},
    "profile": {
        "favorites": {"sort_by": "rank", "sort_how": "asc"},
        "most_watched_shows": _TAB,
        "most_watched_movies": _TAB,
    },
}


def last_activities(call: Call) -> Response:
    """`GET /sync/last_activities`."""
    return json_answer(200, call.account.activities.answer())


def settings(call: Call) -> Response:
    """`GET /users/settings[?extended=browsing]`."""
    account = call.account
    answer: JsonObject = {
        "user": _user(account),
        "account": {
            "timezone": account.timezone,
            "date_format": "dmy",
            "time_24hr": True,
            "cover_image": None,
        },
        "permissions": {"commenting": True, "liking": True, "following": True},
        "sharing_text": {"watching": "", "watched": "", "rated": None},
    }
    if account.shows_limits:
        limits = account.limits
        answer["limits"] = {
            "list": {"count": limits.lists, "item_count": limits.list_items},
            "watchlist": {"item_count": limits.watchlist},
            "favorites": {"item_count": limits.favorites},
        }
    if "browsing" in call.extended:
        answer["browsing"] = {**_BROWSING, "watch_only_once": account.watch_only_once}
    return json_answer(200, answer)


def me(call: Call) -> Response:
    """`GET /users/me`."""
    return json_answer(200, {**_user(call.account), "deleted": False})


def stats(call: Call) -> Response:
    """`GET /users/me/stats`, fresh unless told otherwise; how fresh the service's are is not known."""
    account, moment = call.account, call.moment(call.world.lag.stats_s)
    plays, ratings = account.plays_at(moment), account.ratings_at(moment).values()
    rated = Counter(row.title.kind for row in ratings)
    values = Counter(row.rating for row in ratings)
    return json_answer(
        200,
        {
            "movies": _watched(account, plays, "movie", rated),
            "shows": {
                "watched": len({one.show for one in plays.titles("episode") if isinstance(one, Episode)}),
                "collected": len({one.show for one in account.collection if isinstance(one, Episode)}),
                "ratings": rated["show"],
                "comments": 0,
            },
            "seasons": {"ratings": rated["season"], "comments": 0},
            "episodes": _watched(account, plays, "episode", rated),
            "network": {"friends": 0, "followers": 0, "following": 0},
            "ratings": {
                "total": len(ratings),
                "distribution": {str(value): values[value] for value in range(1, 11)},
            },
        },
    )


def _watched(
    account: Account, plays: Plays, kind: Literal["movie", "episode"], rated: Counter[Kind]
) -> JsonObject:
    watched = plays.of_kind(kind)
    return {
        "plays": len(watched),
        "watched": len(plays.titles(kind)),
        "minutes": sum(play.title.runtime for play in watched),
        "collected": sum(title.kind == kind for title in account.collection),
        "ratings": rated[kind],
        "comments": 0,
    }


def _user(account: Account) -> JsonObject:
    return {
        "username": account.username,
        "private": False,
        "name": None,
        "vip": account.vip,
        "vip_ep": False,
        "director": False,
        "ids": {"slug": account.username, "trakt": account.trakt, "uuid": account.uuid},
        "joined_at": stamp(account.joined_at),
        "location": None,
        "about": None,
        "gender": None,
        "age": None,
        "images": {"avatar": {"full": ""}},
        "vip_og": False,
        "vip_years": 0,
    }
