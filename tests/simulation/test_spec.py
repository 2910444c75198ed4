"""The language of `simulate --faults`: read and written."""

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st
from returns.pipeline import is_successful
from returns.result import Success

from crosswatch_trakt.adapters.simulator.spec import Item, Spec, parse_spec
from crosswatch_trakt.adapters.simulator.spec_words import (
    EITHER_WAY,
    HEADERS,
    NOTHING,
    OFF,
    PAGE_ROWS,
    WORDS,
    Takes,
    Value,
    Word,
    word_of,
)

FULL = "502@POST /sync/history:after*0.2, hidden=3, count=+5, lag=60, cut*0.05, cdn@100, change@2"

names = st.one_of(st.sampled_from(sorted(WORDS)), st.integers(400, 599).map(str))
numbers = st.integers(1, 1_000_000)
thousandths = st.integers(1, 999).map(lambda number: number / 1000)
paths = st.from_regex(r"/[a-z0-9/_.-]{0,20}", fullmatch=True)
header_texts = st.from_regex(r"[a-zA-Z0-9 /.=:-]{1,12}", fullmatch=True).map(
    lambda text: text.replace(" ", "")
)


def values(takes: Takes) -> st.SearchStrategy[Value]:
    if takes is HEADERS:
        names = st.from_regex(r"[a-z][a-z-]{0,8}", fullmatch=True)
        return st.lists(st.tuples(names, header_texts.filter(bool)), min_size=1, max_size=3).map(tuple)
    if takes is PAGE_ROWS:
        page = st.tuples(st.integers(1, 999).map(str), st.integers(0, 250).map(str))
        return st.lists(page, min_size=1, max_size=3).map(tuple)
    if takes is OFF:
        return st.one_of(numbers, numbers.map(lambda number: -number))
    if "|" in takes.form:
        return st.sampled_from(takes.form.split("|"))
    if takes.form in ("SECONDS", "PART") and takes.read("0.5") is not None:
        return thousandths
    return st.integers(200, 599)  # what every whole number may be


@st.composite
def items(draw: st.DrawFn) -> Item:
    name = draw(names)
    word = word_of(name)

    def mark(field: str, strategy: st.SearchStrategy[object]) -> object:
        return draw(st.one_of(st.none(), strategy)) if field in word.marks else None

    value = None if word.takes is NOTHING else draw(values(word.takes))
    if value is not None and not word.needs_value:
        value = draw(st.sampled_from([None, value]))
    wait, share, times = mark("wait", numbers), mark("share", thousandths), mark("times", numbers)
    bound = word.paths and wait is None and share is None and times is None
    path = mark("path", st.sampled_from(word.paths) if bound else paths) or ""
    when = mark("when", st.sampled_from(["before", "after"]))
    method = mark("method", st.sampled_from(["GET", "POST", "PUT", "DELETE"]))
    return Item(name, value, when, method, path, wait, share, times)  # type: ignore[arg-type]


def unique(spec: tuple[Item, ...]) -> tuple[Item, ...]:
    """What stands all the time is said once."""
    return tuple({(one.name, one.path): one for one in spec}.values())


specs = st.lists(items(), max_size=5).map(tuple).map(unique).map(Spec)


@given(specs)
def test_what_is_written_is_read_as_the_same(spec: Spec) -> None:
    text = str(spec)

    assert parse_spec(text) == Success(spec)
    assert str(parse_spec(text).unwrap()) == text


@given(items(), st.data())
def test_the_order_of_marks_and_spaces_do_not_matter(item: Item, data: st.DataObject) -> None:
    head = Item(item.name, item.value)
    alone = [
        str(Item(head.name, head.value, **{name: getattr(item, name)})).removeprefix(str(head)).strip()
        for name in ("when", "wait", "share", "times")
        if getattr(item, name) is not None
    ]
    where = str(Item(head.name, None, method=item.method, path=item.path)).removeprefix(head.name)
    marks = data.draw(st.permutations([*alone, *([where] if where else [])]))
    text = "  ".join([str(head), *marks])

    assert parse_spec(f" {text} ") == Success(Spec((item,)))


