"""A file of items is taken in the forms people have, or refused whole, by place and reason."""

import json

import pytest
from returns.pipeline import is_successful

from crosswatch_trakt.adapters.cli.files import parse_items
from crosswatch_trakt.application.advice import advice

FILM = {"type": "movie", "ids": {"tmdb": 1}}
SHOW = {"type": "show", "ids": {"tmdb": 1}}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([FILM, SHOW]),
        json.dumps({"items": [FILM, SHOW]}),
        json.dumps({"feature": "watchlist", "items": {"movie:tmdb:1": FILM, "show:tmdb:1": SHOW}}, indent=2),
        f"{json.dumps(FILM)}\n{json.dumps(SHOW)}",
        f"\ufeff{json.dumps(FILM)}\r\n\r\n{json.dumps(SHOW)}\r\n",
    ],
)
def test_lists_objects_indexes_and_lines_are_taken(text: str) -> None:
    assert list(parse_items(text.encode(), "x").unwrap()) == [FILM, SHOW]


def test_one_object_is_one_item_and_nothing_is_none() -> None:
    assert list(parse_items(json.dumps(FILM, indent=2).encode(), "x").unwrap()) == [FILM]
    assert list(parse_items(b" \n", "x").unwrap()) == []
    assert list(parse_items(b"[]", "x").unwrap()) == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'[{"type": "movie"}', "x is no JSON: "),
        (b'[\n{"type": "movie"},\n{"typ', "at line 3, column 2"),
        (b"\xff\xfe[", "x is no text in UTF-8 (byte 1)"),
        (b"title,year\nDune,2021\n", "x is no JSON: "),
        (b'"movie"', "x is a text and holds no items"),
        (b'{"name": "package"}', "x is an object with neither `items` nor `type`"),
        (b'[{"type": "movie"}, ["movie"]]', "item 2 is a list, not an object"),
        (b"[null]", "item 1 is null, not an object"),
        (b"[true]", "item 1 is true or false, not an object"),
        (b'{"items": {"a": 1}}', "the item 'a' is a number, not an object"),
        (b'{"items": 7}', "neither"),
        (b'{"type": "movie"}\n{"type": "mov\n', "line 2 of x is no JSON: "),
        (b'{"type": "movie"}\n["movie"]\n', "line 2 of x is a list, not an object"),
        (b'[{"type": "movie", "rating": NaN}]', "NaN is no number of JSON"),
        (b'[{"type": "movie", "year": ' + b"9" * 5000 + b"}]", "too many digits"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_file_of_items_is_refused_with_place_and_reason(body: bytes, words: str) -> None:
    refused = parse_items(body, "x")

    assert not is_successful(refused)
    assert words in refused.failure().what
    assert "Nothing was sent." in advice(refused.failure())
