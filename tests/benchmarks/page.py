"""The results as a person reads them: a table, a chart, and what is not as it was."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

WORSE_FROM = 1.1  # a figure that grew by more is pointed at
_TABLE = re.compile(r"(?<=<!-- figures -->\n).*?(?=<!-- end of figures -->)", re.S)


@dataclass(frozen=True)
class Figure:
    """One figure of the table."""

    name: str
    work: str
    value: float
    unit: str
    at_most: float
    detail: str = ""

    @property
    def shown(self) -> str:
        """The value as in the table."""
        return number(self.value)

    @property
    def kept(self) -> bool:
        """Whether the target is met."""
        return self.value <= self.at_most


def number(value: float) -> str:
    """Two digits behind the point for what is small, none for what is large."""
    return f"{value:,.0f}" if value >= 20 or value == int(value) else f"{value:.2f}"


def compared(figures: Sequence[Figure], before: Mapping[str, Any]) -> Iterator[str]:
    """A line for each figure, with what it was the last time."""
    for figure in figures:
        mark = " " if figure.kept else "!"
        line = f"{mark} {figure.work:<46}{figure.shown:>8} {figure.unit:<24} at most {number(figure.at_most)}"
        old = before.get(figure.name)
        if old is not None:
            worse = "  WORSE" if figure.value > max(old["value"] * WORSE_FROM, old["value"] + 0.02) else ""
            line += f"  (was {number(old['value'])}){worse}"
        yield line


def write_page(folder: Path, machine: Mapping[str, str], figures: Sequence[Figure]) -> None:
    """Put table and chart into `performance.md`, between its marks."""
    page = folder / "performance.md"
    table = "\n".join([f"Measured on {', '.join(machine.values())}.", "", *_rows(figures), "", ""])
    page.write_text(_TABLE.sub(lambda _: table, page.read_text("utf-8")), "utf-8")
    (folder / "performance.svg").write_text(chart(figures), "utf-8")


def _rows(figures: Sequence[Figure]) -> Iterator[str]:
    yield "| work | figure | target | | |"
    yield "|---|---|---|---|---|"
    for figure in figures:
        mark = "met" if figure.kept else "**missed**"
        at_most = f"≤ {number(figure.at_most)}"
        yield f"| {figure.work} | {figure.shown} {figure.unit} | {at_most} | {figure.detail} | {mark} |"


def chart(figures: Sequence[Figure]) -> str:
    """A bar for each figure, as a share of its target; the line is the target."""
    shares = [(figure, figure.value / figure.at_most) for figure in figures if figure.at_most]
    row, left, whole = 22, 400, 300  # pixels
    parts = []
    for place, (figure, share) in enumerate(shares):
        top, colour = place * row + 24, "#3a7d44" if share <= 1 else "#b3423a"
        words = escape(f"{figure.work}: {figure.shown} {figure.unit}").replace("`", "")
        width = min(share, 1.6) * whole
        parts.append(f'<text x="{left - 8}" y="{top + 14}" text-anchor="end">{words}</text>')
        parts.append(
            f'<rect x="{left}" y="{top + 3}" width="{width:.0f}" height="{row - 6}" fill="{colour}"/>'
        )
    line, bottom = left + whole, len(shares) * row + 28
    parts.append(f'<text x="{line}" y="14" text-anchor="middle">target</text>')
    parts.append(f'<line x1="{line}" y1="20" x2="{line}" y2="{bottom}" stroke="black"/>')
    size = f'width="{line + whole}" height="{bottom + 6}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">'
    return "\n".join([head, '<rect width="100%" height="100%" fill="white"/>', *parts, "</svg>", ""])
