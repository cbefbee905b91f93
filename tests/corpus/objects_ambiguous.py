"""What two programs may read differently, and content where only one of them looks."""

import gzip
import lzma
import tarfile
import zlib
from dataclasses import replace

import archives
import documents
import mail
import zips
from objects import FLAG, INFECTED, STOP, thing
from samples import EICAR, PNG, PROGRAM, TEXT, le, padded
from zips import archive, member, zipped


def changed(one, where, **fields):
    setattr(one, where, replace(getattr(one, where), **fields))
    return one


def zips_by_rule():
    good, bad = member("a.txt", TEXT), member("e.com", EICAR)
    inner = zipped({"e.com": EICAR})
    only_local, only_central = member("e.com", EICAR), member("e.com", EICAR)
    only_local.central = None
    only_central.in_body = False
    yield "local-only", archive([good, only_local]), "zip-local-only-member", "a member that only some programs see"
    yield "central-only", archive([good, only_central]), ("zip-central-only-member", "zip-local-only-member"), "an entry without a member"
    yield "other-name", archive([changed(member("e.com", TEXT), "central", name=b"a.txt")]), "zip-central-local-mismatch", "two names"
    yield "other-method", archive([changed(member("a.txt", EICAR), "central", method=0)]), "zip-central-local-mismatch", "two methods"
    yield "other-size", archive([changed(member("a.txt", EICAR, 0), "central", size=3)]), "zip-central-local-mismatch", "two sizes"
    yield "other-crc", archive([changed(member("a.txt", EICAR), "central", crc=1)]), "zip-central-local-mismatch", "two checksums"
    yield "other-flags", archive([changed(member("a.txt", EICAR), "central", flags=1)]), ("zip-central-local-mismatch", "encrypted-zip-member"), "encrypted only by one header"
    yield "wrong-crc", archive([member("a.txt", TEXT, crc=7)]), "zip-checksum-mismatch", "a checksum that is not the content's"
    yield "wrong-size", archive([member("a.txt", TEXT, size=7)]), ("zip-size-mismatch", "zip-data-after-member"), "a size that is not the content's"
    yield "twice", archive([good, member("a.txt", EICAR)]), "zip-duplicate-name", "two members of one name"
    gap = member("a.txt", TEXT)
    gap.behind = inner
    yield "gap", archive([gap, good]), ("zip-ambiguous-gap", "zip-central-local-mismatch"), "an archive between two members"
    tail = member("a.txt", TEXT, 0)
    tail = changed(changed(tail, "local", packed=len(TEXT) + 70), "central", packed=len(TEXT) + 70)
    tail.data += padded(EICAR, 70)
    yield "data-behind", archive([tail]), ("zip-size-mismatch", "zip-data-after-member", INFECTED), "more data than the member has"
    padded_member = member("a.txt", TEXT)
    padded_member = changed(changed(padded_member, "local", packed=padded_member.local.packed + 68), "central", packed=padded_member.local.packed + 68)
    padded_member.data += EICAR
    yield "behind-deflate", archive([padded_member]), "zip-data-after-member", "data behind the end of a packed member"
    yield "comment", archive([good], comment=inner), ("zip-record-in-comment", "zip-end-mismatch"), "an archive in the comment"
    yield "two-ends", archive([good]) + inner, ("zip-trailing-data", "zip-end-mismatch", "zip-local-only-member"), "one archive behind another"
    yield "no-end", archive([bad])[:-22], ("zip-missing-end", "zip-truncated"), "no end record, and some unpack it all the same"
    yield "behind", archive([good]) + TEXT, "zip-trailing-data", "something behind the end"
    yield "before", archive([good], lead=b"\0" * 100), ("zip-behind-other-content",), "something before the start"
    yield "short-directory", archive([good, bad])[:-22] + zips.end(1, 51, len(archive([good, bad])) - 22 - 102), ("zip-end-mismatch", "zip-local-only-member"), "a directory that is shorter than it was"
    count = archive([good, bad])
    yield "fewer", count[:-22] + zips.end(1, *[int.from_bytes(count[at : at + 4], "little") for at in (-10, -6)]), "zip-end-mismatch", "fewer members than there are"
    link = member("link", b"/etc/passwd", 0)
    link.attributes = 0o120777 << 16
    yield "link", archive([link]), "link-member", "a link out of the archive"
    folder = member("folder/", EICAR)
    yield "folder", archive([folder]), ("zip-directory-with-content",), "a folder with content"
    yield "wrong-zip64", archive([member("a.txt", TEXT, extra=le(1, 2) + le(16, 2) + le(5, 8) + le(5, 8))]), ("zip-bad-zip64",), "wide sizes that nobody asked for"
    yield "broken-extra", archive([member("a.txt", TEXT, extra=b"\x01\0\xff\0a")]), "zip-bad-extra", "a field longer than its room"
    yield "other-extra-name", archive([member("a.txt", TEXT, extra=le(0x7075, 2) + le(10, 2) + b"\x01" + le(zlib.crc32(b"a.txt"), 4) + b"e.com")]), "zip-two-names", "a second name that some programs obey"
    stored = zips.streamed("a.txt", TEXT)
    stored.local.method = stored.central.method = 0
    stored.data = TEXT
    yield "stored-descriptor", archive([stored]), ("zip-stored-with-descriptor", "zip-bad-descriptor"), "where it ends is anybody's guess"
    descriptor = zips.streamed("a.txt", TEXT)
    descriptor.behind = descriptor.behind[:4] + b"\1\2\3\4" + descriptor.behind[8:]
    yield "descriptor", archive([descriptor]), ("zip-bad-descriptor", "zip-central-local-mismatch", "zip-checksum-mismatch"), "sizes behind the data that are wrong"
    yield "split", b"PK\x07\x08" + archive([good]), ("zip-split", "zip-behind-other-content", "zip-central-local-mismatch", "zip-end-mismatch"), "a part of several files"
    yield "cut", archive([good, bad])[:60], ("zip-truncated", "zip-missing-end", "deflate-truncated"), "cut off"
    yield "zero-name", archive([member(b"a.txt\0.exe", TEXT)]), ("name-control-character", "zip-name-not-utf8"), "a name that ends twice"
    yield "bad-name", archive([member(b"\xff\xfe.txt", TEXT, flags=0x800)]), "zip-name-not-utf8", "no name in any encoding that it claims"


