"""The benchmarks run, on an account so small that they take a moment; nothing here is timed."""

from pathlib import Path

from tests.benchmarks.__main__ import account_runs, figures_of
from tests.benchmarks.page import Figure, chart, compared, write_page

SMALL = {"plays": 600, "ratings": 20, "watchlist": 10, "movies": 200, "shows": 5}


def test_every_row_is_measured() -> None:
    runs = account_runs(SMALL, SMALL, 1, items=200, delay_s=0.001)
    figures = {figure.name: figure for figure in figures_of(runs)}

    assert runs["floor"][0].gave == 600
    assert runs["cold"][0].gave == 630
    assert runs["add"][0].gave == runs["add_by_100"][0].gave["confirmed"] == 200
    assert figures["warm_gets"].kept
    assert figures["warm_gets_never"].kept
    assert figures["warm_rewritten"].kept
    assert all(figure.value > 0 for figure in figures.values() if figure.at_most)


def test_the_page_shows_what_missed_its_target_and_what_grew(tmp_path: Path) -> None:
    figures = [Figure("a", "reading", 1.5, "x floor", 1.0, "3 s"), Figure("b", "writing", 7, "POSTs", 20)]
    page = tmp_path / "performance.md"
    page.write_text("# Cost\n<!-- figures -->\nold\n<!-- end of figures -->\nwhy\n", "utf-8")
    write_page(tmp_path, {"processor": "2 cores"}, figures)

    text = page.read_text("utf-8")
    assert "| reading | 1.50 x floor | ≤ 1 | 3 s | **missed** |" in text
    assert "| writing | 7 POSTs | ≤ 20 |  | met |" in text
    assert "old" not in text
    assert text.endswith("why\n")
    assert (tmp_path / "performance.svg").read_text("utf-8") == chart(figures)
    worse, same = compared(figures, {"a": {"value": 1.0}, "b": {"value": 7}})
    assert worse.endswith("(was 1)  WORSE")
    assert same.endswith("(was 7)")
