"""Names that mislead, and plain files."""

import archives
import documents
import zips
from objects import FLAG, INFECTED, PASS, STOP, thing
from samples import EICAR, ELF, PNG, PROGRAM, TEXT

GIF = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;"
# Enough to be told by, not enough to be shown.
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xd9"


def names():
    hostile = [
        ("invoice\u202efdp.txt", TEXT, "name-bidi-control", "reads backwards"),
        ("invoice\u200f.txt", TEXT, "name-bidi-control", "an invisible mark of direction"),
        ("invoice.pdf.js", TEXT, "name-double-extension", "a script that shows a harmless ending"),
        ("photo.jpg.scr", TEXT, ("name-double-extension", "name-dangerous-extension"), "a program that shows a harmless ending"),
        ("photo.jpg.exe. ", PROGRAM, "name-double-extension", "Windows leaves dots and blanks at the end away"),
        ("photo.jpg", PROGRAM, "type-executable-in-disguise", "a program that calls itself a picture"),
        ("notes", ELF, "type-executable", "a program without an ending"),
        ("report.pdf", TEXT, "type-mismatch", "no PDF at all"),
        ("report.pdf", PNG, "type-mismatch", "a picture that calls itself PDF"),
        ("photo.png", JPEG, "type-mismatch", "another picture than it says"),
        ("sheet.xlsx", documents.docx(), "type-mismatch", "a letter that calls itself a sheet"),
        ("letter.docx", zips.zipped({"a.txt": TEXT}), "type-mismatch", "an archive that calls itself a letter"),
        ("a.zip", archives.rar5({"a.txt": TEXT}), "type-mismatch", "another archive than it says"),
        ("con.txt", TEXT, "name-device", "the console of Windows"),
        ("LPT1", TEXT, "name-device", "a printer of Windows"),
    ]
    for name, content, finding, why in hostile:
        yield thing("name", name, content, STOP, finding, why)
    # The same within archives, where the product did not choose the name.
    inside = [
        ("../../etc/cron.d/a.txt", "name-traversal", "climbs out of its folder"),
        ("..\\..\\a.txt", "name-traversal", "climbs out by the other slash"),
        ("/etc/a.txt", "name-traversal", "begins at the root"),
        ("C:/Windows/a.txt", "name-traversal", "begins at a drive"),
        ("a\x07\x1b[31m.txt", "name-control-character", "speaks to a terminal"),
        ("folder/aux.txt", "name-device", "a device of Windows"),
        ("cod\u202etxt.exe.txt", "name-bidi-control", "reads backwards"),
        ("invoice.pdf.vbs", "name-double-extension", "a script that shows a harmless ending"),
    ]
    makers = {"a.zip": zips.zipped, "a.tar": archives.tar, "a.7z": archives.seven_zip, "a.rar": archives.rar5}
    for member, finding, why in inside:
        for name, make in makers.items():
            yield thing("name", name, make({member: TEXT}), STOP, finding, f"a member that {why}" if " " in why else why)


def plain():
    """The test file as it is, and what nobody should hold."""
    bad = {"eicar.com": EICAR, "eicar.com.txt": EICAR, "behind.txt": TEXT + EICAR, "between.bin": b"\0" * 70_000 + EICAR + b"\0" * 70_000}
    for name, content in bad.items():
        yield thing("plain", name, content, STOP, INFECTED, "the test file as it is")
    good = {
        "a.txt": TEXT,
        "empty.txt": b"",
        "a.csv": b"name;sum\r\nA;1\r\n",
        "a.json": b'{"a": [1, 2, 3]}',
        "a.xml": b'<?xml version="1.0"?><a/>',
        "a.html": b"<!DOCTYPE html><html><body><p>Good day</p></body></html>",
        "a.svg": b'<svg xmlns="http://www.w3.org/2000/svg"><rect width="1" height="1"/></svg>',
        "a.png": PNG,
        "a.gif": GIF,
        "příloha č. 1.txt": "Příliš žluťoučký kůň\n".encode("cp1250"),
        "wide.txt": "Příliš žluťoučký kůň\n".encode("utf-16"),
        "a.pdf": documents.pdf(),
        "streams.pdf": documents.pdf([documents.flate(TEXT), documents.pdf_stream(TEXT.hex().encode() + b">", "/ASCIIHexDecode")]),
        "a.rtf": documents.rtf("more"),
        "a.vcf": b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\nEND:VCARD\r\n",
        "a.ics": b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n",
        "data.bin": b"\x9c\0\x01\x02\x03\xff\xfe" * 50,
        "almost.txt": EICAR[:-1] + b"+",
        "report.final.v2.docx": documents.docx(),
        "macrofree.docm": documents.docx(main="application/vnd.ms-word.document.macroEnabled.main+xml"),
    }
    for name, content in good.items():
        yield thing("plain", name, content, PASS, (), "nothing bad")
    scripts = {"a.sh": b"#!/bin/sh\necho\n", "a.py": b"print(1)\n", "a.ps1": b"Get-Date\r\n", "a.vbs": b"MsgBox 1\r\n", "a.bat": b"@echo off\r\n", "a.js": b"1;\n"}
    for name, content in scripts.items():
        yield thing("plain", name, content, FLAG, "name-script-extension", "policy flags scripts")