def zips_all():
    for name, content, finding, why in zips_by_rule():
        yield thing("ambiguous", f"{name}.zip", content, STOP, finding, why)
    overlap = overlapping()
    yield thing("ambiguous", "overlap.zip", overlap, STOP, (), "members that lie over one another")


def overlapping():
    """Two entries for one body."""
    one = member("a.txt", TEXT)
    other = member("a.txt", TEXT)
    other.in_body = False
    whole = archive([one, other])
    # The second entry points where the first does.
    at = whole.rindex(b"PK\x01\x02")
    return whole[: at + 42] + le(0, 4) + whole[at + 46 :]


def rules():
    good = {"a.txt": TEXT}
    inner = zipped({"e.com": EICAR})
    yield "behind.gz", gzip.compress(TEXT, mtime=0) + inner, ("gzip-trailing-data", "zip-behind-other-content")
    yield "crc.gz", gzip.compress(TEXT, mtime=0)[:-8] + b"\1\2\3\4" + le(len(TEXT), 4), "gzip-wrong-checksum"
    yield "cut.gz", gzip.compress(EICAR + TEXT, mtime=0)[:-12], ("gzip-truncated", "deflate-truncated", INFECTED)
    yield "behind.xz", lzma.compress(TEXT) + inner, ("packed-trailing-data", "xz-damaged")
    yield "behind.zst", archives.zstd(TEXT) + inner, "packed-trailing-data"
    yield "behind.lz4", archives.lz4(TEXT) + inner, "packed-trailing-data"
    yield "behind.tar", archives.tar(good) + inner, "tar-trailing-data"
    yield "sum.tar", archives.tar(good)[:148] + b"0000000\0" + archives.tar(good)[156:], ("tar-wrong-checksum", "tar-damaged-header", "type-mismatch")
    yield "link.tar", archives.tar_entry("a", tarfile.SYMTYPE, "../../etc/passwd"), "link-member"
    yield "hard.tar", archives.tar_entry("a", tarfile.LNKTYPE, "/etc/passwd"), "link-member"
    yield "device.tar", archives.tar_entry("a", tarfile.CHRTYPE), "device-member"
    yield "sparse.tar", archives.tar_entry("a", tarfile.GNUTYPE_SPARSE, size=512, extra=TEXT[:512]), ("tar-sparse-member", "tar-unknown-member")
    yield "kind.tar", archives.tar_entry("a", b"Q"), "tar-unknown-member"
    yield "two-sizes.tar", two_sizes(), "tar-size-conflict"
    yield "behind.7z", archives.seven_zip(good) + inner, "7z-trailing-data"
    yield "start.7z", archives.seven_zip(good)[:8] + b"\0\0\0\0" + archives.seven_zip(good)[12:], "7z-damaged-start"
    yield "method.7z", archives.seven_zip(good).replace(b"\x0b\x01\0\x01\x01\0\x0c", b"\x0b\x01\0\x01\x01\x77\x0c"), ("7z-damaged", "7z-method-not-supported", "7z-damaged-start")
    yield "behind.rar", archives.rar5(good) + inner, "rar-trailing-data"
    yield "volume.rar", archives.rar4(good, 1), "rar-split"
    yield "service.rar", archives.rar5(good, archives.rar5_block(b"\x03\x02\x05\x04\x05\x20" + b"\0" * 4 + b"\0\x01\x03STM") + b"12345"), "rar-service-not-supported"
    yield "gap.cab", archives.cab(good, gap=inner), "cab-gap"
    yield "behind.cab", archives.cab(good) + inner, ("cab-trailing-data", "cab-gap")
    yield "quantum.cab", archives.cab(good, method=2), "cab-method-not-supported"
    yield "trees.iso", archives.iso("a.txt", EICAR, joliet=True, folder_of=19), ("iso-trees-differ", INFECTED, "iso-damaged")
    yield "udf.iso", archives.iso("a.txt", TEXT, udf=True), "iso-udf"
    yield "behind.cpio", archives.cpio(good) + inner, "cpio-trailing-data"
    yield "behind.a", archives.ar(good) + b"inner" + inner, ("ar-trailing-data", "ar-damaged-header", "ar-truncated")
    yield "behind.doc", documents.doc() + padded(inner, 512), "compound-trailing-data"
    yield "loop.doc", looping(), "compound-loop"
    yield "behind.uue", mail.uuencode("e.com", EICAR)[:-6] + b"!!!!\x7f\n", ("text-encoded-file-truncated", "text-encoded-file-damaged", INFECTED)


