"""What a test does in between: before each request, or between two pages of a walk.

Hooks run under the simulator's lock, so what they do to an account is seen whole or not at all.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

RequestHook: TypeAlias = Callable[[str, str, Mapping[str, str]], object]  # method, path, query


@dataclass(slots=True)
class _Between:
    action: Callable[[], object]
    after_page: int
    path_prefix: str
    times: int


class Hooks:
    """All hooks of one simulator."""

    def __init__(self) -> None:
        self._before: list[RequestHook] = []
        self._between: list[_Between] = []

    def add(self, hook: RequestHook) -> Callable[[], None]:
        """Call this before each request from now on; what is given back ends it."""
        self._before.append(hook)

        def end() -> None:
            if hook in self._before:
                self._before.remove(hook)

        return end

    def add_between(
        self, action: Callable[[], object], after_page: int, path_prefix: str, times: int
    ) -> None:
        """Do this each time that page has been answered, so many times."""
        self._between.append(_Between(action, after_page, path_prefix, times))

    def before(self, method: str, path: str, query: Mapping[str, str]) -> None:
        """A request has come and is not answered yet."""
        for hook in tuple(self._before):
            hook(method, path, query)

    def after(self, method: str, path: str, query: Mapping[str, str]) -> None:
        """A request was answered."""
        for one in tuple(self._between) if method == "GET" else ():
            if query.get("page", "1") == str(one.after_page) and path.startswith(one.path_prefix):
                one.times -= 1
                if one.times <= 0:
                    self._between.remove(one)
                one.action()

    def clear(self) -> None:
        """Forget all."""
        self._before.clear()
        self._between.clear()
