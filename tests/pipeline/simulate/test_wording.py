import pytest

from pipeline.simulate import BrandTalk, default_scenario
from pipeline.simulate.chance import Chance
from pipeline.simulate.wording import MAX_CHARS, Wording, brand_wording, roughen

BRANDS = default_scenario().brands
BANKS = [
    pytest.param(brand.key, language, event, id=f"{brand.key}-{language}-{event}")
    for brand in BRANDS
    for language, _ in brand.languages
    for event in ("", *(e.id for e in brand.events if language == brand.languages[0][0]))
]


@pytest.mark.parametrize(("brand", "language", "event"), BANKS)
def test_every_slot_of_the_templates_is_filled_by_a_list(brand: str, language: str, event: str) -> None:
    assert brand_wording(brand, language, event).unknown_slots() == []


def test_an_unfilled_slot_is_named() -> None:
    assert Wording({"posts": ("{who} said {what} {url}",), "who": ("she",)}).unknown_slots() == ["what"]


@pytest.mark.parametrize("brand", BRANDS, ids=lambda brand: brand.key)
def test_there_is_a_text_for_each_statement_of_an_event(brand: BrandTalk) -> None:
    for event in brand.events:
        words = brand_wording(brand.key, brand.languages[0][0], event.id)
        for number in range(len(event.statements_ms)):
            assert words.say_item("official", number, Chance(1))


def test_roughening_keeps_within_a_post() -> None:
    chance = Chance(4)
    assert all(len(roughen("word " * 80, chance)) <= MAX_CHARS for _ in range(200))


@pytest.mark.parametrize("text", ["", ".", "a", "hello world again", "no.", "été à Lyon !"])
def test_roughening_takes_any_text(text: str) -> None:
    chance = Chance(5)
    for _ in range(300):
        roughen(text, chance)
