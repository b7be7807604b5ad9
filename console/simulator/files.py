"""Real little files: each opens in a program for its type, and each id has its own bytes."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def make_file(mime_type: str, label: str) -> bytes:
    """A small valid file of that MIME type with the label inside; text for types not known here.

    The parameters of a MIME type (`; codecs=opus`) are ignored.
    """
    maker = _MAKERS.get(mime_type.partition(";")[0].strip().lower(), _text)
    return maker(label.encode("utf-8", "replace"))


def _text(label: bytes) -> bytes:
    return b"Simulated file " + label + b"\r\n"


def _csv(label: bytes) -> bytes:
    return b"id,amount,currency\r\n" + label + b",128.50,EUR\r\n"


def _jpeg(label: bytes) -> bytes:
    """Eight by eight grey dots: both Huffman tables have the one code `0`, so the scan is two bits."""
    quantization = b"\xff\xdb" + struct.pack(">HB", 67, 0) + b"\x10" * 64
    frame = b"\xff\xc0" + struct.pack(">HBHHBBBB", 11, 8, 8, 8, 1, 1, 0x11, 0)
    tables = b"".join(
        b"\xff\xc4" + struct.pack(">HB", 20, kind) + b"\x01" + b"\0" * 15 + b"\0" for kind in (0x00, 0x10)
    )
    scan = b"\xff\xda" + struct.pack(">HBBBBBB", 8, 1, 1, 0, 0, 63, 0) + b"\x3f"
    header = b"\xff\xe0" + struct.pack(">H5sHBHHBB", 16, b"JFIF\0", 0x0101, 0, 1, 1, 0, 0)
    comment = b"\xff\xfe" + struct.pack(">H", len(label) + 2) + label
    return b"\xff\xd8" + header + comment + quantization + frame + tables + scan + b"\xff\xd9"


def _png(label: bytes) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    comment = chunk(b"tEXt", b"Comment\0" + label)
    dots = chunk(b"IDAT", zlib.compress(b"\0\x80", 9))
    return b"\x89PNG\r\n\x1a\n" + header + comment + dots + chunk(b"IEND", b"")


def _webp(label: bytes) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)

    one_dot = bytes.fromhex("2f00000010071011118888fe0700")
    extended = chunk(b"VP8X", struct.pack("<I", 0x14) + b"\0" * 6)
    parts = extended + chunk(b"VP8L", one_dot) + chunk(b"XMP ", label)
    return b"RIFF" + struct.pack("<I", len(parts) + 4) + b"WEBP" + parts


def _pdf(label: bytes) -> bytes:
    shown = label.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
    drawing = b"BT /F1 12 Tf 36 72 Td (" + shown + b") Tj ET"
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 420 144]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        page,
        b"<</Length %d>>stream\n%s\nendstream" % (len(drawing), drawing),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    body, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count = len(objects) + 1
    trailer = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (count, len(body))
    return body + b"xref\n0 %d\n0000000000 65535 f \n%s%s" % (count, table, trailer)


def _ogg(label: bytes) -> bytes:
    """Opus, mono: the two headers and one frame of silence."""
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 312, 48000, 0, 0)
    vendor = b"simulator"
    tags = b"OpusTags" + struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", 1)
    comment = b"COMMENT=" + label
    tags += struct.pack("<I", len(comment)) + comment
    return _ogg_page(2, 0, 0, head) + _ogg_page(0, 0, 1, tags) + _ogg_page(4, 960, 2, b"\xf8\xff\xfe")


def _ogg_page(flags: int, granule: int, number: int, packet: bytes) -> bytes:
    lacing = bytes([255] * (len(packet) // 255) + [len(packet) % 255])
    start = b"OggS" + struct.pack("<BBqII", 0, flags, granule, 1, number)
    rest = bytes([len(lacing)]) + lacing + packet
    return start + struct.pack("<I", _ogg_checksum(start + b"\0\0\0\0" + rest)) + rest


def _ogg_checksum(data: bytes) -> int:
    """CRC-32 as Ogg counts it: not reflected, starting at 0."""
    total = 0
    for byte in data:
        total ^= byte << 24
        for _ in range(8):
            total = ((total << 1) ^ 0x04C11DB7 if total & 0x80000000 else total << 1) & 0xFFFFFFFF
    return total


def _iso_media(brand: bytes) -> Callable[[bytes], bytes]:
    def make(label: bytes) -> bytes:
        def box(kind: bytes, data: bytes) -> bytes:
            return struct.pack(">I", len(data) + 8) + kind + data

        unity = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
        times = struct.pack(">5I", 0, 0, 0, 1000, 0)
        movie = times + struct.pack(">IH10x", 0x10000, 0x100) + unity + b"\0" * 24 + struct.pack(">I", 1)
        kinds = box(b"ftyp", brand + struct.pack(">I", 512) + brand + b"mp42")
        return kinds + box(b"free", label) + box(b"moov", box(b"mvhd", movie)) + box(b"mdat", b"")

    return make


def _mp3(label: bytes) -> bytes:
    """An ID3 tag with the label, and a few silent frames of MPEG 1 layer III."""
    frame = b"\xff\xfb\x90\x64" + b"\0" * 413
    return _id3(label) + frame * 4


def _aac(label: bytes) -> bytes:
    """An ID3 tag with the label, and a few silent frames of mono AAC in ADTS."""
    sound = bytes.fromhex("2104608c1c")
    length = len(sound) + 7
    header = bytes(
        [0xFF, 0xF1, 0x50, 0x40 | length >> 11, length >> 3 & 0xFF, (length & 7) << 5 | 0x1F, 0xFC]
    )
    return _id3(label) + (header + sound) * 4


def _id3(label: bytes) -> bytes:
    text = b"\0" + label
    title = b"TIT2" + struct.pack(">IH", len(text), 0) + text
    size = bytes((len(title) >> shift) & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\x00\x00" + size + title


def _amr(label: bytes) -> bytes:
    """Frames without speech; their number is all that can tell two files apart."""
    return b"#!AMR\n" + b"\x7c" * (1 + zlib.crc32(label) % 4000)


_OPEN_XML = "http://schemas.openxmlformats.org/"


def _word(label: bytes) -> bytes:
    space = f'xmlns:w="{_OPEN_XML}wordprocessingml/2006/main"'
    paragraph = f"<w:p><w:r><w:t>{_escaped(label)}</w:t></w:r></w:p>"
    text = f"<w:document {space}><w:body>{paragraph}</w:body></w:document>"
    return _office("word/document.xml", "wordprocessingml.document", text)


def _sheet(label: bytes) -> bytes:
    space = f'xmlns="{_OPEN_XML}spreadsheetml/2006/main"'
    links = f'xmlns:r="{_OPEN_XML}officeDocument/2006/relationships"'
    book = f'<workbook {space} {links}><sheets><sheet name="1" sheetId="1" r:id="rId1"/></sheets></workbook>'
    cell = f'<c r="A1" t="inlineStr"><is><t>{_escaped(label)}</t></is></c>'
    sheet = f'<worksheet {space}><sheetData><row r="1">{cell}</row></sheetData></worksheet>'
    extra = {
        "xl/_rels/workbook.xml.rels": _relations("worksheet", "worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": sheet,
    }
    return _office("xl/workbook.xml", "spreadsheetml.sheet", book, extra)


def _escaped(label: bytes) -> str:
    return label.decode().replace("&", "&amp;").replace("<", "&lt;")


def _relations(kind: str, target: str) -> str:
    type_ = f"{_OPEN_XML}officeDocument/2006/relationships/{kind}"
    link = f'<Relationship Id="rId1" Type="{type_}" Target="{target}"/>'
    return f'<Relationships xmlns="{_OPEN_XML}package/2006/relationships">{link}</Relationships>'


def _office(name: str, kind: str, text: str, extra: Mapping[str, str] | None = None) -> bytes:
    main = f"application/vnd.openxmlformats-officedocument.{kind}.main+xml"
    parts = (
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    )
    parts += '<Default Extension="xml" ContentType="application/xml"/>'
    parts += f'<Override PartName="/{name}" ContentType="{main}"/>'
    if extra:
        rows = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
        parts += f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{rows}"/>'
    types = f'<Types xmlns="{_OPEN_XML}package/2006/content-types">{parts}</Types>'
    files = {"[Content_Types].xml": types, "_rels/.rels": _relations("officeDocument", name), name: text}
    return _archive({**files, **(extra or {})})


def _zip(label: bytes) -> bytes:
    return _archive({"readme.txt": _text(label).decode()})


def _archive(files: Mapping[str, str]) -> bytes:
    """A ZIP file without the present time in it."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return target.getvalue()


_OFFICE = "application/vnd.openxmlformats-officedocument."
_MAKERS: Mapping[str, Callable[[bytes], bytes]] = {
    "image/jpeg": _jpeg,
    "image/png": _png,
    "image/webp": _webp,
    "application/pdf": _pdf,
    "application/zip": _zip,
    f"{_OFFICE}wordprocessingml.document": _word,
    f"{_OFFICE}spreadsheetml.sheet": _sheet,
    "text/csv": _csv,
    "audio/ogg": _ogg,
    "audio/mpeg": _mp3,
    "audio/mp4": _iso_media(b"M4A "),
    "audio/aac": _aac,
    "audio/amr": _amr,
    "video/mp4": _iso_media(b"isom"),
    "video/3gpp": _iso_media(b"3gp4"),
}
