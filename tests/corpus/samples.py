"""What the objects of the corpus are made of. Nothing here is harmful: the worst is the test file of eicar.org."""

import random

# Put together here so that no scanner takes this source for the test file, and no file of the repository holds it.
EICAR = b"".join([rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$", b"EICAR-STANDARD-", b"ANTIVIRUS-TEST-FILE!$H+H*"])

# What the clamd of the tests takes for a virus and nobody else does (tests/e2e/lib/engines.mjs).
TELLTALE = b"umbrella-teapot-lighthouse-5521"

TEXT = b"Good day,\r\nplease find the figures of the third quarter below.\r\n" + b"".join(
    b"%04d;%d,%02d;paid\r\n" % (row, row * 37 % 1000, row * 7 % 100) for row in range(40)
)

# A Windows program as far as its first bytes go: it ends in the middle of its header and does nothing.
PROGRAM = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0" + b"\0" * 44 + b"\x80\0\0\0" + b"\0" * 64 + b"PE\0\0" + b"\0" * 300
ELF = b"\x7fELF\x02\x01\x01" + b"\0" * 57
PNG = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89"
    b"\0\0\0\nIDATx\x9cc\0\x01\0\0\x05\0\x01\r\n-\xb4\0\0\0\0IEND\xaeB`\x82"
)


def noise(size, seed=1):
    """Bytes that no compressor makes smaller, the same each time."""
    return random.Random(seed).randbytes(size)


def le(value, width):
    return value.to_bytes(width, "little")


def be(value, width):
    return value.to_bytes(width, "big")


def padded(data, to, filler=b"\0"):
    return data + filler * (-len(data) % to)
