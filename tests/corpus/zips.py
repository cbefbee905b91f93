"""ZIP archives, right and wrong on purpose (APPNOTE 6.3.10)."""

import bz2
import lzma
import zlib
from dataclasses import dataclass, replace

from samples import le

STORED, DEFLATED, BZIP2, LZMA = 0, 8, 12, 14


def deflate(content, level=9):
    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


def packed_by(method, content):
    match method:
        case 8:
            return deflate(content)
        case 12:
            return bz2.compress(content)
        case 14:
            raw = lzma.compress(content, lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 16}])
            return b"\x09\x14\x05\0\x5d" + le(1 << 16, 4) + raw
        case _:
            return content


@dataclass
class Header:
    name: bytes
    method: int
    crc: int
    packed: int
    size: int
    flags: int = 0
    extra: bytes = b""

    def bytes(self):
        numbers = le(self.crc, 4) + le(self.packed, 4) + le(self.size, 4)
        lengths = le(len(self.name), 2) + le(len(self.extra), 2)
        return b"\x14\0" + le(self.flags, 2) + le(self.method, 2) + b"\0\0\x21\0" + numbers + lengths


@dataclass
class Member:
    local: Header
    central: Header | None
    data: bytes
    behind: bytes = b""
    attributes: int = 0
    in_body: bool = True


def member(name, content, method=DEFLATED, **changes):
    """A member that is as it says; `changes` of its header are told in both places."""
    name = name if isinstance(name, bytes) else name.encode()
    flags = 0x800 if any(byte > 127 for byte in name) else 0
    data = packed_by(method, content)
    header = replace(Header(name, method, zlib.crc32(content), len(data), len(content), flags), **changes)
    return Member(header, replace(header), data)


def streamed(name, content):
    """As programs write that can't go back: sizes behind the data."""
    made = member(name, content, flags=8)
    real = replace(made.local)
    made.local = replace(real, crc=0, packed=0, size=0)
    made.behind = b"PK\x07\x08" + le(real.crc, 4) + le(real.packed, 4) + le(real.size, 4)
    return made


def end(count, length, start, comment=b""):
    return b"PK\x05\x06\0\0\0\0" + le(count, 2) * 2 + le(length, 4) + le(start, 4) + le(len(comment), 2) + comment


def archive(members, comment=b"", lead=b"", shift=None):
    """An archive of these members behind `lead`; offsets count from the start of `lead`, or less `shift`."""
    body, directory, count = bytearray(lead), bytearray(), 0
    less = 0 if shift is None else shift
    for one in members:
        offset = len(body) - less
        if one.in_body:
            body += b"PK\x03\x04" + one.local.bytes() + one.local.name + one.local.extra + one.data + one.behind
        if one.central is not None:
            count += 1
            directory += b"PK\x01\x02\x14\x03" + one.central.bytes() + b"\0" * 6 + le(one.attributes, 4) + le(offset, 4)
            directory += one.central.name + one.central.extra
    return bytes(body) + bytes(directory) + end(count, len(directory), len(body) - less, comment)


def zipped(files, method=DEFLATED):
    """An archive of {name: content} as any program writes it."""
    return archive([member(name, content, method) for name, content in files.items()])


def zip64(name, content):
    """One member whose sizes and place are told in the wide fields."""
    data = deflate(content)
    wide = le(1, 2) + le(16, 2) + le(len(content), 8) + le(len(data), 8)
    name = name.encode()
    header = Header(name, 8, zlib.crc32(content), 0xFFFFFFFF, 0xFFFFFFFF, 0, wide)
    body = b"PK\x03\x04" + header.bytes() + name + wide + data
    directory = b"PK\x01\x02\x2d\x03" + header.bytes() + b"\0" * 10 + le(0, 4) + name + wide
    record = b"PK\x06\x06" + le(44, 8) + b"\x2d\x03\x2d\0" + b"\0" * 8 + le(1, 8) * 2 + le(len(directory), 8) + le(len(body), 8)
    locator = b"PK\x06\x07" + le(0, 4) + le(len(body) + len(directory), 8) + le(1, 4)
    return body + directory + record + locator + end(1, len(directory), len(body))
