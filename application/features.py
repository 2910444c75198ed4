"""The features there are, each with an index and writes of its own."""

from typing import Literal, TypeAlias, get_args

from returns.result import Failure, Result, Success

from crosswatch_trakt.domain.problems import BadInput

Feature: TypeAlias = Literal["watchlist", "ratings", "history"]

FEATURES: tuple[Feature, ...] = get_args(Feature)


def check_feature(name: str) -> Result[Feature, BadInput]:
    """The feature of this name."""
    for feature in FEATURES:
        if feature == name:
            return Success(feature)
    return Failure(BadInput(f"there is no feature {name!r}", f"Choose from: {', '.join(FEATURES)}."))
