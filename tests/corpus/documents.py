"""Documents: compound files, Office, OpenDocument, PDF, RTF."""

import zlib

from samples import TEXT, le, padded
from zips import DEFLATED, STORED, archive, member

# --- compound files ([MS-CFB]) ---------------------------------------------------------------------------------------

FREE, END, TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


class Units:
    """Sectors or mini sectors, and the table of which follows which."""

    def __init__(self, size):
        self.size, self.bytes, self.next = size, bytearray(), []

    def store(self, content):
        if not content:
            return END
        start = len(self.next)
        count = -(-len(content) // self.size)
        self.next += [*range(start + 1, start + count), END]
        self.bytes += padded(content, self.size)
        return start

    def table(self, sectors):
        return b"".join(le(number, 4) for number in (self.next + [FREE] * (sectors * 128))[: sectors * 128])


def cfb_entry(name, kind, right, child, start, size):
    wide = name.encode("utf-16le")
    entry = wide.ljust(64, b"\0") + le(len(wide) + 2, 2) + bytes([kind, 1]) + b"".join(le(link, 4) for link in (FREE, right, child))
    return entry.ljust(116, b"\0") + le(start, 4) + le(size, 4) + b"\0" * 4


def compound(tree):
    """A compound file of {name: content, or a tree of the same for a storage}."""
    entries = []  # name, parent, content or None; numbers begin at 1

    def list_all(tree, parent):
        for name, what in tree.items():
            entries.append((name, parent, None if isinstance(what, dict) else what))
            if isinstance(what, dict):
                list_all(what, len(entries))

    list_all(tree, 0)
    sectors, mini = Units(512), Units(64)
    places = [((sectors if len(it or b"") >= 4096 else mini).store(it or b""), len(it or b"")) for _, _, it in entries]
    root = (sectors.store(bytes(mini.bytes)), len(mini.bytes))
    mini_table = sectors.store(mini.table(-(-len(mini.next) // 128)))

    def first(storage, behind=0):
        rest = enumerate(entries[behind:], behind + 1)
        return next((index for index, entry in rest if entry[1] == storage), FREE)

    directory = cfb_entry("Root Entry", 5, FREE, first(0), *root)
    for index, (name, parent, content) in enumerate(entries, 1):
        right = first(parent, index)
        if content is None:
            directory += cfb_entry(name, 1, right, first(index), END, 0)
        else:
            directory += cfb_entry(name, 2, right, FREE, *places[index - 1])
    directory = sectors.store(directory)
    used = len(sectors.next)
    count = -(-(used + used // 127 + 2) // 128)
    sectors.next += [TABLE] * count
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(24, b"\0") + le(0x3E, 2) + le(3, 2) + b"\xfe\xff" + le(9, 2) + le(6, 2)
    table = [*range(used, used + count)] + [FREE] * 109
    fixed = [count, directory, 0, 4096, mini_table, 1, END, 0, *table[:109]]
    return head.ljust(44, b"\0") + b"".join(le(number, 4) for number in fixed) + bytes(sectors.bytes) + sectors.table(count)


def doc(more=None):
    return compound({"WordDocument": TEXT * 3, "1Table": b"\0" * 100, **(more or {})})


def native(name, content):
    """A file as OLE wraps it into a document ([MS-OLEDS])."""
    package = ole_package(name, content)
    return le(len(package), 4) + package


def ole_package(name, content):
    name = name.encode()
    path = b"C:\\" + name + b"\0"
    return b"\x02\0" + name + b"\0" + path + b"\0\0\x03\0" + le(len(path), 4) + path + le(len(content), 4) + content


def msg(name, content, body=None):
    """An Outlook message with one attachment."""
    wide = name.encode("utf-16le")
    attachment = {"__properties_version1.0": b"\0" * 32, "__substg1.0_3707001F": wide, "__substg1.0_37010102": content}
    texts = {"__substg1.0_1000001F": "Good day".encode("utf-16le"), **(body or {})}
    return compound({"__properties_version1.0": b"\0" * 64, "__nameid_version1.0": {}, **texts, "__attach_version1.0_#00000000": attachment})


# --- Office and OpenDocument -----------------------------------------------------------------------------------------

XML = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
TYPE = "application/vnd.openxmlformats-officedocument."
WORD = TYPE + "wordprocessingml.document.main+xml"
SHEET = TYPE + "spreadsheetml.sheet.main+xml"
SLIDES = TYPE + "presentationml.presentation.main+xml"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def relations(*targets):
    """A part of relations of (type, target, mode)."""
    lines = [
        f'<Relationship Id="rId{n}" Type="{RELATIONS}/{kind}" Target="{target}"' + (f' TargetMode="{mode}"/>' if mode else "/>")
        for n, (kind, target, mode) in enumerate(targets, 1)
    ]
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    return XML + f'<Relationships xmlns="{space}">{"".join(lines)}</Relationships>'.encode()


def office(main, part, body, more=None, method=DEFLATED, types=""):
    """An Office document with its main part and more parts."""
    content_types = f'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/{part}" ContentType="{main}"/>{types}</Types>'
    files = {"[Content_Types].xml": XML + content_types.encode(), "_rels/.rels": relations(("officeDocument", part, "")), part: XML + body.encode()}
    return archive([member(name, content, method) for name, content in {**files, **(more or {})}.items()])


def docx(more=None, text="Good day", **how):
    body = text if text.startswith("<") else f"<w:r><w:t>{text}</w:t></w:r>"
    return office(how.pop("main", WORD), "word/document.xml", f"<w:document {W}><w:body><w:p>{body}</w:p></w:body></w:document>", more, **how)


def xlsx(more=None, body="<workbook/>", **how):
    return office(how.pop("main", SHEET), "xl/workbook.xml", body, more, **how)


def pptx(more=None, **how):
    return office(how.pop("main", SLIDES), "ppt/presentation.xml", "<p:presentation xmlns:p='p'/>", more, **how)


def open_document(kind="text", more=None, body="<office:text/>", manifest=""):
    media = f"application/vnd.oasis.opendocument.{kind}".encode()
    files = {
        "META-INF/manifest.xml": XML + f"<manifest:manifest xmlns:manifest='m'>{manifest}</manifest:manifest>".encode(),
        "content.xml": XML + f"<office:document-content xmlns:office='o'><office:body>{body}</office:body></office:document-content>".encode(),
        **(more or {}),
    }
    return archive([member("mimetype", media, STORED)] + [member(*item) for item in files.items()])


def epub(more=None):
    files = {"META-INF/container.xml": XML + b"<container/>", "a.xhtml": XML + b"<html><body><p>Text</p></body></html>", **(more or {})}
    return archive([member("mimetype", b"application/epub+zip", STORED)] + [member(*item) for item in files.items()])


# --- PDF -------------------------------------------------------------------------------------------------------------


def pdf(objects=(), catalogue="", trailer=""):
    """A document of one page and more objects, numbered from 4 on; each is bytes."""
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>"
    all_objects = [f"<< /Type /Catalog /Pages 2 0 R {catalogue} >>".encode(), b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", page, *objects]
    out, places = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), []
    for number, content in enumerate(all_objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    table = b"0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    count = len(all_objects) + 1
    end = f"trailer\n<< /Size {count} /Root 1 0 R {trailer} >>\nstartxref\n{len(out)}\n%%EOF\n"
    return bytes(out) + b"xref\n0 %d\n" % count + table + end.encode()


def pdf_stream(content, filters="", more="", packed=None):
    data = content if packed is None else packed
    said = f"/Filter {filters} " if filters else ""
    return f"<< /Length {len(data)} {said}{more} >>\nstream\n".encode() + data + b"\nendstream"


def flate(content, more=""):
    return pdf_stream(content, "/FlateDecode", more, zlib.compress(content))


def lzw(content):
    """LZW of PDF with codes of nine bits that are all single bytes; the table is cleared before it grows."""
    codes = []
    for index, byte in enumerate(content):
        codes += [256, byte] if index % 200 == 0 else [byte]
    bits = "".join(f"{code:09b}" for code in [*codes, 257])
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def run_length(content):
    parts = [content[at : at + 128] for at in range(0, len(content), 128)]
    return b"".join(bytes([len(part) - 1]) + part for part in parts) + b"\x80"


def attached(name, stream):
    """A document with a file attached: its stream is object 4."""
    spec = f"<< /Type /Filespec /F ({name}) /EF << /F 4 0 R >> >>".encode()
    return pdf([stream, spec], f"/Names << /EmbeddedFiles << /Names [({name}) 5 0 R] >> >>")


# --- RTF -------------------------------------------------------------------------------------------------------------


def rtf_object(kind, data):
    kind = kind.encode() + b"\0"
    whole = b"\x01\x05\0\0\x02\0\0\0" + le(len(kind), 4) + kind + b"\0" * 8 + le(len(data), 4) + data + b"\x01\x05\0\0\0\0\0\0"
    digits = whole.hex()
    lines = "\n".join(digits[at : at + 80] for at in range(0, len(digits), 80))
    return f"{{\\object\\objemb{{\\*\\objdata \n{lines}\n}}}}"


def rtf(*parts):
    return ("{\\rtf1\\ansi Good day\\par " + " ".join(parts) + "}").encode()