@given(st.one_of(st.text(), st.text(alphabet="502cutlagx=:@*/ ,+-.1afterPOST")))
def test_any_text_is_a_spec_that_is_written_back_or_wrong_in_one_line(text: str) -> None:
    parsed = parse_spec(text)

    if is_successful(parsed):
        assert parse_spec(str(parsed.unwrap())) == parsed
    else:
        assert "\n" not in parsed.failure().what


def test_the_example_is_read() -> None:
    assert parse_spec(FULL) == Success(
        Spec(
            (
                Item("502", when="after", method="POST", path="/sync/history", share=0.2),
                Item("hidden", 3),
                Item("count", 5),
                Item("lag", 60),
                Item("cut", share=0.05),
                Item("cdn", wait=100),
                Item("change", wait=2),
            )
        )
    )
    assert parse_spec("  ") == Success(Spec())
    assert parse_spec("502x3, cut x2") == Success(Spec((Item("502", times=3), Item("cut", times=2))))
    headers = (("retry-after", "30"), ("x-error-message", "busy"))
    assert parse_spec("503=retry-after:30;x-error-message:busy:after") == Success(
        Spec((Item("503", headers, "after"),))
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hiden=3", "there is no 'hiden', the nearest is 'hidden'"),
        ("LAG=3", "the nearest is 'lag'"),
        ("retry_after=date", "the nearest is 'retry-after'"),
        ("qqqqqqq", "there is no 'qqqqqqq'"),
        ("302", "a status is one of 400 to 599, not '302'"),
        ("lag", "lag wants seconds"),
        ("lag=soon", "lag takes seconds, above 0 and up to 86,400, not 'soon'"),
        ("lag=0", "not '0'"),
        ("count=5", "a whole number with its sign, such as +5 or -3, not '5'"),
        ("garbage=1", "garbage takes no value, not '1'"),
        ("cut=1", "a part between 0 and 1"),
        ("not-found=lists", "one of echo, empty, strings, mixed"),
        ("short=0:1", "pages and how many rows"),
        ("502=Retry After", "headers, such as"),
        ("502*1", "a share lies between 0 and 1, such as *0.2, not *1"),
        ("502*1.2.3", "a share lies between 0 and 1"),
        ("502x0", "behind x stands a number of 1 to 1,000,000, not 0"),
        ("502@0", "behind @ stands a number of 1 to 1,000,000, not 0"),
        ("502@" + "9" * 5000, "behind @ stands a number"),
        ("502@sync", "'@sync' behind 502 is none of"),
        ("502@PATCH /sync", "is none of"),
        ("502@", "is none of"),
        ("502@POST @GET", "502 has both 'POST' and 'GET'"),
        ("502*0.1*0.2", "502 has both '0.1' and '0.2'"),
        ("hidden*0.5", "hidden takes no '*0.5': it stands all the time"),
        ("cut:after", "cut takes no ':after'"),
        ("count=+1@POST", "count takes no '@POST'"),
        ("lag=3@/sync/other", "not '/sync/other'"),
        ("count=+1, count=+2", "count is said twice"),
        ("502,", "there is nothing between two commas"),
        ("502 " * 5000, "more than 10,000 characters"),
    ],
)
def test_a_wrong_one_says_what_is_wrong(text: str, words: str) -> None:
    wrong = parse_spec(text).failure().what

    assert words in wrong
    assert len(wrong) < 250


@pytest.mark.parametrize("word", [*WORDS.values(), word_of("500")], ids=lambda word: word.name)
def test_a_name_says_all_of_itself(word: Word) -> None:
    known = {field.name for field in fields(Item)}

    assert word.marks <= known
    assert word.does
    assert word.default is None or word.takes.read(word.takes.shown(word.default)) == word.default
    assert "when" not in word.marks or word.marks == EITHER_WAY
