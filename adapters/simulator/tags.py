"""The tag of a page, and the 304 for a client that has just that page.

A weak ETag was seen (T#201, PTS#1847); 304 is undocumented, and a tag vouches for one page. Two ways of
being wrong: a matching tag that is answered by 200 all the same, perhaps with an older state (see `lag`),
and a 304 although the page is another one by now.
"""

import hashlib
from collections.abc import Mapping
from typing import Literal, TypeAlias

from crosswatch_trakt.adapters.simulator.answers import with_headers
from crosswatch_trakt.application.ports import Response

TagRule: TypeAlias = Literal["right", "ignored", "always_304"]


def tagged(answer: Response, headers: Mapping[str, str], rule: TagRule) -> Response:
    """With its ETag; 304 if the client has just that one. `always_304`: if it has any."""
    if answer.status != 200:
        return answer
    digest = hashlib.md5(answer.body, usedforsecurity=False).hexdigest()
    sent = headers.get("if-none-match", "")
    known = [tag.strip().removeprefix("W/") for tag in sent.split(",")]
    if rule == "always_304" and sent.strip():
        return _not_modified(with_headers(answer, {"etag": sent.partition(",")[0].strip()}))
    answer = with_headers(answer, {"etag": f'W/"{digest}"'})
    if rule == "ignored" or f'"{digest}"' not in known:
        return answer
    return _not_modified(answer)


def _not_modified(answer: Response) -> Response:
    return Response(304, {key: text for key, text in answer.headers.items() if key != "content-type"}, b"")
