#!/usr/bin/env python3
"""Bombs of more than fifteen kinds: bombs.py DIRECTORY writes them and a manifest; measure.py gives them to the inspector."""

import bz2
import gzip
import json
import lzma
import sys
import zlib
from pathlib import Path

import archives
import documents
import mail
import zips
from samples import TEXT, le, padded

ZEROS = b"\0" * (64 << 20)


def repeated(packer, megabytes):
    """What a packer makes of so many megabytes of zeros, in pieces."""
    out = bytearray()
    piece = b"\0" * (1 << 20)
    for _ in range(megabytes):
        out += packer.compress(piece)
    return bytes(out + packer.flush())


def nested_zip():
    """As 42.zip is: sixteen in sixteen in sixteen … each of the innermost swells a thousandfold."""
    layer = zips.zipped({"0.bin": ZEROS})
    for _ in range(5):
        inner = layer
        layer = zips.zipped({f"{n:x}.zip": inner for n in range(16)})
    return layer


def overlapping_zip():
    """Many entries whose bodies share one kernel (Fifield): each quotes the headers of the next."""
    kernel = zips.deflate(ZEROS)
    crc = zlib.crc32(ZEROS)
    count, out, directory = 250, bytearray(), bytearray()
    header = zips.Header(b"", 8, crc, len(kernel), len(ZEROS))
    starts = []
    for number in range(count):
        starts.append(len(out))
        name = b"%04d" % number
        header.name = name
        local = b"PK\x03\x04" + header.bytes() + name
        # A stored block of deflate that holds the next header.
        out += local + (b"" if number == count - 1 else b"\0" + le(len(local), 2) + le(len(local) ^ 0xFFFF, 2))
    end = len(out)
    for number, start in enumerate(starts):
        header.name = b"%04d" % number
        header.packed = end + len(kernel) - start - 34
        directory += b"PK\x01\x02\x14\x03" + header.bytes() + b"\0" * 10 + le(start, 4) + header.name
    return bytes(out) + kernel + bytes(directory) + zips.end(count, len(directory), end + len(kernel))


def same_body_zip():
    """All entries point at one body."""
    one = zips.archive([zips.member("a", ZEROS)])
    body_end = one.index(b"PK\x01\x02")
    entry = one[body_end:-22]
    count = 60_000
    return one[:body_end] + entry * count + zips.end(count, len(entry) * count, body_end)


def million_members():
    """A table of contents of a million entries (ZIP64), without one byte of content."""
    count = 1_000_000
    local = b"PK\x03\x04" + zips.Header(b"a", 0, 0, 0, 0).bytes() + b"a"
    entry = b"PK\x01\x02\x14\x03" + zips.Header(b"0000000", 0, 0, 0, 0).bytes() + b"\0" * 14
    entries = b"".join(entry + b"%07d" % n for n in range(count))
    start = len(local)
    record = b"PK\x06\x06" + le(44, 8) + b"\x2d\x03\x2d\0" + b"\0" * 8 + le(count, 8) * 2 + le(len(entries), 8) + le(start, 8)
    locator = b"PK\x06\x07" + le(0, 4) + le(start + len(entries), 8) + le(1, 4)
    return local + entries + record + locator + zips.end(0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)


def nested_gzip(levels=9):
    content = gzip.compress(ZEROS, 9, mtime=0)
    for _ in range(levels):
        content = gzip.compress(content, 9, mtime=0)
    return content


def doubling():
    """Each level holds the one below twice, so that the work doubles; a true quine would go on for ever."""
    content = zips.zipped({"a.txt": TEXT})
    while len(content) < 1 << 20:
        content = zips.archive([zips.member(name, content, zips.STORED) for name in ("a.zip", "b.zip")])
    for _ in range(14):
        content = gzip.compress(content, 9, mtime=0)
    return content


def seven_zip():
    return archives.seven_zip({f"{n}": ZEROS[: 8 << 20] for n in range(16)}, "lzma2")


def zstd_runs():
    """Blocks of one repeated byte each."""
    window, block = b"\x28\xb5\x2f\xfd\x00\x58", 128 << 10
    body = b"".join(le(block << 3 | 2, 3) + b"\0" for _ in range(8 * 1024 * 4))
    return window + body + le(1, 3)


