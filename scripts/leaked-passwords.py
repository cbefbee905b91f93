#!/usr/bin/env python3
"""Makes crates/identity/data/leaked-passwords.bin from lists of passwords that were leaked often.

    scripts/leaked-passwords.py LIST...    (a text file, one password a line, or a JSON array of them)

The file is a sorted row of records of five bytes: the length in characters, and a 32-bit hash (FNV-1a, big endian).
Passwords are taken as `passwords/policy.rs` reads them: lower case, no accents, letters in place of their
look-alikes. The present one was made from the lists of
@zxcvbn-ts/language-common 4.1.3 (`src/passwords.json`, MIT) and of Django 5.2.19
(`contrib/auth/common-passwords.txt.gz`, unpacked, BSD-3-Clause).
"""
import json
import pathlib
import struct
import sys
import unicodedata

SHORTEST, LONGEST = 6, 24
LOOKS_LIKE = {c: letter for letter, those in {"a": "@4", "e": "3€", "o": "0", "s": "5$", "t": "7+", "b": "8", "l": "1!|"}.items() for c in those}


def folded(password):
    lower = (c.lower()[0] for c in unicodedata.normalize("NFC", password))
    return "".join(LOOKS_LIKE.get(c) or unicodedata.normalize("NFD", c)[0] for c in lower)


def hashed(text):
    value = 0x811C9DC5
    for byte in text.encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value


def passwords(path):
    text = pathlib.Path(path).read_text()
    return json.loads(text) if path.endswith(".json") else text.splitlines()


words = {folded(password) for path in sys.argv[1:] for password in passwords(path)}
# What a wrong decoding left behind is nobody's password.
words = {word for word in words if SHORTEST <= len(word) <= LONGEST and "пїѕ" not in word}
records = sorted({struct.pack(">BI", len(word), hashed(word)) for word in words})
target = pathlib.Path(__file__).parent.parent / "crates/identity/data/leaked-passwords.bin"
target.write_bytes(b"".join(records))
print(f"{len(words)} passwords, {len(records)} records, {target.stat().st_size} bytes")
