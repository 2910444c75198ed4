"""HTTP over requests: one request, once.

Whether Trakt may have obeyed decides if a play may be sent again, so `NotSent` needs proof. A
needless doubt costs one read; a false certainty costs a doubled play.
"""

import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from returns.result import Failure, Result, Success
from urllib3.exceptions import ConnectTimeoutError, HTTPError, LocationValueError, NewConnectionError
from urllib3.exceptions import ProxyError as NoProxy

from crosswatch_trakt.application.ports import Request, Response
from crosswatch_trakt.domain.problems import AnswerLost, NotSent


@dataclass(frozen=True, slots=True)
class RequestsTransport:
    """Borrows its session; whoever opened it closes it."""

    session: requests.Session
    _surroundings: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # by origin

    def send(self, request: Request) -> Result[Response, NotSent | AnswerLost]:
        """Send once, to the address given and no other, whatever the answer says."""
        try:
            prepared = self._prepared(request)
            # Proxies and certificates of the environment; True: a certificate is always checked.
            surroundings = self._surroundings_of(request.url)
            adapter = self.session.get_adapter(request.url)
            if request.fresh:
                adapter.close()  # its pools of idle connections; those in use are not cut
        except (requests.RequestException, HTTPError, UnicodeError) as error:  # no socket was touched
            return Failure(NotSent(_address(request), _cause(error)))
        try:
            # Not `session.send`: it looks where a redirect leads even when it shall not follow, and
            # raises InvalidURL, as if nothing had been sent, if the answer names a bad address.
            with adapter.send(
                prepared, timeout=(request.timeout_s, request.timeout_s), **surroundings
            ) as answer:
                headers = {name.lower(): value for name, value in answer.headers.items()}
                return Success(Response(answer.status_code, headers, answer.content))
        except (requests.RequestException, HTTPError, OSError, UnicodeError) as error:
            kind = NotSent if _never_connected(error) else AnswerLost
            return Failure(kind(_address(request), _cause(error)))

    def _prepared(self, request: Request) -> requests.PreparedRequest:
        """Not by the session: it merges cookies and hooks that we do not have, in four times the time."""
        headers = self.session.headers.copy()
        headers.update(request.headers)
        prepared = requests.PreparedRequest()
        prepared.prepare(
            request.method, request.url, headers=headers, data=request.body, auth=self.session.auth
        )
        return prepared

    def _surroundings_of(self, url: str) -> Mapping[str, Any]:
        """Found once for each origin: to look through the environment takes a fifth of a request."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._surroundings:
            self._surroundings[origin] = self.session.merge_environment_settings(url, {}, False, True, None)
        return self._surroundings[origin]


def open_session(threads: int) -> requests.Session:
    """A session with a connection for each thread, that adds no credentials and keeps no cookies."""
    session = requests.Session()
    adapter = HTTPAdapter(pool_connections=4, pool_maxsize=threads, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.auth = _as_it_is  # without one, ~/.netrc takes the place of our Authorization header
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session


def pooled_session(threads: int) -> Iterator[requests.Session]:
    """A session that is closed when it is no longer needed: a resource of the container."""
    session = open_session(threads)
    yield session
    session.close()


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _never_connected(error: Exception) -> bool:
    """Whether the address or its proxy was refused, not found, not reached in time, or not trusted."""
    if isinstance(error, requests.exceptions.InvalidURL | LocationValueError):
        return True  # the host is none
    reason = getattr(error.args[0], "reason", error.args[0]) if error.args else None
    if isinstance(reason, NoProxy):
        # Not proof by itself: urllib3 also says so when a proxied connection is reset after the request.
        reason = reason.original_error
        if str(reason).startswith("Tunnel connection failed"):  # the proxy said no to CONNECT
            return True
    if isinstance(reason, NewConnectionError | ConnectTimeoutError):
        return True
    # A certificate is judged before the first byte of the request leaves; other TLS faults come at any time.
    return any(isinstance(part, ssl.SSLCertVerificationError) for part in _parts(error))


def _address(request: Request) -> str:
    """Method and address without query and userinfo, which may be secret."""
    try:
        url = urlsplit(request.url)
    except ValueError:
        return f"{request.method} (not an address)"
    return f"{request.method} {url.scheme}://{url.netloc.rpartition('@')[2]}{url.path}"


def _cause(error: Exception) -> str:
    """What the system said, else the kind of error: texts of requests and urllib3 quote the query."""
    kind = type(error).__name__
    for part in _parts(error):
        if isinstance(part, OSError) and not isinstance(part, requests.RequestException):
            said = part.strerror or str(part)
            return f"{kind}: {said}" if said else kind
    return kind


def _parts(error: BaseException) -> Iterator[BaseException]:
    """An error and all that it was made of, the outermost first."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        part = waiting.pop(0)
        if isinstance(part, BaseException) and id(part) not in seen:
            seen.add(id(part))
            yield part
            reason = getattr(part, "reason", None)
            waiting += [reason, *part.args, part.__cause__, part.__context__]
