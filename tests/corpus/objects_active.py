"""Active content: shown to people even where policy lets it pass; and kinds that nobody here opens."""

import documents
import mail
import zips
from documents import docx, pdf, relations, rtf, xlsx
from objects import FLAG, PASS, STOP, thing
from samples import TEXT, le, noise

PROJECT = documents.compound({"VBA": {"dir": noise(200), "_VBA_PROJECT": noise(50), "Module1": TEXT}, "PROJECT": b'ID="{0}"\r\nModule=Module1\r\n'})
MACRO_WORD = "application/vnd.ms-word.document.macroEnabled.main+xml"
MACRO_SHEET = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
W_FIELD = '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve">{}</w:instrText></w:r>'

SMUGGLED = b"""<!DOCTYPE html><html><body><script>
var bytes = Uint8Array.from(atob("UEsDBA=="), c => c.charCodeAt(0));
var link = document.createElement('a');
link.href = URL.createObjectURL(new Blob([bytes], {type: 'application/octet-stream'}));
link.download = 'invoice.zip';
link.click();
</script></body></html>"""


def biff(records):
    return b"".join(le(kind, 2) + le(len(data), 2) + data for kind, data in records)


def old_sheet(sheet_kind):
    """A workbook of Excel 97 with one sheet of a kind: 0 a sheet, 1 a sheet of macros ([MS-XLS] 2.4.28)."""
    name = b"Sheet1"
    start = (0x809, b"\0\6\5\0" + b"\0" * 12)
    sheet = (0x85, le(0, 4) + bytes([0, sheet_kind, len(name), 0]) + name)
    return documents.compound({"Workbook": biff([start, sheet, (0x0A, b"")]).ljust(4200, b"\0")})


def office_active():
    template = relations(("attachedTemplate", "http://example.net/a.dotm", "External"))
    ole = relations(("oleObject", "http://example.net/a.bin", "External"))
    frame = relations(("frame", "http://example.net/a.html", "External"))
    native = documents.compound({"\x01Ole10Native": documents.native("a.txt", TEXT)})
    yield "a.docm", docx({"word/vbaProject.bin": PROJECT}, main=MACRO_WORD), "office-macro", "macros"
    yield "a.xlsm", xlsx({"xl/vbaProject.bin": PROJECT}, main=MACRO_SHEET), "office-macro", "macros"
    yield "hidden.docx", docx({"word/other.bin": PROJECT}, types='<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/>'), "office-macro", "macros under another name"
    yield "a.doc", documents.doc({"Macros": {"VBA": {"dir": noise(100)}, "PROJECT": b"x"}}), "office-macro", "macros of old Word"
    yield "a.xls", documents.compound({"Workbook": noise(50), "_VBA_PROJECT_CUR": {"VBA": {"dir": noise(100)}}}), "office-macro", "macros of old Excel"
    yield "xlm.xls", old_sheet(1), "office-macro", "a sheet of macros of Excel 4"
    yield "xlm.xlsm", xlsx({"xl/macrosheets/sheet1.xml": documents.XML + b"<m/>"}, main=MACRO_SHEET), "office-macro", "a sheet of macros"
    yield "basic.odt", documents.open_document("text", {"Basic/Standard/Module1.xml": documents.XML + b"<m/>"}), "office-macro", "macros of OpenDocument"
    yield "python.ods", documents.open_document("spreadsheet", {"Scripts/python/a.py": b"print(1)\n"}), "office-macro", "scripts in a document"
    yield "template.docx", docx({"word/_rels/settings.xml.rels": template}), "office-external-link", "a template from elsewhere"
    yield "object.docx", docx({"word/_rels/document.xml.rels": ole}), "office-external-link", "an object from elsewhere"
    yield "frame.docx", docx({"word/_rels/webSettings.xml.rels": frame}), "office-external-link", "a page from elsewhere"
    yield "wide.docx", docx({"word/_rels/settings.xml.rels": template.decode().replace("UTF-8", "UTF-16").encode("utf-16")}), "office-external-link", "the same in another encoding"
    yield "dde.docx", docx(text=W_FIELD.format('DDEAUTO c:\\\\a "b"')), "office-dde", "a field that starts a program"
    yield "dde-split.docx", docx(text=W_FIELD.format("DD") + W_FIELD.format('EAUTO c:\\\\a "b"')), "office-dde", "the same in two pieces"
    yield "dde-simple.docx", docx(text='<w:fldSimple w:instr=" DDE c:\\\\a b"/>'), "office-dde", "a field that starts a program"
    yield "dde.xlsx", xlsx({"xl/externalLinks/externalLink1.xml": documents.XML + b'<externalLink><ddeLink ddeService="cmd" ddeTopic="a"/></externalLink>'}), "office-dde", "a link to a program"
    yield "package.docx", docx({"word/embeddings/oleObject1.bin": native}), "ole-package", "a file wrapped into the document"
    yield "package.doc", documents.doc({"ObjectPool": {"_1": {"\x01Ole10Native": documents.native("a.txt", TEXT)}}}), "ole-package", "a file wrapped into the document"
    yield "events.odt", documents.open_document(body='<office:scripts><office:event-listeners><script:event-listener script:event-name="dom:load" x="vnd.sun.star.script:a"/></office:event-listeners></office:scripts>'), "office-macro", "a script that opening starts"


