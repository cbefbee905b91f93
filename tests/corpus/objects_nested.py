"""Each kind of container around the test file and around nothing bad, containers in containers, and limits."""

import bz2
import gzip
import lzma
import tarfile
import zlib

import archives
import documents
import mail
import zips
from objects import INFECTED, PASS, STOP, thing
from samples import EICAR, PROGRAM, TEXT, noise


def packed_tar(pack):
    return lambda name, content: pack(archives.tar({name: content}))


def of_files(make, **how):
    return lambda name, content: make({name: content}, **how)


def alone(make):
    return lambda _, content: make(content)


# What makes one object of a name and a content, and what policy says of the kind itself.
KINDS = {
    "a.zip": (of_files(zips.zipped), None),
    "stored.zip": (of_files(zips.zipped, method=zips.STORED), None),
    "streamed.zip": (lambda name, content: zips.archive([zips.streamed(name, content)]), None),
    "wide.zip": (zips.zip64, None),
    "commented.zip": (lambda name, content: zips.archive([zips.member(name, content)], comment=b"written by hand"), None),
    "deep.zip": (lambda name, content: zips.zipped({"a/" * 100 + name: content}), None),
    "two.zip": (lambda name, content: zips.zipped({"first.txt": TEXT, name: content}), None),
    "bzip2.zip": (of_files(zips.zipped, method=zips.BZIP2), "zip-method-not-supported"),
    "lzma.zip": (of_files(zips.zipped, method=zips.LZMA), "zip-method-not-supported"),
    "copy.7z": (of_files(archives.seven_zip), None),
    "lzma.7z": (of_files(archives.seven_zip, method="lzma"), None),
    "lzma2.7z": (of_files(archives.seven_zip, method="lzma2"), None),
    "solid.7z": (lambda name, content: archives.seven_zip({"first.txt": TEXT, name: content}, "lzma2"), None),
    "new.rar": (of_files(archives.rar5), None),
    "old.rar": (of_files(archives.rar4), None),
    "two.rar": (lambda name, content: archives.rar5({"first.txt": TEXT, name: content}), None),
    "ustar.tar": (of_files(archives.tar), None),
    "gnu.tar": (lambda name, content: archives.tar({"n" * 90 + "/" + "m" * 90 + name: content}, tarfile.GNU_FORMAT), None),
    "pax.tar": (lambda name, content: archives.tar({"ž" * 120 + name: content}, tarfile.PAX_FORMAT), None),
    "a.tar.gz": (packed_tar(lambda tar: gzip.compress(tar, mtime=0)), None),
    "a.tar.bz2": (packed_tar(bz2.compress), None),
    "a.tar.xz": (packed_tar(lzma.compress), None),
    "a.tar.zst": (packed_tar(archives.zstd), None),
    "a.tar.lz4": (packed_tar(archives.lz4), None),
    "a.gz": (alone(lambda content: gzip.compress(content, mtime=0)), None),
    "named.gz": (archives.named_gzip, None),
    "two.gz": (alone(lambda content: gzip.compress(TEXT, mtime=0) + gzip.compress(content, mtime=0)), None),
    "a.bz2": (alone(bz2.compress), None),
    "two.bz2": (alone(lambda content: bz2.compress(TEXT) + bz2.compress(content)), None),
    "a.xz": (alone(lzma.compress), None),
    "a.lzma": (alone(lambda content: lzma.compress(content, lzma.FORMAT_ALONE)), None),
    "a.lz": (alone(archives.lzip), None),
    "a.zst": (alone(archives.zstd), None),
    "a.lz4": (alone(archives.lz4), None),
    "a.z": (alone(archives.compress), None),
    "a.iso": (archives.iso, "type-disk-image"),
    "joliet.iso": (lambda name, content: archives.iso(name, content, joliet=True), "type-disk-image"),
    "stored.cab": (of_files(archives.cab), None),
    "mszip.cab": (of_files(archives.cab, packed=True), None),
    "a.a": (of_files(archives.ar), None),
    "a.deb": (of_files(archives.deb), "type-executable"),
    "a.rpm": (of_files(archives.rpm), "type-executable"),
    "a.cpio": (of_files(archives.cpio), None),
    "old.cpio": (of_files(archives.portable_cpio), None),
    "mail.eml": (mail.with_attachment, None),
    "mail.mbox": (lambda name, content: mail.mbox([mail.with_attachment(name, content)] * 2), None),
    "winmail.dat": (mail.tnef, None),
    "mail.msg": (documents.msg, None),
    "letter.txt": (lambda name, content: TEXT + mail.uuencode(name, content), None),
    "letter2.txt": (lambda name, content: TEXT + mail.yenc(name, content), None),
    "self.exe": (lambda name, content: zips.archive([zips.member(name, content)], lead=PROGRAM), "type-executable"),
    "self7.exe": (lambda name, content: PROGRAM + archives.seven_zip({name: content}, "lzma2"), "type-executable"),
    "selfrar.exe": (lambda name, content: PROGRAM + archives.rar5({name: content}), "type-executable"),
    "setup.msi": (lambda name, content: documents.compound({"\u4840\u3f3f\u4577\u446c": TEXT, "Binary.file": content}), "name-dangerous-extension"),
    "report.docx": (lambda name, content: documents.docx({f"word/media/{name}": content}), None),
    "sheet.xlsx": (lambda name, content: documents.xlsx({f"xl/media/{name}": content}), None),
    "slides.pptx": (lambda name, content: documents.pptx({f"ppt/media/{name}": content}), None),
    "report.odt": (lambda name, content: documents.open_document("text", {f"Pictures/{name}": content}), None),
    "sheet.ods": (lambda name, content: documents.open_document("spreadsheet", {f"Pictures/{name}": content}), None),
    "slides.odp": (lambda name, content: documents.open_document("presentation", {f"Pictures/{name}": content}), None),
    "book.epub": (lambda name, content: documents.epub({f"a/{name}": content}), None),
    "report.doc": (lambda name, content: documents.doc({"Data": content}), None),
}


