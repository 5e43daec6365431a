"""How the points of a class are spread, drawn as SVG that stands in a page and takes its colours from there."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from xml.etree import ElementTree as ET

from chatsim.gradebook.wording import counted, number

__all__ = ["histogram_svg"]

WIDTH, HEIGHT = 640, 240
LEFT, RIGHT, TOP, BOTTOM = 16, 16, 24, 40
GAP = 6


def histogram_svg(counts: Sequence[int], of: Decimal) -> str:
    """One `<svg>`. `counts`: how many students are in each of equal steps from no points to `of`."""
    root = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "class": "histogram", "role": "img"})
    root.set("viewBox", f"0 0 {WIDTH} {HEIGHT}")
    root.set("aria-labelledby", "histogram-title histogram-desc")
    borders = [number(of * step / len(counts)) for step in range(len(counts) + 1)]
    ET.SubElement(root, "title", {"id": "histogram-title"}).text = "How many students have how many points"
    told = (
        f"{borders[step]} to {borders[step + 1]} points: {counted(many, 'student')}"
        for step, many in enumerate(counts)
        if many
    )
    ET.SubElement(root, "desc", {"id": "histogram-desc"}).text = "; ".join(told) or "Nobody has points yet."
    step_width = (WIDTH - LEFT - RIGHT) / len(counts)
    room, most, ground = HEIGHT - TOP - BOTTOM, max(1, *counts), HEIGHT - BOTTOM
    for step, many in enumerate(counts):
        x, height = LEFT + step * step_width, room * many / most
        if many:
            bar = {"class": "bar", "x": f"{x + GAP / 2:.1f}", "width": f"{step_width - GAP:.1f}", "rx": "3"}
            ET.SubElement(root, "rect", {**bar, "y": f"{ground - height:.1f}", "height": f"{height:.1f}"})
            _text(root, "many", x + step_width / 2, ground - height - 6, str(many))
    ET.SubElement(
        root,
        "line",
        {"class": "ground", "x1": str(LEFT), "x2": str(WIDTH - RIGHT), "y1": str(ground), "y2": str(ground)},
    )
    for step, border in enumerate(borders):
        _text(root, "border", LEFT + step * step_width, ground + 18, border)
    _text(root, "border", WIDTH / 2, HEIGHT - 4, "points")
    return ET.tostring(root, encoding="unicode")


def _text(root: ET.Element, kind: str, x: float, y: float, words: str) -> None:
    ET.SubElement(root, "text", {"class": kind, "x": f"{x:.1f}", "y": f"{y:.1f}"}).text = words
