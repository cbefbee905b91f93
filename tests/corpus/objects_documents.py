"""Files within documents and messages by every way there is, and what can't be read without a password."""

import zlib

import archives
import locked
import documents
import mail
import zips
from documents import attached, flate, pdf, pdf_stream
from objects import FLAG, INFECTED, PASS, STOP, thing
from samples import EICAR, TEXT


def ascii85(content):
    import base64

    return base64.a85encode(content) + b"~>"


# How the bytes of a stream may be written.
STREAMS = {
    "plain": lambda content: pdf_stream(content),
    "flate": flate,
    "hex": lambda content: pdf_stream(content.hex().encode() + b">", "/ASCIIHexDecode"),
    "base85": lambda content: pdf_stream(ascii85(content), "/ASCII85Decode"),
    "lzw": lambda content: pdf_stream(documents.lzw(content), "/LZWDecode"),
    "run-length": lambda content: pdf_stream(documents.run_length(content), "/RunLengthDecode"),
    "hex-of-flate": lambda content: pdf_stream(zlib.compress(content).hex().encode() + b">", "[/ASCIIHexDecode /FlateDecode]"),
    "flate-of-flate": lambda content: pdf_stream(zlib.compress(zlib.compress(content)), "[ /FlateDecode /FlateDecode ]"),
    "short-name": lambda content: pdf_stream(zlib.compress(content), "/Fl"),
    "escaped-name": lambda content: pdf_stream(zlib.compress(content), "/Fl#61teDecode"),
}


def pdfs():
    for name, make in STREAMS.items():
        yield thing("pdf", f"{name}.pdf", pdf([make(TEXT + EICAR)]), STOP, INFECTED, "the test file in a stream of the document")
        inner = zips.zipped({"e.com": EICAR})
        yield thing("pdf", f"attached-{name}.pdf", attached("a.zip", make(inner)), STOP, INFECTED, "the test file in an attached archive")
    yield thing("pdf", "attached.pdf", attached("a.txt", flate(TEXT)), FLAG, "pdf-embedded-file", "an attachment, nothing bad in it")
    unknown = pdf([pdf_stream(TEXT, "/NobodyKnowsThisDecode")])
    yield thing("pdf", "unknown-filter.pdf", unknown, STOP, "pdf-filter-not-supported", "a stream that nobody can read")
    indirect = pdf([b"<< /Length 5 0 R /Filter /FlateDecode >>\nstream\n" + zlib.compress(EICAR) + b"\nendstream", b"%d" % len(zlib.compress(EICAR))])
    yield thing("pdf", "indirect-length.pdf", indirect, STOP, INFECTED, "the length of the stream lies elsewhere")
    lying = pdf([b"<< /Length 3 /Filter /FlateDecode >>\nstream\n" + zlib.compress(EICAR) + b"\nendstream"])
    yield thing("pdf", "false-length.pdf", lying, STOP, INFECTED, "readers find the end of the stream by its word")
    hidden = b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>"
    packed = zlib.compress(b"6 0 " + hidden)
    objects = f"<< /Type /ObjStm /N 1 /First 4 /Length {len(packed)} /Filter /FlateDecode >>\nstream\n".encode() + packed + b"\nendstream"
    yield thing("pdf", "packed-script.pdf", pdf([objects]), FLAG, "pdf-javascript", "a script in a packed object")


