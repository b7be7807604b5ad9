from __future__ import annotations

import io
import struct
import zipfile
import zlib
from xml.etree import ElementTree

import pytest

from console.simulator.files import make_file

OFFICE = "application/vnd.openxmlformats-officedocument."
STARTS = {
    "image/jpeg": b"\xff\xd8\xff\xe0",
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/webp": b"RIFF",
    "application/pdf": b"%PDF-1.4",
    "application/zip": b"PK\x03\x04",
    f"{OFFICE}wordprocessingml.document": b"PK\x03\x04",
    f"{OFFICE}spreadsheetml.sheet": b"PK\x03\x04",
    "text/csv": b"id,",
    "text/plain": b"Simulated",
    "audio/ogg; codecs=opus": b"OggS",
    "audio/mpeg": b"ID3",
    "audio/mp4": b"\0\0\0\x18ftypM4A ",
    "audio/aac": b"ID3",
    "audio/amr": b"#!AMR\n",
    "video/mp4": b"\0\0\0\x18ftypisom",
    "video/3gpp": b"\0\0\0\x18ftyp3gp4",
}


@pytest.mark.parametrize("mime_type", STARTS)
def test_files_begin_as_their_type_does_and_are_small(mime_type: str) -> None:
    made = make_file(mime_type, "a")
    assert made.startswith(STARTS[mime_type])
    assert len(made) < 5000


@pytest.mark.parametrize("mime_type", STARTS)
def test_equal_labels_make_equal_files_and_others_do_not(mime_type: str) -> None:
    assert make_file(mime_type, "a") == make_file(mime_type, "a")
    assert make_file(mime_type, "a") != make_file(mime_type, "b")


def test_a_png_is_made_of_whole_chunks() -> None:
    made = make_file("image/png", "label")
    place, kinds = 8, []
    while place < len(made):
        (length,) = struct.unpack_from(">I", made, place)
        kind, data = made[place + 4 : place + 8], made[place + 8 : place + 8 + length]
        (checksum,) = struct.unpack_from(">I", made, place + 8 + length)
        assert checksum == zlib.crc32(kind + data)
        kinds.append(kind)
        place += length + 12
    assert kinds == [b"IHDR", b"tEXt", b"IDAT", b"IEND"]


def test_a_jpeg_is_made_of_whole_segments() -> None:
    made = make_file("image/jpeg", "label")
    place, markers = 2, []
    while made[place + 1] != 0xDA:
        assert made[place] == 0xFF
        markers.append(made[place + 1])
        place += 2 + int.from_bytes(made[place + 2 : place + 4], "big")
    assert markers == [0xE0, 0xFE, 0xDB, 0xC0, 0xC4, 0xC4]
    assert made.endswith(b"\xff\xd9")


def test_a_webp_tells_its_length() -> None:
    made = make_file("image/webp", "odd")
    assert struct.unpack_from("<I", made, 4)[0] == len(made) - 8
    assert made[8:12] == b"WEBP"


def test_a_pdf_points_at_its_objects() -> None:
    made = make_file("application/pdf", "a (b) \\c")
    start = int(made.rsplit(b"startxref\n", 1)[1].split(b"\n")[0])
    assert made[start:].startswith(b"xref\n0 6\n")
    rows = made[start:].split(b"\n")[3:8]
    assert [made[int(row[:10]) :].split(b" ")[0] for row in rows] == [b"1", b"2", b"3", b"4", b"5"]
    assert rb"(a \(b\) \\c) Tj" in made


def test_an_ogg_has_three_pages() -> None:
    assert make_file("audio/ogg", "x").count(b"OggS") == 3


def test_an_ogg_page_carries_the_checksum_of_its_bytes() -> None:
    made = make_file("audio/ogg", "x")
    page = made[: made.index(b"OggS", 4)]
    (told,) = struct.unpack_from("<I", page, 22)
    total = 0
    for byte in page[:22] + b"\0\0\0\0" + page[26:]:
        for bit in range(7, -1, -1):
            carry = total >> 31 ^ (byte >> bit & 1)
            total = (total << 1 & 0xFFFFFFFF) ^ (0x04C11DB7 if carry else 0)
    assert told == total


@pytest.mark.parametrize("mime_type", ["audio/mp4", "video/mp4", "video/3gpp"])
def test_a_film_is_made_of_whole_boxes(mime_type: str) -> None:
    made = make_file(mime_type, "label")
    place, kinds = 0, []
    while place < len(made):
        (length,) = struct.unpack_from(">I", made, place)
        kinds.append(made[place + 4 : place + 8])
        place += length
    assert place == len(made)
    assert kinds == [b"ftyp", b"free", b"moov", b"mdat"]


@pytest.mark.parametrize("kind", ["wordprocessingml.document", "spreadsheetml.sheet"])
def test_office_files_are_archives_of_xml(kind: str) -> None:
    with zipfile.ZipFile(io.BytesIO(make_file(OFFICE + kind, "<a & b>"))) as archive:
        assert archive.testzip() is None
        for name in archive.namelist():
            ElementTree.fromstring(archive.read(name))
        assert "[Content_Types].xml" in archive.namelist()


def test_an_aac_frame_tells_its_length() -> None:
    made = make_file("audio/aac", "x")
    frames = made[made.index(b"\xff\xf1") :]
    length = (frames[3] & 3) << 11 | frames[4] << 3 | frames[5] >> 5
    assert frames == frames[:length] * 4


def test_unknown_types_are_text() -> None:
    assert make_file("application/x-unheard-of", "x") == b"Simulated file x\r\n"