def pdf_active():
    yield "script.pdf", pdf([b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>"], "/OpenAction 4 0 R"), "pdf-javascript", "a script"
    yield "escaped.pdf", pdf([b"<< /S /J#61vaScript /JS (x) >>"]), "pdf-javascript", "a script in other letters"
    yield "short.pdf", pdf([b"<< /Type /Action /S /Rendition /JS (x) >>"]), "pdf-javascript", "a script of a film"
    yield "launch.pdf", pdf([b"<< /S /Launch /F (a.exe) >>"]), "pdf-launch", "starts a program"
    yield "form.pdf", pdf([b"<< /XFA 5 0 R >>", documents.flate(b"<xdp/>")]), "pdf-form-script", "a form with scripts of its own"
    yield "submit.pdf", pdf([b"<< /S /SubmitForm /F (http://example.net/) >>"]), "pdf-submit", "sends what people type elsewhere"
    yield "goto.pdf", pdf([b"<< /S /GoToR /F (\\\\\\\\host\\\\a.pdf) >>"]), "pdf-remote-file", "opens a file elsewhere"


def text_active():
    yield "smuggled.html", SMUGGLED, "html-smuggling", "a page that makes a file of itself"
    yield "smuggled.svg", b'<svg xmlns="http://www.w3.org/2000/svg">' + SMUGGLED[27:-14] + b"</svg>", "html-smuggling", "a picture that makes a file of itself"
    yield "old.html", b"<html><script>navigator.msSaveOrOpenBlob(b, 'a.zip')</script></html>", "html-smuggling", "the way of an old browser"
    yield "data.html", b"<html><a href='data:application/zip;base64,UEsDBA==' download='a.zip'>x</a></html>", "html-smuggling", "a file in a link"
    yield "unmarked.html", b"Good day" + SMUGGLED[27:-14], "html-smuggling", "no page by its start, but by its name"
    yield "script.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "svg-script", "a picture with a script"
    yield "load.svg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "svg-script", "a picture that runs when shown"
    yield "in.eml", mail.with_attachment("a.html", SMUGGLED), "html-smuggling", "the same in a message"
    yield "a.hta", b"<html><hta:application/></html>", "name-script-extension", "a page with the rights of a program"
    yield "a.wsf", b"<job><script>1</script></job>", ("name-script-extension", "type-script"), "a script of Windows"
    yield "template.rtf", rtf("{\\*\\template http://example.net/a.dotm}"), "office-external-link", "a template from elsewhere"
    yield "dde.rtf", rtf("{\\field{\\*\\fldinst DDEAUTO c:\\\\a b}}"), "office-dde", "a field that starts a program"
    yield "update.rtf", rtf(documents.rtf_object("Package", documents.ole_package("a.txt", TEXT)).replace("\\objemb", "\\objemb\\objupdate")), "rtf-embedded-object", "an object that opens itself"
    yield "link.rtf", rtf(documents.rtf_object("Word.Document.8", documents.doc())), "rtf-embedded-object", "a document in a text"


def active():
    for name, content, finding, why in [*office_active(), *pdf_active(), *text_active()]:
        yield thing("active", name, content, FLAG, finding, why)
    within = {"a.docm": docx({"word/vbaProject.bin": PROJECT}, main=MACRO_WORD), "a.html": SMUGGLED}
    for name, content in within.items():
        finding = "office-macro" if name == "a.docm" else "html-smuggling"
        yield thing("active", f"{name}.zip", zips.zipped({name: content}), FLAG, finding, "the same in an archive")
    yield thing("active", "plain.xls", old_sheet(0), PASS, (), "a sheet without macros")
    link = relations(("hyperlink", "http://example.net/", "External"), ("image", "media/a.png", ""))
    yield thing("active", "links.docx", docx({"word/_rels/document.xml.rels": link}), PASS, (), "links that people click, and a picture")
    yield thing("active", "field.docx", docx(text=W_FIELD.format(" PAGE ")), PASS, (), "the number of the page")


def closed():
    guid = bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3")
    forms = {
        "a.one": guid + b"\0" * 1000,
        "a.chm": b"ITSF\x03\0\0\0" + b"\0" * 100,
        "a.wim": b"MSWIM\0\0\0" + b"\0" * 200,
        "a.vhd": b"\0" * 3000 + b"conectix".ljust(512, b"\0"),
        "a.vhdx": b"vhdxfile" + b"\0" * 500,
        "a.vmdk": b"KDMV\x01\0\0\0" + b"\0" * 500,
        "a.qcow2": b"QFI\xfb\0\0\0\x03" + b"\0" * 500,
        "a.dmg": b"\7" * 3000 + b"koly\0\0\0\x04\0\0\x02\0".ljust(512, b"\0"),
        "a.squashfs": b"hsqs" + noise(200),
        "a.arj": b"\x60\xea\x2c\0" + noise(60),
        "a.lzh": b"\x20\x20-lh5-" + noise(60),
        "a.ace": b"\0\0\x31\0\0\0\0**ACE**" + noise(60),
        "a.lzo": b"\x89LZO\0\r\n\x1a\n" + noise(60),
        "a.pst": b"!BDN" + noise(500),
        "a.xar": b"xar!\0\x1c\0\1" + noise(60),
        "a.crx": b"Cr24\3\0\0\0" + noise(60),
        "a.p7m": bytes.fromhex("3080" "06092a864886f70d010702" "a080" "3080" "020101") + TEXT,
    }
    for name, content in forms.items():
        yield thing("closed", name, content, STOP, "container-not-supported", "nobody here opens this kind")
        yield thing("closed", f"{name}.zip", zips.zipped({name: content}), STOP, "container-not-supported", "the same in an archive")
    risky = {
        "a.lnk": (b"\x4c\0\0\0\x01\x14\x02\0" + b"\0" * 60, "type-shortcut"),
        "a.url": (b"[InternetShortcut]\r\nURL=http://example.net/\r\n", "type-shortcut"),
        "a.desktop": (b"[Desktop Entry]\nExec=true\n", "type-shortcut"),
        "a.hlp": (TEXT, "name-dangerous-extension"),
        "a.scf": (b"[Shell]\r\nCommand=2\r\n", "name-dangerous-extension"),
        "a.reg": (b"REGEDIT4\r\n", "name-dangerous-extension"),
        "a.settingcontent-ms": (b"<?xml version='1.0'?><a/>", "name-dangerous-extension"),
        "a.search-ms": (TEXT, "name-dangerous-extension"),
        "a.library-ms": (b"<?xml version='1.0'?><a/>", "name-dangerous-extension"),
        "a.jnlp": (b"<?xml version='1.0'?><jnlp/>", "name-dangerous-extension"),
        "a.jar": (zips.zipped({"META-INF/MANIFEST.MF": b"Manifest-Version: 1.0\r\n", "A.class": b"\xca\xfe\xba\xbe\0\0\0\x34"}), "type-executable"),
        "a.apk": (zips.zipped({"AndroidManifest.xml": noise(50), "classes.dex": b"dex\n035\0" + noise(50)}), "type-executable"),
        "a.msix": (zips.zipped({"AppxManifest.xml": b"<?xml version='1.0'?><p/>"}), "type-executable"),
        "a.swf": (b"CWS\x0a" + noise(60), "type-executable"),
        "a.class": (b"\xca\xfe\xba\xbe\0\0\0\x34" + noise(50), "type-executable"),
        "a.wasm": (b"\0asm\1\0\0\0", "type-executable"),
        "autorun.inf": (b"[autorun]\r\nopen=a.exe\r\n", "name-dangerous-extension"),
    }
    for name, (content, finding) in risky.items():
        yield thing("risky", name, content, STOP, finding, "policy holds this kind of file")
        yield thing("risky", f"{name}.zip", zips.zipped({name: content}), STOP, finding, "the same in an archive")