def two_sizes():
    """A long name whose extended header tells another size than the member's own."""
    record = b"9 size=7\n"
    pax = tarfile.TarInfo("x")
    pax.type, pax.size = tarfile.XHDTYPE, len(record)
    own = tarfile.TarInfo("a.txt")
    own.size = 600
    return pax.tobuf() + padded(record, 512) + own.tobuf() + padded(TEXT[:600], 512) + b"\0" * 1024


def looping():
    """A compound file whose first chain leads back to its start."""
    whole = bytearray(documents.doc({"Data": TEXT * 8}))
    table = len(whole) - 512
    whole[table : table + 4] = le(0, 4)
    return bytes(whole)


def mail_rules():
    inner = zipped({"e.com": EICAR})
    attachment = mail.part("a.zip", inner)
    plain = mail.text_part()
    base = lambda text: b"Content-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n" + text
    encoded = mail.base64.b64encode(inner)
    yield "two-boundaries", mail.eml([plain, attachment]).replace(b'boundary="=_b1"', b'boundary="=_b1"; boundary="x"'), ("mail-duplicate-boundary", INFECTED)
    yield "no-boundary", mail.eml([plain, attachment]).replace(b'; boundary="=_b1"', b""), ("mail-missing-boundary", INFECTED)
    yield "two-encodings", mail.with_attachment("a.zip", inner).replace(b"Encoding: base64", b"Encoding: base64\r\nContent-Transfer-Encoding: 7bit"), ("mail-duplicate-field", INFECTED)
    yield "odd-encoding", mail.with_attachment("a.zip", inner).replace(b"Encoding: base64", b"Encoding: base64odd"), ("mail-unknown-encoding", INFECTED)
    yield "padding", mail.eml([plain, base(encoded[:40] + b"==" + encoded[40:])]), ("mail-base64-ambiguous", INFECTED)
    yield "rubbish", mail.eml([plain, base(b"!".join([encoded[:20], encoded[20:]]))]), ("mail-base64-ambiguous", INFECTED)
    yield "partial", b"From: a@example.org\r\nTo: b@example.net\r\nContent-Type: message/partial; id=1; number=1; total=2\r\n\r\n" + TEXT, "mail-partial"
    # Delivered with a remark: nothing is in the message itself.
    yield "external", b"From: a@example.org\r\nTo: b@example.net\r\nContent-Type: message/external-body; access-type=URL; URL=\"http://example.net/\"\r\n\r\nContent-Type: text/plain\r\n\r\n", "mail-external-body"
    yield "encoded-multipart", mail.eml([plain, attachment], header="Content-Transfer-Encoding: base64\r\n"), ("mail-encoded-multipart", INFECTED)
    yield "two-names", mail.with_attachment("a.zip", inner).replace(b'filename="a.zip"', b'filename="a.txt"'), ("mail-two-names", INFECTED)
    yield "blank-line", mail.eml([plain, attachment]).replace(b"MIME-Version", b" \r\nMIME-Version"), ("mail-blank-header-line", INFECTED)
    yield "unclosed", mail.eml([plain, attachment])[:-8], ("mail-missing-parts", INFECTED)


