"""Figures with axes as SVG text, for any browser and without any library."""

import math
from dataclasses import dataclass, field
from html import escape

from ..model.errors import QSMError

# Okabe and Ito's colors, which color-blind people can tell apart; black is for axes
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C6D00", "#555555")
INK, GRID = "#222222", "#dddddd"
FONT, FONT_PX, GLYPH = "Helvetica, Arial, sans-serif", 13, 0.56  # GLYPH: width of a letter over its height
TITLE_PX = 16
LARGEST, NARROWEST = 1e30, 1e-12  # value on an axis, and width of an axis over its values


@dataclass
class Figure:
    """Marks in an area with a horizontal and a vertical axis; positions are in the units of the axes.

    x, y: (low, high) of the axes. left, right, top, bottom: margins around the area in px.
    """

    x: tuple
    y: tuple
    width: float = 640
    height: float = 420
    left: float = 80
    right: float = 24
    top: float = 44
    bottom: float = 58
    marks: list = field(default_factory=list)

    def px(self, x, y):
        """Where a point of the axes lies, in px from the upper left corner."""
        across = (x - self.x[0]) / (self.x[1] - self.x[0])
        up = (y - self.y[0]) / (self.y[1] - self.y[0])
        wide, high = self.width - self.left - self.right, self.height - self.top - self.bottom
        return self.left + across * wide, self.top + (1 - up) * high

    def line(self, points, color=INK, thickness=1.5, dashes=""):
        listed = " ".join(f"{x:.2f},{y:.2f}" for x, y in (self.px(*point) for point in points))
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        self.marks.append(
            f'<polyline points="{listed}" fill="none" stroke="{color}" stroke-width="{thickness}"{dashed}/>'
        )

    def area(self, points, fill, opacity=1.0):
        """A filled area within a line through points."""
        listed = " ".join(f"{x:.2f},{y:.2f}" for x, y in (self.px(*point) for point in points))
        self.marks.append(f'<polygon points="{listed}" fill="{fill}" fill-opacity="{opacity}"/>')

    def box(self, low, high, fill, edge="none", opacity=1.0):
        """A rectangle between two opposite corners."""
        (x0, y1), (x1, y0) = self.px(*low), self.px(*high)
        self.marks.append(
            f'<rect x="{x0:.2f}" y="{y0:.2f}" width="{max(x1 - x0, 0):.2f}" height="{max(y1 - y0, 0):.2f}" '
            f'fill="{fill}" fill-opacity="{opacity}" stroke="{edge}" stroke-width="1.5"/>'
        )

    def dot(self, x, y, color, radius=4.5, tooltip=""):
        """A disc; tooltip: what a pointer over it shows."""
        cx, cy = self.px(x, y)
        title = f"<title>{escape(tooltip)}</title>" if tooltip else ""
        self.marks.append(
            f'<circle cx="{cx:.2f}" cy="{cy:.2f}" r="{radius}" fill="{color}" stroke="white">{title}</circle>'
        )

    def text(self, x, y, words, dx=0.0, dy=0.0, **style):
        """Words at a point of the axes, shifted by px."""
        px, py = self.px(x, y)
        self.words(px + dx, py + dy, words, **style)

    def words(self, x, y, words, anchor="start", size=FONT_PX, color=INK, weight="normal", turn=0):
        """Words at a place in px."""
        turned = f' transform="rotate({turn} {x:.2f} {y:.2f})"' if turn else ""
        self.marks.append(
            f'<text x="{x:.2f}" y="{y:.2f}" text-anchor="{anchor}" font-size="{size}" fill="{color}" '
            f'font-weight="{weight}"{turned}>{escape(str(words))}</text>'
        )

    def axes(self, title, x_label, y_label="", x_ticks=None, y_ticks=None):
        """Title, labels, ticks {position: words} and grid lines, behind all marks; ticks are chosen if None."""
        in_front, self.marks = self.marks, []
        for at, words in (ticks(*self.x) if x_ticks is None else x_ticks).items():
            self.line([(at, self.y[0]), (at, self.y[1])], GRID, 1)
            self.text(at, self.y[0], words, dy=20, anchor="middle")
        for at, words in (ticks(*self.y) if y_ticks is None else y_ticks).items():
            self.line([(self.x[0], at), (self.x[1], at)], GRID, 1)
            self.text(self.x[0], at, words, dx=-8, dy=4.5, anchor="end")
        middle = (self.left + self.width - self.right) / 2
        self.words(middle, self.height - 14, x_label, anchor="middle")
        if y_label:
            self.words(20, (self.top + self.height - self.bottom) / 2, y_label, anchor="middle", turn=-90)
        self.words(self.left, 24, title, size=TITLE_PX, weight="bold")
        self.marks += in_front
        self.line([(self.x[0], self.y[0]), (self.x[1], self.y[0])], INK, 1)

    def svg(self):
        """The figure as text."""
        size = f'width="{self.width:g}" height="{self.height:g}" viewBox="0 0 {self.width:g} {self.height:g}"'
        start = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{FONT}" role="img">'
        paper = f'<rect width="{self.width:g}" height="{self.height:g}" fill="white"/>'
        return "\n".join([start, paper, *self.marks, "</svg>"]) + "\n"


def text_width(words, size=FONT_PX):
    """How wide words are about, in px."""
    return GLYPH * size * len(words)


def ticks(low, high, about=6):
    """{position: words} at round numbers between two ends."""
    step = 10 ** math.floor(math.log10((high - low) / about))
    step *= next(m for m in (1, 2, 5, 10) if (high - low) / (step * m) <= about)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    return {n * step: f"{n * step + 0.0:.{digits}f}" for n in range(first, last + 1)}


def spread(values, margin=0.06):
    """Ends of an axis that holds all values with some room; of a single value, room around it.

    Raises QSMError if a value is not finite, or too large for an axis.
    """
    low, high = min(values), max(values)
    if not all(abs(value) < LARGEST for value in values):
        raise QSMError("A value to be plotted is not a finite number, or beyond any scale. Fix or remove it.")
    is_wide = high - low > max(NARROWEST * max(abs(low), abs(high)), 1 / LARGEST)
    room = margin * (high - low) if is_wide else 0.5 * abs(high) if abs(high) > 1 / LARGEST else 1.0
    return low - room, high + room
