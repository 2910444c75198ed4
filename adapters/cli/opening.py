"""What every command has in its hands: the flags before it, the settings they lead to, the account."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from pathlib import Path
from typing import TypeVar

import typer
from returns.result import Failure, Result

from crosswatch_trakt.adapters.cli.settings import Loaded, load_settings
from crosswatch_trakt.adapters.cli.show import say
from crosswatch_trakt.adapters.library import TraktAccount, TraktError
from crosswatch_trakt.application.settings import Settings, first_zone
from crosswatch_trakt.domain.problems import Problem

T = TypeVar("T")


@dataclass(slots=True)
class Opening:
    """One run of the command line, up to the account."""

    flags: Mapping[str, str] = field(default_factory=dict)  # names of settings → text
    config: str | None = None
    verbose: bool = False
    _loaded: Loaded | None = None

    @property
    def settings(self) -> Settings:
        """The settings, read once. Raises TraktError for what is wrong in them."""
        return self.loaded.settings

    @property
    def loaded(self) -> Loaded:
        """The settings and where they come from."""
        if self._loaded is None:
            self._loaded = value(load_settings(self.flags, self.config, os.environ))
            for warning in self._loaded.warnings:
                say(f"Warning: {warning}")
        return self._loaded

    @property
    def folder(self) -> Path:
        """Where state is kept."""
        return Path(self.settings.state_dir or "").expanduser()

    @contextmanager
    def account(self, **changes: int) -> Iterator[TraktAccount]:
        """The account, with progress shown while the block runs; `changes` are settings."""
        from crosswatch_trakt.adapters.cli.progress import shown_progress

        settings = replace(self.settings, **changes)  # type: ignore[arg-type]  # names of numbers
        with (
            shown_progress(verbose=self.verbose) as progress,
            TraktAccount.open(settings, progress=progress) as trakt,
        ):
            yield trakt

    def zone(self, account_zone: str | None) -> tzinfo:
        """The zone of the settings, else the account's, else UTC."""
        return first_zone(self.settings.timezone, account_zone)


def opening(context: typer.Context) -> Opening:
    """The run that a command belongs to."""
    found = context.find_object(Opening)
    return found if found is not None else Opening()


def value(result: Result[T, Problem]) -> T:
    """What a result holds; a problem is raised, for `app` to make a sentence and an exit code of."""
    match result:
        case Failure(problem):
            raise TraktError(problem)
        case _:
            return result.unwrap()