def office():
    wrapped = documents.compound({"\x01Ole10Native": documents.native("e.com", EICAR)})
    archive = documents.compound({"\x01Ole10Native": documents.native("a.zip", zips.zipped({"e.com": EICAR}))})
    for name, make in {
        "embedded.docx": lambda it: documents.docx({"word/embeddings/oleObject1.bin": it}),
        "embedded.xlsx": lambda it: documents.xlsx({"xl/embeddings/oleObject1.bin": it}),
        "embedded.pptx": lambda it: documents.pptx({"ppt/embeddings/oleObject1.bin": it}),
        "embedded.odt": lambda it: documents.open_document("text", {"Object 1": it}),
        "embedded.doc": lambda it: documents.doc({"ObjectPool": {"_1": {"\x01Ole10Native": documents.native("a.zip", zips.zipped({"e.com": EICAR}))}}}),
    }.items():
        yield thing("office", name, make(wrapped), STOP, INFECTED, "the test file as an embedded object")
        yield thing("office", f"archive-{name}", make(archive), STOP, INFECTED, "an embedded archive with the test file")
    inner = documents.docx({"word/media/e.bin": zips.zipped({"e.com": EICAR})})
    yield thing("office", "in.xlsx", documents.xlsx({"xl/embeddings/a.docx": inner}), STOP, INFECTED, "a document within a document")
    yield thing("office", "long.doc", documents.doc({"Data": TEXT * 50 + EICAR}), STOP, INFECTED, "the test file in a stream of many sectors")
    entity = '<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
    lol = zips.zipped({"[Content_Types].xml": b"<Types><Override ContentType='x/wordprocessingml.document.main+xml'/></Types>", "word/document.xml": entity.encode() + b"<w>&b;</w>"})
    yield thing("office", "entities.docx", lol, PASS, (), "nobody here expands entities, so there is nothing that swells")


def rtfs():
    payloads = {"e.com": EICAR, "a.zip": zips.zipped({"e.com": EICAR}), "a.docx": documents.docx({"word/e.bin": EICAR})}
    for name, content in payloads.items():
        text = documents.rtf(documents.rtf_object("Package", documents.ole_package(name, content)))
        yield thing("rtf", f"{name}.rtf", text, STOP, INFECTED, "the test file in an object of the text")
        yield thing("rtf", f"{name}.doc", text, STOP, INFECTED, "the same under the name of an old document")
    clean = documents.rtf(documents.rtf_object("Package", documents.ole_package("a.txt", TEXT)))
    yield thing("rtf", "object.rtf", clean, FLAG, "rtf-embedded-object", "an object, nothing bad in it")


def files():
    yield from pdfs()
    yield from office()
    yield from rtfs()


def messages():
    zipped = zips.zipped({"e.com": EICAR})
    for encoding in ("base64", "quoted-printable", "x-uuencode", "8bit"):
        for name, content in {"e.com.txt": EICAR, "a.zip": zipped}.items():
            if encoding == "8bit" and name == "a.zip":
                continue
            message = mail.with_attachment(name, content, encoding=encoding)
            yield thing("mail", f"{encoding}-{name}.eml", message, STOP, INFECTED, f"an attachment in {encoding}")
    inner = mail.with_attachment("a.zip", zipped)
    nested = mail.eml([mail.text_part(), b"Content-Type: message/rfc822\r\n\r\n" + inner], boundary="=_outer")
    yield thing("mail", "forwarded.eml", nested, STOP, INFECTED, "a message within a message")
    multi = mail.eml([b'Content-Type: multipart/alternative; boundary="=_b2"\r\n\r\n--=_b2\r\n' + mail.part("a.zip", zipped) + b"\r\n--=_b2--\r\n"])
    yield thing("mail", "alternative.eml", multi, STOP, INFECTED, "an attachment among the forms of the text")
    page = b"Content-Type: text/html\r\nContent-Location: a.html\r\n\r\n<html></html>\r\n"
    yield thing("mail", "page.mht", mail.eml([page, mail.part("a.zip", zipped)], kind="related"), STOP, INFECTED, "a saved page with the test file")
    behind = mail.with_attachment("a.txt", TEXT) + mail.uuencode("e.com", EICAR)
    yield thing("mail", "epilogue.eml", behind, STOP, INFECTED, "a file in the text behind the last part")
    html = {"__substg1.0_10130102": b"<html>" + EICAR + b"</html>"}
    yield thing("mail", "html.msg", documents.msg("a.txt", TEXT, html), STOP, INFECTED, "the test file in the text of the message")
    yield thing("mail", "in.msg", documents.msg("b.msg", documents.msg("a.zip", zipped)), STOP, INFECTED, "a message within a message of Outlook")
    yield thing("mail", "tnef.eml", mail.with_attachment("winmail.dat", mail.tnef("a.zip", zipped)), STOP, INFECTED, "winmail.dat in a message")
    ordinary = {
        "plain.eml": mail.eml([mail.text_part()]),
        "attached.eml": mail.with_attachment("a.zip", zips.zipped({"a.txt": TEXT})),
        "quoted.eml": mail.with_attachment("a.txt", TEXT, encoding="quoted-printable"),
        "two.mbox": mail.mbox([mail.eml([mail.text_part()])] * 3),
    }
    for name, message in ordinary.items():
        yield thing("mail", name, message, PASS, (), "an ordinary message")


