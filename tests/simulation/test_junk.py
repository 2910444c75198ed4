"""Nothing that is sent makes the simulator stumble."""

from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulation.client import Client, fresh

NAMES = st.sampled_from(
    [
        "movies",
        "shows",
        "seasons",
        "episodes",
        "ids",
        "trakt",
        "imdb",
        "tmdb",
        "number",
        "title",
        "year",
        "watched_at",
        "rated_at",
        "collected_at",
        "rating",
        "notes",
        "resolution",
    ]
)
VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=9)
    | st.sampled_from(["unknown", "released", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59Z", "9" * 30])
    | st.integers(1000, 1005)
)
JUNK = st.recursive(
    VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=30,
)


@pytest.fixture(scope="module")
def trakt() -> Client:
    client = fresh()
    client.simulator.not_found_shape = "mixed"
    client.simulator.catalogue.movie()
    client.simulator.catalogue.show(seasons={0: 1, 1: 2})
    return client


@pytest.mark.parametrize("feature", ["history", "ratings", "watchlist", "collection"])
@pytest.mark.parametrize("way", ["", "/remove"])
@given(body=st.dictionaries(NAMES, JUNK, max_size=4))
@settings(max_examples=60, deadline=None)
def test_every_object_is_an_answerable_body(
    trakt: Client, feature: str, way: str, body: dict[str, object]
) -> None:
    written = trakt.post(f"/sync/{feature}{way}", body)

    assert written.status in (200, 201, 420)
    assert set(written.json) >= {"not_found"}
    lists = {"collection": ["/movies", "/shows", "/episodes"]}
    for path in lists.get(feature, [""]):
        assert trakt.get(f"/sync/{feature}{path}").status == 200


@given(page=st.text(max_size=30), limit=st.text(max_size=30), start=st.text(max_size=30))
@settings(max_examples=60, deadline=None)
def test_every_query_is_answerable(trakt: Client, page: str, limit: str, start: str) -> None:
    query = f"page={quote(page)}&limit={quote(limit)}&start_at={quote(start)}&end_at={quote(start)}"

    assert trakt.get(f"/sync/history?{query}").status == 200
