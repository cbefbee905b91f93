"""Content under a password, really encrypted where a program could open it with one that it knows."""

import base64
import hashlib
import hmac
import zlib

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

import archives
import documents
import zips
from samples import TEXT, le, noise, padded

PASSWORD = "secret"


def zip_crypto(name, content, password=PASSWORD):
    """ZIP's old encryption (APPNOTE 6.1)."""
    keys = [0x12345678, 0x23456789, 0x34567890]
    table = [crc_of_byte(n) for n in range(256)]
    step = lambda crc, byte: table[(crc ^ byte) & 0xFF] ^ crc >> 8

    def update(byte):
        keys[0] = step(keys[0], byte)
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = step(keys[2], keys[1] >> 24)

    def encrypt(byte):
        key = keys[2] | 2
        out = byte ^ ((key * (key ^ 1)) >> 8 & 0xFF)
        update(byte)
        return out

    for byte in password.encode():
        update(byte)
    plain = zips.deflate(content)
    lead = noise(11, 5) + bytes([zlib.crc32(content) >> 24])
    data = bytes(encrypt(byte) for byte in lead + plain)
    made = zips.member(name, content, flags=1)
    made.data = data
    made.local.packed = made.central.packed = len(data)
    return zips.archive([made])


def crc_of_byte(n):
    for _ in range(8):
        n = n >> 1 ^ (0xEDB88320 if n & 1 else 0)
    return n


def zip_aes(name):
    extra = le(0x9901, 2) + le(7, 2) + b"\x02\0AE\x03\x08\0"
    made = zips.member(name, TEXT, flags=1, extra=extra)
    made.data = noise(60)
    for header in (made.local, made.central):
        header.method, header.packed, header.crc = 99, 60, 0
    return zips.archive([made])


def seven_zip(name):
    """A folder under AES, which 7z calls a coder."""
    packed, n = noise(32), archives.number_7z
    pack = b"\x06\0\x01\x09" + n(len(packed)) + b"\0"
    folder = b"\x07\x0b\x01\0\x01\x24\x06\xf1\x07\x01\x02\x13\x00\x0c" + n(30) + b"\0"
    names = b"\0" + name.encode("utf-16le") + b"\0\0"
    header = b"\x01\x04" + pack + folder + b"\x08\x0a\x01" + noise(4) + b"\0\0\x05\x01\x11" + n(len(names)) + names + b"\0\0"
    return archives.sealed_7z(packed, header)


def rar5_locked(name):
    """A file with a record of encryption behind its header."""
    name, record = name.encode(), b"\x30\x01\0\0\x0f" + noise(16) + noise(16, 2)
    record = bytes([len(record) - 1]) + record[1:]
    fields = b"\x02\x03" + archives.vint(len(record)) + b"\x20\x04\x20\x20" + noise(4) + b"\0\x01" + archives.vint(len(name)) + name
    return b"Rar!\x1a\x07\x01\0" + archives.rar5_block(b"\x01\0\0") + archives.rar5_block(fields + record) + noise(32) + archives.rar5_block(b"\x05\0\0")


def rar5_header():
    return b"Rar!\x1a\x07\x01\0" + archives.rar5_block(b"\x04\0\0\0\x0f" + noise(16)) + noise(200)


def rar4_header():
    return b"Rar!\x1a\x07\0" + archives.rar4_block(0x73, 0x80, b"\0" * 6) + noise(200)


def aes(key, iv, data):
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return encryptor.update(padded(data, 16)) + encryptor.finalize()


def agile(package, password=PASSWORD, spins=1000):
    """An Office document as Office 2013 encrypts it ([MS-OFFCRYPTO] 2.3.4.10)."""
    digest = lambda *parts: hashlib.sha512(b"".join(parts)).digest()
    salt, own_salt, key, check = noise(16, 11), noise(16, 12), noise(32, 13), noise(16, 14)
    base = digest(salt, password.encode("utf-16le"))
    for turn in range(spins):
        base = digest(le(turn, 4), base)
    seal = lambda block, data: aes(digest(base, bytes.fromhex(block))[:32], salt, data)
    body = le(len(package), 8)
    for index, at in enumerate(range(0, len(package), 4096)):
        body += aes(key, digest(own_salt, le(index, 4))[:16], package[at : at + 4096])
    mac_key = noise(64, 15)
    mac = hmac.new(mac_key, body, hashlib.sha512).digest()
    inner = lambda block, data: aes(key, digest(own_salt, bytes.fromhex(block))[:16], data)
    text = lambda data: base64.b64encode(data).decode()
    common = 'blockSize="16" keyBits="256" cipherAlgorithm="AES" cipherChaining="ChainingModeCBC" hashAlgorithm="SHA512" hashSize="64" saltSize="16"'
    info = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><encryption xmlns="http://schemas.microsoft.com/office/2006/encryption" '
        'xmlns:p="http://schemas.microsoft.com/office/2006/keyEncryptor/password">'
        f'<keyData {common} saltValue="{text(own_salt)}"/>'
        f'<dataIntegrity encryptedHmacKey="{text(inner("5fb2ad010cb9e1f6", mac_key))}" encryptedHmacValue="{text(inner("a0677f02b22c8433", mac))}"/>'
        '<keyEncryptors><keyEncryptor uri="http://schemas.microsoft.com/office/2006/keyEncryptor/password">'
        f'<p:encryptedKey spinCount="{spins}" {common} saltValue="{text(salt)}" encryptedVerifierHashInput="{text(seal("fea7d2763b4b9e79", check))}" '
        f'encryptedVerifierHashValue="{text(seal("d7aa0f6d3061344e", digest(check)))}" encryptedKeyValue="{text(seal("146e0be7abacd0d6", key))}"/>'
        "</keyEncryptor></keyEncryptors></encryption>"
    )
    return documents.compound({"EncryptionInfo": b"\x04\0\x04\0\x40\0\0\0" + info.encode(), "EncryptedPackage": body})


def rc4(key, data):
    box, at, other = list(range(256)), 0, 0
    for index in range(256):
        other = (other + box[index] + key[index % len(key)]) & 0xFF
        box[index], box[other] = box[other], box[index]
    out, other = bytearray(), 0
    for byte in data:
        at = (at + 1) & 0xFF
        other = (other + box[at]) & 0xFF
        box[at], box[other] = box[other], box[at]
        out.append(byte ^ box[(box[at] + box[other]) & 0xFF])
    return bytes(out)


PAD = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")


def pdf(content, password=""):
    """A document that opens with `password` (ISO 32000-1, 7.6, revision 2), `content` in its first stream."""
    owner = rc4(hashlib.md5(PAD).digest()[:5], PAD)
    rights, name = (-4) & 0xFFFFFFFF, b"0123456789abcdef"
    key = hashlib.md5((password.encode() + PAD)[:32] + owner + le(rights, 4) + name).digest()[:5]
    user = rc4(key, PAD)
    own = hashlib.md5(key + le(4, 3) + le(0, 2)).digest()[:10]
    stream = documents.pdf_stream(b"", "/FlateDecode", "", rc4(own, zlib.compress(content)))
    said = f"<< /Filter /Standard /V 1 /R 2 /O <{owner.hex()}> /U <{user.hex()}> /P -4 >>"
    return documents.pdf([stream, said.encode()], trailer=f"/Encrypt 5 0 R /ID [<{name.hex()}> <{name.hex()}>]")
