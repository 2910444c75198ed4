"""How answers look: JSON of the app, HTML of the CDN, or nothing.

Names of headers are in lower case (HTTP/2). The app's answers carry a request id and a run time, the
CDN's do not (T#939); both name `server: cloudflare`, since all pass through it.
"""

from collections.abc import Mapping

import msgspec

from crosswatch_trakt.application.ports import Response

_NO_HEADERS: Mapping[str, str] = {}


def json_answer(status: int, value: object, headers: Mapping[str, str] = _NO_HEADERS) -> Response:
    """An answer of the app with a JSON body."""
    return Response(
        status, {"content-type": "application/json; charset=utf-8", **headers}, msgspec.json.encode(value)
    )


def empty_answer(status: int, headers: Mapping[str, str] = _NO_HEADERS) -> Response:
    """An answer of the app without a body."""
    return Response(status, dict(headers), b"")


def cdn_answer(status: int, text: str, headers: Mapping[str, str] = _NO_HEADERS) -> Response:
    """An HTML page of the CDN, which never asked the app."""
    page = f"<!DOCTYPE html><html><head><title>{text}</title></head><body><h1>{text}</h1></body></html>"
    return Response(status, {"content-type": "text/html; charset=UTF-8", **headers}, page.encode())


def with_headers(answer: Response, headers: Mapping[str, str]) -> Response:
    """The answer with more headers; its own win."""
    return Response(answer.status, {**headers, **answer.headers}, answer.body)
