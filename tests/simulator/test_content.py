from __future__ import annotations

import re
import unicodedata

import pytest

from console.domain.media import MediaType, Millis
from console.simulator.content import ANY_LANGUAGE, Correspondence, Item, Language, Sender, languages
from console.simulator.dice import Dice

FICTIONAL = re.compile(
    r"1[2-9]\d\d55501\d\d"  # North America: 555-0100 to 555-0199
    r"|447700900\d{3}"  # United Kingdom: Ofcom's numbers for drama
    r"|3363998\d{4}"  # France: Arcep's numbers for fiction
    r"|4917139200\d\d"  # Germany: Bundesnetzagentur's numbers for films
    r"|467017406\d\d"  # Sweden: PTS's numbers for fiction
    r"|61491570\d{3}"  # Australia: ACMA's numbers for drama
)
NOON = Millis(1_749_988_800_000)
SENDERS = [sender for one in languages() for sender in one.senders]
ITEMS = [item for one in languages() for item in one.items]


@pytest.mark.parametrize("sender", SENDERS, ids=lambda sender: sender.number)
def test_every_number_is_kept_free_for_fiction(sender: Sender) -> None:
    assert FICTIONAL.fullmatch(sender.number)


def test_no_number_is_used_twice() -> None:
    assert len({sender.number for sender in SENDERS}) == len(SENDERS)


@pytest.mark.parametrize("language", languages(), ids=lambda one: one.language)
def test_every_language_has_somebody_and_something(language: Language) -> None:
    assert language.items
    assert bool(language.senders) is (language.language != ANY_LANGUAGE)


def test_there_are_many_scripts() -> None:
    text = "".join((item.caption or "") + (item.filename or "") for item in ITEMS)
    scripts = {unicodedata.name(letter).split()[0] for letter in text if letter.isalpha()}
    wanted = {"LATIN", "CYRILLIC", "GREEK", "ARABIC", "HEBREW", "DEVANAGARI", "THAI", "CJK", "HANGUL"}
    assert wanted | {"HIRAGANA", "KATAKANA", "BENGALI", "TAMIL", "ETHIOPIC"} <= scripts


def test_there_is_something_of_everything() -> None:
    assert {item.type for item in ITEMS} == set(MediaType) - {MediaType.UNKNOWN}
    assert any(sender.name is None for sender in SENDERS)
    assert any(len(item.caption or "") > 300 for item in ITEMS)
    assert any("\n" in (item.caption or "") for item in ITEMS)


def test_only_documents_and_audio_have_file_names() -> None:
    assert {item.type for item in ITEMS if item.filename} == {MediaType.DOCUMENT, MediaType.AUDIO}


def test_voice_stickers_and_audio_have_no_captions() -> None:
    spoken = {MediaType.VOICE, MediaType.STICKER, MediaType.AUDIO}
    assert not [item for item in ITEMS if item.type in spoken and item.caption]


def test_texts_are_plain() -> None:
    text = "".join(map(str, ITEMS))
    assert not [letter for letter in text if unicodedata.category(letter) in {"Cc", "Co", "Cs", "Cn"}]


def test_places_are_filled_in() -> None:
    drawn = [Correspondence(Dice(1)).draw(NOON) for _ in range(3)]
    assert drawn[0] == drawn[1] == drawn[2]
    correspondence = Correspondence(Dice(1))
    texts = [(item.caption or "") + (item.filename or "") for _, item in _many(correspondence, 300)]
    assert not [text for text in texts if "{" in text]
    assert any("2025-06-15" in text for text in texts)
    assert any("20250615" in text for text in texts)


def test_nothing_repeats_until_all_was_sent() -> None:
    drawn = _many(Correspondence(Dice(2)), len(ITEMS))
    kinds = sorted((item.type, item.mime or "", bool(item.caption), bool(item.filename)) for _, item in drawn)
    assert kinds == sorted((one.type, one.mime or "", bool(one.caption), bool(one.filename)) for one in ITEMS)


def _many(correspondence: Correspondence, count: int) -> list[tuple[Sender, Item]]:
    return [correspondence.draw(NOON) for _ in range(count)]