def lz4_runs():
    """Blocks of 4 MB that are one long match."""
    descriptor = b"\x60\x70"
    size = (4 << 20) - 12
    block = b"\x1f\0\1\0" + b"\xff" * ((size - 19) // 255) + bytes([(size - 19) % 255]) + b"\x50" + b"\0" * 5
    body = (le(len(block), 4) + block) * 300
    return b"\x04\x22\x4d\x18" + descriptor + bytes([archives.xxh32(descriptor) >> 8 & 0xFF]) + body + b"\0" * 4


def wide_window():
    """An xz block whose header asks for a window of four gigabytes."""
    good = lzma.compress(TEXT, lzma.FORMAT_XZ)
    header = bytearray(good[12:24])
    header[4] = 40
    header[8:12] = le(zlib.crc32(bytes(header[:8])), 4)
    return good[:12] + bytes(header) + good[24:]


def flate_chain(levels=12):
    content = ZEROS
    for _ in range(levels):
        content = zlib.compress(content, 9)
    filters = "[" + "/FlateDecode " * levels + "]"
    return documents.pdf([documents.pdf_stream(b"", filters, "", content)] * 20)


def many_streams():
    stream = documents.flate(b"\0" * 4_000_000)
    return documents.pdf([stream] * 400)


def deep_folders():
    return zips.archive([zips.member("a/" * (n * 30) + f"{n}.txt", b"", zips.STORED) for n in range(1, 500)])


def entities():
    lines = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    text = f'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY l0 "lol">{lines}]><w>&l11;</w>'
    return zips.zipped({"[Content_Types].xml": b"<Types><Override ContentType='x/wordprocessingml.document.main+xml'/></Types>", "word/document.xml": text.encode()})


def swollen_part():
    return documents.docx({"word/media/a.xml": documents.XML + b" " * (200 << 20)})


def sparse_tar():
    """A member of a few bytes that says it is a terabyte."""
    import tarfile

    info = tarfile.TarInfo("a")
    info.type, info.size = tarfile.GNUTYPE_SPARSE, 512
    block = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    block[386:398] = b"00000000000\0"
    block[398:410] = b"00000001000\0"
    block[483:495] = b"17777777777\0"
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block[:512])
    return bytes(block) + b"x" * 512 + b"\0" * 1024


def tar_of_many():
    block = archives.tar({"a": b""})[:512]
    return gzip.compress(block * 400_000 + b"\0" * 1024, 9, mtime=0)


def looping_iso():
    """A folder that holds itself."""
    image = bytearray(archives.iso("a.txt", TEXT))
    own = archives.iso_record(b"A", 19, 2048, 2)
    # Behind the two folders of the root comes the first of them.
    root = archives.iso_record(b"\0", 19, 2048, 2) + archives.iso_record(b"\x01", 19, 2048, 2)
    folder = root + own * 40
    image[19 * 2048 : 20 * 2048] = padded(folder, 2048)[:2048]
    return bytes(image)


def looping_compound():
    whole = bytearray(documents.doc({f"s{n}": b"x" * 5000 for n in range(500)}))
    # Every sector is followed by the first.
    table = int.from_bytes(whole[76:80], "little") * 512 + 512
    for at in range(table, len(whole), 4):
        whole[at : at + 4] = le(0, 4)
    return bytes(whole)


def cabinet():
    """One folder of many blocks that swell, and sixty thousand names for it."""
    block = zips.deflate(b"\0" * 32768)
    data = b"\0" * 4 + le(len(block) + 2, 2) + le(32768, 2) + b"CK" + block
    blocks = 60_000
    names = b"".join(le(32768, 4) + le(32768 * n, 4) + b"\0" * 8 + b"%05d\0" % n for n in range(blocks))
    place = 44 + len(names)
    head = b"MSCF\0\0\0\0" + le(place + len(data) * blocks, 4) + b"\0" * 4 + le(44, 4) + b"\0" * 4 + b"\x03\x01\x01\0" + le(blocks, 2)
    return head + b"\0" * 6 + le(place, 4) + le(blocks, 2) + b"\x01\0" + names + data * blocks