def others():
    for name, content, finding in rules():
        yield thing("ambiguous", name, content, STOP, finding, "damaged, or with something that only some programs see")
    for name, content, finding in mail_rules():
        expect = FLAG if name == "external" else STOP
        yield thing("ambiguous", f"{name}.eml", content, expect, finding, "mail programs disagree about it")


def polyglots():
    inner, seven, rar = zipped({"e.com": EICAR}), archives.seven_zip({"e.com": EICAR}, "lzma2"), archives.rar5({"e.com": EICAR})
    png_cut = len(PNG) - 12
    for name, outer in {"a.png": PNG, "a.txt": TEXT, "a.pdf": documents.pdf(), "a.rtf": documents.rtf(), "a.bin": b"\x9c\0\1\2\xff" * 100}.items():
        yield thing("polyglot", f"zip-behind-{name}", outer + inner, STOP, ("zip-behind-other-content", INFECTED), "an archive behind other content")
        yield thing("polyglot", f"7z-behind-{name}", outer + seven, STOP, ("archive-behind-other-content", INFECTED), "an archive behind other content")
        yield thing("polyglot", f"rar-behind-{name}", outer + rar, STOP, ("archive-behind-other-content", INFECTED), "an archive behind other content")
    yield thing("polyglot", "between.png", PNG[:png_cut] + inner + PNG[png_cut:], STOP, ("zip-behind-other-content", INFECTED), "an archive in the middle of a picture")
    yield thing("polyglot", "pdf-in-front.zip", archive([member("e.com", EICAR)], lead=documents.pdf()), STOP, (INFECTED, "zip-behind-other-content"), "a document in front of an archive")
    yield thing("polyglot", "late.pdf", b"GIF89a" + b"\0" * 500 + documents.pdf([documents.flate(EICAR)]), STOP, (INFECTED, "type-mismatch"), "a document behind the start of a picture")
    yield thing("polyglot", "program.jpg", b"\xff\xd8\xff\xe0" + b"\0" * 60 + PROGRAM + inner, STOP, ("zip-behind-other-content", INFECTED), "a picture, a program and an archive")
    yield thing("polyglot", "a.html", b"<html><body>Good day</body></html>" + inner, STOP, ("zip-behind-other-content", INFECTED), "an archive behind a page")
    yield thing("polyglot", "zip-in-tar.tar", archives.tar({"a.txt": TEXT}) + archives.tar({"e.com": EICAR}), STOP, ("tar-trailing-data", INFECTED), "a second archive behind the end of the first")
    yield thing("polyglot", "self-2.exe", PROGRAM + archives.cab({"e.com": EICAR}), STOP, ("type-executable",), "a program with a cabinet behind it")


