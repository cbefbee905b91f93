"""Archives and packed content other than ZIP, each from content alone, by this code or by Python's own library."""

import gzip
import io
import lzma
import tarfile
import zlib

from samples import be, le, padded
from zips import deflate


def crc(data):
    return le(zlib.crc32(data), 4)


# --- tar and what is around it ---------------------------------------------------------------------------------------


def tar(files, form=tarfile.USTAR_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def tar_entry(name, kind, link="", size=0, extra=b""):
    """A tar archive of one entry without content, such as a link or a device."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, size
    return info.tobuf(tarfile.GNU_FORMAT) + padded(extra, 512) + b"\0" * 1024


def ar(files):
    out = bytearray(b"!<arch>\n")
    for name, content in files.items():
        out += f"{name:<16}{0:<12}{0:<6}{0:<6}{644:<8}{len(content):<10}`\n".encode() + padded(content, 2, b"\n")
    return bytes(out)


def deb(files):
    control = gzip.compress(tar({"./control": b"Package: x\nVersion: 1\nArchitecture: all\n"}), mtime=0)
    data = lzma.compress(tar({f"./{name}": content for name, content in files.items()}))
    return ar({"debian-binary": b"2.0\n", "control.tar.gz": control, "data.tar.xz": data})


def cpio(files):
    out = bytearray()
    for name, content in [*files.items(), ("TRAILER!!!", b"")]:
        mode = 0o100644 if content else 0
        fields = [1, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0]
        out += padded(b"070701" + b"".join(b"%08x" % field for field in fields) + name.encode() + b"\0", 4) + padded(content, 4)
    return bytes(out)


def portable_cpio(files):
    out = bytearray()
    for name, content in [*files.items(), ("TRAILER!!!", b"")]:
        numbers = [1, 1, 0o100644, 0, 0, 1, 0]
        out += b"070707" + b"".join(b"%06o" % n for n in numbers)
        out += b"%011o%06o%011o" % (0, len(name) + 1, len(content)) + name.encode() + b"\0" + content
    return bytes(out)


def rpm(files):
    def header(store):
        return b"\x8e\xad\xe8\x01\0\0\0\0" + be(1, 4) + be(store, 4) + b"\0" * (16 + store)

    lead = padded(b"\xed\xab\xee\xdb\x03\0", 96)
    return padded(lead + header(5), 8) + header(3) + gzip.compress(cpio(files), mtime=0)


# --- one packed content ----------------------------------------------------------------------------------------------


def named_gzip(name, content):
    return b"\x1f\x8b\x08\x08\0\0\0\0\x02\x03" + name.encode() + b"\0" + deflate(content) + crc(content) + le(len(content), 4)


def lzip(content):
    # lzip ends with a marker, which Python's encoder writes only into the old format of unknown length.
    raw = lzma.compress(content, lzma.FORMAT_ALONE, filters=[{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 16}])[13:]
    return b"LZIP\x01\x10" + raw + crc(content) + le(len(content), 8) + le(6 + len(raw) + 20, 8)


def zstd(content):
    """Frames of blocks that are stored (RFC 8878)."""
    out = bytearray(b"\x28\xb5\x2f\xfd\xa0" + le(len(content), 4))
    blocks = [content[at : at + 100_000] for at in range(0, len(content), 100_000)] or [b""]
    for index, block in enumerate(blocks):
        last = index == len(blocks) - 1
        out += le(len(block) << 3 | last, 3) + block
    return bytes(out)


def xxh32(data, seed=0):
    """The checksum of LZ4 frames, for data below 16 bytes, as their headers are."""
    mask, (p1, p2, p3, p4, p5) = 0xFFFFFFFF, (2654435761, 2246822519, 3266489917, 668265263, 374761393)
    rotate = lambda value, by: (value << by | value >> 32 - by) & mask
    value = (seed + p5 + len(data)) & mask
    for byte in data:
        value = rotate((value + byte * p5) & mask, 11) * p1 & mask
    value = (value ^ value >> 15) * p2 & mask
    value = (value ^ value >> 13) * p3 & mask
    return value ^ value >> 16


def lz4(content):
    """A frame of blocks that are stored."""
    descriptor = b"\x60\x40"
    blocks = [content[at : at + 65536] for at in range(0, len(content), 65536)]
    body = b"".join(le(0x80000000 | len(block), 4) + block for block in blocks)
    return b"\x04\x22\x4d\x18" + descriptor + bytes([xxh32(descriptor) >> 8 & 0xFF]) + body + b"\0" * 4


def compress(content):
    """`.Z` with codes of nine bits that are all single bytes, the table cleared before it grows."""
    codes, out, bits, held = [], bytearray(b"\x1f\x9d\x90"), 0, 0
    for index, byte in enumerate(content):
        if index % 200 == 0 and index > 0:
            # Codes are read in groups of eight; what is left of a group after a clearing is skipped.
            codes.append(256)
            codes.extend([0] * (-len(codes) % 8))
        codes.append(byte)
    for code in codes:
        bits |= code << held
        held += 9
        while held >= 8:
            out.append(bits & 0xFF)
            bits, held = bits >> 8, held - 8
    return bytes(out + (bytes([bits & 0xFF]) if held else b""))


# --- 7z, RAR, cabinets, CD images ------------------------------------------------------------------------------------


def number_7z(value):
    """A number of 7z: as many ones in front as bytes follow, then the highest bits."""
    more = next(count for count in range(8) if value < 1 << 7 * (count + 1))
    ones = 0xFF00 >> more & 0xFF
    return bytes([ones | value >> 8 * more]) + le(value & (1 << 8 * more) - 1, more)


def sealed_7z(packed, header):
    start = le(len(packed), 8) + le(len(header), 8) + crc(header)
    return b"7z\xbc\xaf\x27\x1c\0\x04" + crc(start) + start + packed + header


def seven_zip(files, method="copy"):
    """One solid folder of {name: content}."""
    whole = b"".join(files.values())
    if method == "copy":
        packed, coder = whole, b"\x01\0"
    elif method == "lzma":
        packed = lzma.compress(whole, lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 16}])
        coder = b"\x23\x03\x01\x01\x05\x5d" + le(1 << 16, 4)
    else:
        packed = lzma.compress(whole, lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 16}])
        coder = b"\x21\x21\x01\x08"
    n = number_7z
    sizes = b"".join(n(len(content)) for content in list(files.values())[:-1])
    pack = b"\x06\0\x01\x09" + n(len(packed)) + b"\0"
    folder = b"\x07\x0b\x01\0\x01" + coder + b"\x0c" + n(len(whole)) + b"\0"
    parts = b"\x08" + (b"\x0d" + n(len(files)) if len(files) > 1 else b"") + (b"\x09" + sizes if sizes else b"")
    parts += b"\x0a\x01" + b"".join(crc(content) for content in files.values()) + b"\0"
    names = b"\0" + b"".join(name.encode("utf-16le") + b"\0\0" for name in files)
    listed = b"\x05" + n(len(files)) + b"\x11" + n(len(names)) + names + b"\0"
    return sealed_7z(packed, b"\x01\x04" + pack + folder + parts + b"\0" + listed + b"\0")


def vint(value):
    return bytes([value]) if value < 0x80 else bytes([value & 0x7F | 0x80]) + vint(value >> 7)


def rar5_block(fields):
    block = vint(len(fields)) + fields
    return crc(block) + block


def rar5_member(name, content):
    name, size = name.encode(), vint(len(content))
    fields = b"\x02\x02" + size + b"\x04" + size + b"\x20" + crc(content) + b"\0\x01" + vint(len(name)) + name
    return rar5_block(fields) + content


def rar5(files, more=b""):
    members = b"".join(rar5_member(*item) for item in files.items())
    return b"Rar!\x1a\x07\x01\0" + rar5_block(b"\x01\0\0") + members + more + rar5_block(b"\x05\0\0")


def rar4_block(kind, flags, rest):
    block = bytes([kind]) + le(flags, 2) + le(len(rest) + 7, 2) + rest
    return crc(block)[:2] + block


def rar4(files, flags=0):
    out = b"Rar!\x1a\x07\0" + rar4_block(0x73, 0, b"\0" * 6)
    for name, content in files.items():
        size, name = le(len(content), 4), name.encode()
        rest = size + size + b"\x03" + crc(content) + b"\0" * 4 + b"\x14\x30" + le(len(name), 2) + le(0o100644, 4) + name
        out += rar4_block(0x74, 0x8000 | flags, rest) + content
    return out + rar4_block(0x7B, 0x4000, b"")


def cab(files, packed=False, gap=b"", method=None):
    whole = b"".join(files.values())
    # Blocks hold 32 KiB unpacked.
    blocks = [whole[at : at + 32768] for at in range(0, len(whole), 32768)]
    data = [b"CK" + deflate(block) if packed else block for block in blocks]
    entries, start = b"", 0
    for name, content in files.items():
        entries += le(len(content), 4) + le(start, 4) + b"\0" * 8 + name.encode() + b"\0"
        start += len(content)
    place = 44 + len(entries) + len(gap)
    body = b"".join(b"\0" * 4 + le(len(it), 2) + le(len(block), 2) + it for it, block in zip(data, blocks))
    head = b"MSCF\0\0\0\0" + le(place + len(body), 4) + b"\0" * 4 + le(44, 4) + b"\0" * 4 + b"\x03\x01\x01\0" + le(len(files), 2)
    kind = packed if method is None else method
    return head + b"\0" * 6 + le(place, 4) + le(len(blocks), 2) + bytes([kind, 0]) + entries + gap + body


def both(value, width=4):
    return le(value, width) + be(value, width)


def iso_record(name, sector, size, flags=0):
    record = b"\0" + both(sector) + both(size) + b"\0" * 7 + bytes([flags, 0, 0]) + both(1, 2) + bytes([len(name)]) + name
    record = padded(b"\0" + record, 2)
    return bytes([len(record)]) + record[1:]


def iso(name, content, joliet=False, udf=False, folder_of=20):
    """An image of one file; with Joliet, the same file in a second tree."""

    def volume(kind, escape, root):
        head = bytes([kind]) + b"CD001\x01"
        head = (head + b"\0" * 81 + escape).ljust(128, b"\0") + both(2048, 2)
        return padded(head.ljust(156, b"\0") + iso_record(b"\0", root, 2048, 2), 2048)

    def folder(name, root):
        own = iso_record(b"\0", root, 2048, 2) + iso_record(b"\x01", root, 2048, 2)
        return padded(own + iso_record(name, 21, len(content)), 2048)

    second = volume(2, b"%/E", folder_of) if joliet else volume(255, b"", 0)
    third = b"\0NSR02\x01".ljust(2048, b"\0") if udf else volume(255, b"", 0)
    image = b"\0" * 16 * 2048 + volume(1, b"", 19) + second + third
    image += folder(name.upper().encode() + b".;1" if "." not in name else name.upper().encode() + b";1", 19)
    return image + folder(name.encode("utf-16be"), 20) + padded(content, 2048)