def deep_mail():
    message = mail.with_attachment("a.txt", TEXT)
    for n in range(3000):
        message = b"From: a@b.c\r\nTo: b@b.c\r\nContent-Type: message/rfc822\r\n\r\n" + message
    return message


def broad_mail():
    """Parts within parts, each with a boundary of its own."""
    body = mail.text_part()
    for n in range(300):
        body = f'Content-Type: multipart/mixed; boundary="b{n}"\r\n\r\n'.encode() + b"".join(f"--b{n}\r\n".encode() + part + b"\r\n" for part in (body, mail.text_part() * 30)) + f"--b{n}--\r\n".encode()
    return b"From: a@b.c\r\nTo: b@b.c\r\nMIME-Version: 1.0\r\n" + body


def many_parts():
    return mail.eml([mail.text_part("x")] * 200_000)


def rar_of_many():
    return archives.rar5({f"{n}": b"" for n in range(50_000)})


def rar_liar():
    """A member that says it is a terabyte and takes a window of four gigabytes."""
    name = b"a"
    fields = b"\x02\x02" + archives.vint(5) + b"\x04" + archives.vint(1 << 40) + b"\x20" + b"\0" * 4 + archives.vint(0x3F << 10 | 5 << 7) + b"\x01\x01" + name
    return b"Rar!\x1a\x07\x01\0" + archives.rar5_block(b"\x01\0\0") + archives.rar5_block(fields) + b"12345" + archives.rar5_block(b"\x05\0\0")


def uuencoded():
    return (b"begin 644 a\n" + b"M" + b"`" * 60 + b"\n`\nend\n") * 100_000


BOMBS = {
    "nested.zip": ("zip in zip", nested_zip),
    "overlap.zip": ("overlapping zip", overlapping_zip),
    "same-body.zip": ("overlapping zip", same_body_zip),
    "million.zip": ("many members", million_members),
    "nested.gz": ("gzip in gzip", nested_gzip),
    "doubling.gz": ("gzip in gzip", doubling),
    "swollen.gz": ("gzip", lambda: repeated(zlib.compressobj(9, zlib.DEFLATED, 31), 300)),
    "swollen.bz2": ("bzip2", lambda: repeated(bz2.BZ2Compressor(9), 100)),
    "swollen.xz": ("xz", lambda: repeated(lzma.LZMACompressor(preset=0), 150)),
    "window.xz": ("window", wide_window),
    "swollen.lzma": ("lzma", lambda: repeated(lzma.LZMACompressor(lzma.FORMAT_ALONE, preset=0), 150)),
    "swollen.zst": ("zstd", zstd_runs),
    "swollen.lz4": ("lz4", lz4_runs),
    "swollen.7z": ("7z", seven_zip),
    "chain.pdf": ("pdf", flate_chain),
    "streams.pdf": ("pdf", many_streams),
    "folders.zip": ("deep folders", deep_folders),
    "entities.docx": ("entities", entities),
    "swollen.docx": ("office", swollen_part),
    "sparse.tar": ("sparse tar", sparse_tar),
    "many.tar.gz": ("many members", tar_of_many),
    "loop.iso": ("folders in a circle", looping_iso),
    "loop.doc": ("sectors in a circle", looping_compound),
    "swollen.cab": ("cabinet", cabinet),
    "deep.eml": ("mail in mail", deep_mail),
    "broad.eml": ("mail in mail", broad_mail),
    "parts.eml": ("many parts", many_parts),
    "many.rar": ("many members", rar_of_many),
    "liar.rar": ("window", rar_liar),
    "files.txt": ("encoded text", uuencoded),
}


def main():
    directory = Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    listed = []
    for number, (name, (kind, make)) in enumerate(BOMBS.items(), 1):
        identity = f"{number:04}"
        (directory / identity).write_bytes(make())
        listed.append({"id": identity, "kind": kind, "name": name})
    (directory / "manifest.json").write_text(json.dumps(listed, indent=1))


if __name__ == "__main__":
    main()
