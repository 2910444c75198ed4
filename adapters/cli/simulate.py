"""`simulate`: a Trakt on this machine, to try things on without an account."""

import shlex
import time
from typing import TYPE_CHECKING, Annotated

import typer

from crosswatch_trakt.adapters.cli import show
from crosswatch_trakt.adapters.cli.opening import opening
from crosswatch_trakt.adapters.library import TraktError
from crosswatch_trakt.domain.problems import BadInput

if TYPE_CHECKING:
    from crosswatch_trakt.adapters.simulator.spec import Spec

LIST = "list"
_LOOK_EVERY_S = 0.2


def simulate(
    context: typer.Context,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 0,
    plays: Annotated[int, typer.Option(min=0, max=1_000_000)] = 2_000,
    ratings: Annotated[int, typer.Option(min=0, max=1_000_000)] = 400,
    watchlist: Annotated[int, typer.Option(min=0, max=1_000_000)] = 150,
    seed: Annotated[int, typer.Option(help="Another number, another account and other chances.")] = 1,
    faults: Annotated[
        str,
        typer.Option(metavar="SPEC", help="What goes wrong, like '502@POST*0.2, lag=60'; 'list' tells all."),
    ] = "",
    no_quota: Annotated[bool, typer.Option("--no-quota", help="Lift Trakt's rate limits.")] = False,
) -> int:
    """Serve a Trakt with a made-up account on this machine, until Ctrl-C. With -v each request is shown."""
    from crosswatch_trakt.adapters.clock import SystemClock
    from crosswatch_trakt.adapters.simulator import serve
    from crosswatch_trakt.adapters.simulator.seed import seeded
    from crosswatch_trakt.adapters.simulator.staging import stage

    if faults.strip() == LIST:
        with show.printing():
            print(_list_of_faults())
        return 0
    spec = _spec(faults)
    simulator = seeded(SystemClock(), seed=seed, plays=plays, ratings=ratings, watchlist=watchlist)
    if no_quota:
        simulator.quota.gets = simulator.quota.writes = None
    stage(simulator, spec, seed)
    try:
        server = serve(simulator, port=port)
    except OSError as error:
        what = f"port {port} cannot be used: {error.strerror}"
        raise TraktError(BadInput(what, "Choose another, or 0 for a free one.")) from error
    with server:
        with show.printing():
            print(_words(server.base_url, simulator.client_id, simulator.account.access_token))
            if spec.items:
                print(f"What goes wrong, by seed {seed}: {spec}")
            print("Ctrl-C ends it.")
        seen = len(simulator.requests)
        while True:
            time.sleep(_LOOK_EVERY_S)
            requests = simulator.requests[:]
            if opening(context).verbose:
                for one in requests[min(seen, len(requests)) :]:
                    query = f"?{one.query}" if one.query else ""
                    status = "no answer" if one.status is None else one.status
                    show.say(f"{one.method} {one.path}{query} {status}")
            seen = len(requests)


def _words(base_url: str, client_id: str, token: str) -> str:
    return f"""A simulated Trakt listens on {base_url}
client id     {client_id}
access token  {token}

Copy into another terminal to use it, signed in:

export CROSSWATCH_TRAKT_BASE_URL={shlex.quote(base_url)}
export CROSSWATCH_TRAKT_CLIENT_ID={client_id}
export CROSSWATCH_TRAKT_ACCESS_TOKEN={token}
export CROSSWATCH_TRAKT_STATE_DIR="$(mktemp -d)"

crosswatch-trakt status
crosswatch-trakt index history
crosswatch-trakt index ratings --json
echo '{{"type": "movie", "ids": {{"tmdb": 501001}}}}' | crosswatch-trakt add watchlist -

To try the login: unset CROSSWATCH_TRAKT_ACCESS_TOKEN, then crosswatch-trakt login
"""


def _spec(text: str) -> "Spec":
    from returns.result import Failure

    from crosswatch_trakt.adapters.simulator.spec import parse_spec

    parsed = parse_spec(text)
    if isinstance(parsed, Failure):
        what = f"--faults is wrong: {show.clean(parsed.failure().what)}"
        raise TraktError(BadInput(what, "`crosswatch-trakt simulate --faults list` shows what there is."))
    return parsed.unwrap()


def _list_of_faults() -> str:
    """One line for each name."""
    from crosswatch_trakt.adapters.simulator.spec_words import STATUS, WORDS

    words = (STATUS, *WORDS.values())
    width = max(len(word.form) for word in words) + 2
    return "\n".join(f"{word.form:<{width}}{word.does}" for word in words)