ARMOUR = b"-----BEGIN PGP MESSAGE-----\r\n\r\nhQEMA0000000000000AQf/\r\n=abcd\r\n-----END PGP MESSAGE-----\r\n"


def encrypted():
    forms = {
        "old.zip": (locked.zip_crypto("a.txt", TEXT), "encrypted-zip-member"),
        "aes.zip": (locked.zip_aes("a.txt"), "encrypted-zip-member"),
        "a.7z": (locked.seven_zip("a.txt"), "encrypted-7z-member"),
        "member5.rar": (locked.rar5_locked("a.txt"), "encrypted-rar-member"),
        "names5.rar": (locked.rar5_header(), "encrypted-rar-header"),
        "member4.rar": (archives.rar4({"a.txt": TEXT}, 4), "encrypted-rar-member"),
        "names4.rar": (locked.rar4_header(), "encrypted-rar-header"),
        "report.docx": (locked.agile(documents.docx()), "encrypted-office-document"),
        "sheet.xlsx": (locked.agile(documents.xlsx()), "encrypted-office-document"),
        "report.odt": (documents.open_document(manifest="<manifest:encryption-data/>"), "encrypted-opendocument"),
        "report.pdf": (locked.pdf(TEXT, "secret"), "encrypted-pdf"),
        "message.asc": (ARMOUR, "encrypted-message"),
        "letter.txt": (TEXT + ARMOUR, "encrypted-message"),
        "message.pgp": (b"\x85\x01\x0c\x03" + bytes(range(1, 9)) + b"\x01" + bytes(260) + b"\xd2\x0a\x01" + bytes(9), "encrypted-message"),
        "pgp.eml": (mail.eml([b"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n", mail.part("encrypted.asc", ARMOUR, "7bit")], kind="encrypted"), ("encrypted-mail", "encrypted-message")),
        "smime.eml": (mail.SEALED, ("encrypted-mail", "encrypted-message")),
    }
    for name, (content, finding) in forms.items():
        yield thing("encrypted", name, content, STOP, finding, "nobody can look into it")
        ending = name.rpartition(".")[0]
        if ending in ("old", "a", "report", "names5"):
            yield thing("encrypted", f"{name}.in.zip", zips.zipped({name: content}), STOP, finding, "the same within an archive")
            yield thing("encrypted", f"{name}.in.eml", mail.with_attachment(name, content), STOP, finding, "the same in a message")
    # Programs open these without asking anybody.
    known = "opens without a question, so it is opened here or held"
    either = lambda finding: (finding, INFECTED)
    bad = documents.xlsx({"xl/media/e.bin": zips.zipped({"e.com": EICAR})})
    yield thing("encrypted", "known.xlsx", locked.agile(bad, "VelvetSweatshop"), STOP, either("encrypted-office-document"), known)
    yield thing("encrypted", "known.pdf", locked.pdf(EICAR), STOP, either("encrypted-pdf"), known)
