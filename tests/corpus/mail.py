"""Messages and their attachments."""

import base64
import binascii

from samples import le


def eml(parts, boundary="=_b1", header="", kind="mixed"):
    """A message of parts that are whole, header and all."""
    head = f"From: a@example.org\r\nTo: b@example.net\r\nSubject: figures\r\nMIME-Version: 1.0\r\n{header}"
    body = b"".join(f"--{boundary}\r\n".encode() + part + b"\r\n" for part in parts)
    return f'{head}Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'.encode() + body + f"--{boundary}--\r\n".encode()


def text_part(text="Good day"):
    return f"Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n".encode()


def part(name, content, encoding="base64", media="application/octet-stream"):
    match encoding:
        case "base64":
            body = base64.encodebytes(content).replace(b"\n", b"\r\n")
        case "quoted-printable":
            body = b"".join(b"=%02X" % byte + (b"=\r\n" if at % 20 == 19 else b"") for at, byte in enumerate(content))
        case "x-uuencode":
            body = uuencode(name, content).replace(b"\n", b"\r\n")
        case _:
            body = content
    head = f'Content-Type: {media}; name="{name}"\r\nContent-Disposition: attachment; filename="{name}"\r\n'
    return f"{head}Content-Transfer-Encoding: {encoding}\r\n\r\n".encode() + body


def with_attachment(name, content, **how):
    return eml([text_part(), part(name, content, **how)])


def uuencode(name, content):
    lines = b"".join(binascii.b2a_uu(content[at : at + 45]) for at in range(0, len(content), 45))
    return f"begin 644 {name}\n".encode() + lines + b"`\nend\n"


def yenc(name, content):
    body = bytearray()
    for byte in content:
        coded = (byte + 42) % 256
        body += bytes([61, (coded + 64) % 256]) if coded in (0, 10, 13, 61) else bytes([coded])
    size = len(content)
    crc = binascii.crc32(content)
    return f"=ybegin line=128 size={size} name={name}\r\n".encode() + bytes(body) + f"\r\n=yend size={size} crc32={crc:08x}\r\n".encode()


def mbox(messages):
    return b"".join(b"From a@example.org Mon Jan  5 10:00:00 2026\r\n" + message + b"\r\n" for message in messages)


def tnef_attribute(level, number, data):
    return bytes([level]) + le(number, 4) + le(len(data), 4) + data + le(sum(data) & 0xFFFF, 2)


def tnef(name, content):
    """`winmail.dat` with one file."""
    start = tnef_attribute(2, 0x00069002, b"\0" * 14)
    title = tnef_attribute(2, 0x00018010, name.encode() + b"\0")
    return b"\x78\x9f\x3e\x22\x01\0" + start + title + tnef_attribute(2, 0x0006800F, content)


# S/MIME: a letter that only its recipient opens, and nothing of it is there but the kind.
ENVELOPED = bytes.fromhex("3080" "06092a864886f70d010703" "a080" "3080" "020100") + bytes(40)
SEALED = (
    b"From: a@example.org\r\nTo: b@example.net\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n"
    b'Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"\r\n\r\n'
) + base64.encodebytes(ENVELOPED)
