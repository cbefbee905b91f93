"""The format of docs/adr/003-blob-format.md, written a second time from that page alone, with another library.

Slow and simple on purpose: it holds a whole blob in memory and checks everything before it gives anything out.
"""
import os
from hashlib import sha512
from hmac import compare_digest, new as new_hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap_with_padding, aes_key_wrap_with_padding

CHUNK = 16 * 1024
TAG = 16
SALT = 24
PART_ID = SALT + 32  # and the commitment
HEADER = 72
SUITE = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0"


class Damaged(Exception):
    pass


def number(value, size):
    return value.to_bytes(size, "big")


def fields(*values):
    """Byte strings with their lengths before them: no two lists of fields look alike."""
    return b"".join(number(len(value), 4) + value for value in values)


def expand(key, label, size):
    return HKDFExpand(algorithm=SHA512(), length=size, info=label).derive(key)


class Blob:
    """What binds a blob: its key, id, generation, and the place that it belongs to."""

    def __init__(self, key, blob_id, generation, place):
        self.key, self.place = key, place
        self.start = b"SOFB" + bytes([1, 1]) + number(HEADER, 2) + blob_id + number(generation, 8)

    def mac(self, what, text):
        key = expand(self.key, b"sofie blob v1 " + what, 32)
        return new_hmac(key, text, sha512).digest()[:32]

    def head(self, part_size):
        return self.start + number(part_size, 4) + number(0, 4)

    def header(self, part_size):
        head = self.head(part_size)
        return head + self.mac(b"header", head + self.place)

    def cipher(self, head, index, salt):
        """The cipher of a part, its first nonce and the commitment to its key."""
        bound = SUITE + salt + head + self.place + number(index, 8)
        derived = expand(self.key, bound, 32 + 12 + 32)
        return AESGCM(derived[:32]), int.from_bytes(derived[32:44], "big"), derived[44:]

    def seal_part(self, head, index, plain):
        salt = os.urandom(SALT)
        cipher, nonce, commitment = self.cipher(head, index, salt)
        chunks = [plain[at : at + CHUNK] for at in range(0, len(plain) + 1, CHUNK)]
        sealed = [cipher.encrypt(number(nonce ^ n, 12), chunk, b"") for n, chunk in enumerate(chunks)]
        return salt + commitment + b"".join(sealed)

    def open_part(self, head, index, sealed):
        cipher, nonce, commitment = self.cipher(head, index, sealed[:SALT])
        if not compare_digest(commitment, sealed[SALT:PART_ID]):
            raise Damaged(f"the key of part {index}")
        body, plain = sealed[PART_ID:], b""
        for n, at in enumerate(range(0, len(body), CHUNK + TAG)):
            try:
                plain += cipher.decrypt(number(nonce ^ n, 12), body[at : at + CHUNK + TAG], b"")
            except InvalidTag:
                raise Damaged(f"chunk {n} of part {index}") from None
        return plain

    def seal(self, plain, part_size):
        head = self.head(part_size)
        cuts = range(0, max(len(plain), 1), part_size)
        parts = [self.seal_part(head, n, plain[at : at + part_size]) for n, at in enumerate(cuts)]
        manifest = b"SOFM" + number(len(parts), 4) + number(len(plain), 8)
        manifest += b"".join(part[:PART_ID] for part in parts)
        manifest += self.mac(b"manifest", head + self.place + manifest)
        return self.header(part_size) + b"".join(parts) + manifest + number(len(manifest) + 4, 4)

    def open(self, sealed):
        part_size = int.from_bytes(sealed[32:36], "big")
        if part_size == 0 or part_size % CHUNK or not compare_digest(sealed[:HEADER], self.header(part_size)):
            raise Damaged("the header")
        head = sealed[:40]
        length = int.from_bytes(sealed[-4:], "big")
        if not 52 <= length <= len(sealed) - HEADER:
            raise Damaged("the length of the manifest")
        manifest, mac = sealed[-length:-36], sealed[-36:-4]
        if manifest[:4] != b"SOFM" or not compare_digest(mac, self.mac(b"manifest", head + self.place + manifest)):
            raise Damaged("the manifest")
        count, total = int.from_bytes(manifest[4:8], "big"), int.from_bytes(manifest[8:16], "big")
        if len(manifest) != 16 + count * PART_ID or count != max(1, -(-total // part_size)):
            raise Damaged("the shape of the manifest")
        at, plain = HEADER, b""
        for index in range(count):
            size = min(part_size, total - index * part_size)
            end = at + PART_ID + size + TAG * (size // CHUNK + 1)
            part = sealed[at:end]
            if part[:PART_ID] != manifest[16 + index * PART_ID : 16 + (index + 1) * PART_ID]:
                raise Damaged(f"part {index} is another one")
            opened = self.open_part(head, index, part)
            if len(opened) != size:
                raise Damaged(f"the length of part {index}")
            plain, at = plain + opened, end
        if at != len(sealed) - length:
            raise Damaged("something between the parts and the manifest")
        return plain


def wrapping_key(key, salt, place):
    return expand(key, b"sofie wrap v1" + salt + place, 32)


def wrap(key, inner, place):
    salt = os.urandom(SALT)
    return salt + aes_key_wrap_with_padding(wrapping_key(key, salt, place), inner)


def unwrap(key, wrapped, place):
    salt = wrapped[:SALT]
    return aes_key_unwrap_with_padding(wrapping_key(key, salt, place), wrapped[SALT:])
