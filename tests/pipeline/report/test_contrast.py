"""Contrast as WCAG 2.2 defines it (1.4.3 and 1.4.11), of every pair of colours that the page puts together."""

import re
from importlib.resources import files

import pytest

CSS = (files("pipeline.report") / "report.css").read_text(encoding="utf-8")
LIGHT, DARK = (
    dict(re.findall(r"--([a-z0-9]+): (#[0-9a-f]{6,8});", block))
    for block in re.findall(r":root \{(.+?)\}", CSS, re.DOTALL)[:2]
)
TEXTS = [(ink, under) for ink in ("ink", "muted", "link", "late", "done", "due") for under in ("paper", "card")]
BADGES = [(f"t{level}", f"l{level}") for level in range(5)]
LINES = [
    (line, under) for line in ("volume", "share", "c0", "c1", "c2", "c3", "c4", "link") for under in ("paper", "card")
]


def luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("pairs", "least"), [(TEXTS + BADGES, 4.5), (LINES, 3.0)], ids=["texts", "lines"])
def test_colours_stand_out(colours: dict[str, str], pairs: list[tuple[str, str]], least: float) -> None:
    assert {pair: ratio for pair in pairs if (ratio := contrast(colours[pair[0]], colours[pair[1]])) < least} == {}


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21.0)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