def containers():
    for name, (make, held) in KINDS.items():
        # A name of its own, so that only the content can tell.
        late = make("note.txt", TEXT * 40 + noise(3000) + EICAR + noise(3000, 2))
        if held == "zip-method-not-supported":
            yield thing("container", name, late, STOP, held, "a method that nobody here reads")
            continue
        # An archive behind a program is told, and held, without being opened.
        reasons = (INFECTED, "zip-behind-other-content", "archive-behind-other-content") if name.endswith(".exe") else INFECTED
        yield thing("container", name, make("note.txt", EICAR), STOP, reasons, "the test file in a container of this kind")
        yield thing("container", f"late-{name}", late, STOP, reasons, "the test file deep in the content of a member")
        clean = make("note.txt", TEXT)
        expect = STOP if held else PASS
        yield thing("container", f"clean-{name}", clean, expect, held or (), "nothing bad in a container of this kind")


OUTER = ["a.zip", "lzma2.7z", "new.rar", "a.tar.gz", "a.xz", "mail.eml", "report.docx", "mszip.cab", "winmail.dat"]
INNER = ["a.zip", "lzma.7z", "old.rar", "a.tar.bz2", "a.zst", "mail.msg", "joliet.iso", "report.odt"]


def nested():
    for outer in OUTER:
        for inner in INNER:
            content = KINDS[outer][0](inner, KINDS[inner][0]("note.txt", EICAR))
            yield thing("nested", f"{inner}-in-{outer}", content, STOP, INFECTED, "the test file two containers deep")
    for first, *others in [OUTER[:6], INNER[:6], ["a.gz", "a.bz2", "a.xz", "a.zst", "a.lz4", "a.z"], ["a.zip", "mail.eml"] * 4]:
        for payload, expect, why in [(EICAR, STOP, "the test file many containers deep"), (TEXT, PASS, "nothing bad many containers deep")]:
            content, inner = KINDS[first][0]("note.txt", payload), first
            for outer in others:
                content, inner = KINDS[outer][0](inner, content), outer
            yield thing("nested", f"{first}-and-more-{inner}", content, expect, INFECTED if expect == STOP else (), why)


def limits():
    deep = zips.zipped({"e.txt": EICAR})
    for _ in range(12):
        deep = zips.zipped({"a.zip": deep})
    yield thing("limit", "deep.zip", deep, STOP, "depth-limit", "deeper than anybody looks")
    many = zips.archive([zips.member(f"{n}.txt", b"", zips.STORED) for n in range(10_001)])
    yield thing("limit", "many.zip", many, STOP, "member-limit", "one member more than anybody looks at", slow=True)
    swollen = gzip.compress(b"\0" * (60 << 20) + EICAR, mtime=0)
    yield thing("limit", "swollen.gz", swollen, STOP, "ratio-limit", "swells a thousandfold")
    packed = zlib.compress(b"\0" * (60 << 20))
    yield thing("limit", "swollen.pdf", documents.pdf([documents.pdf_stream(b"", "/FlateDecode", "", packed)]), STOP, "ratio-limit", "a page that swells", slow=True)
    big = documents.docx({"word/media/a.bin": b"\0" * (60 << 20)})
    yield thing("limit", "swollen.docx", big, STOP, "ratio-limit", "a part that swells")
    yield thing("limit", "broad.tar", archives.tar({f"{n}/a.txt": b"x" for n in range(10_001)}), STOP, "member-limit", "one member too many")
