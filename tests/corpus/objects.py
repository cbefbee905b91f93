"""The corpus: every object, what has to become of it, and why."""

import itertools
from dataclasses import dataclass

from samples import EICAR, TELLTALE, TEXT

STOP, FLAG, PASS = "stop", "flag", "pass"
INFECTED = "eicar-test-file"


@dataclass
class Thing:
    kind: str
    name: str
    content: bytes
    # What the default policy has to do: hold it, deliver it with a remark, or deliver it.
    expect: str
    # The findings of which one must be there.
    findings: tuple = ()
    why: str = ""
    # Configurations in which it is different, such as what only an antivirus knows.
    otherwise: dict | None = None
    # An antivirus takes a minute or more for it, so it is shown to the internal engines only.
    slow: bool = False


def thing(kind, name, content, expect, finding=(), why="", slow=False, **otherwise):
    findings = (finding,) if isinstance(finding, str) else tuple(finding)
    return Thing(kind, name, content, expect, findings, why, otherwise or None, slow)


def everything():
    """All objects, in an order that never changes."""
    import objects_active
    import objects_ambiguous
    import objects_documents
    import objects_names
    import objects_nested

    parts = [
        objects_nested.containers(),
        objects_nested.nested(),
        objects_nested.limits(),
        objects_documents.files(),
        objects_documents.messages(),
        objects_documents.encrypted(),
        objects_ambiguous.zips_all(),
        objects_ambiguous.others(),
        objects_ambiguous.polyglots(),
        objects_active.active(),
        objects_active.closed(),
        objects_names.names(),
        objects_names.plain(),
        only_antivirus(),
    ]
    return list(itertools.chain.from_iterable(parts))


def only_antivirus():
    """What the internal engines can't know and an antivirus does, so that its word is seen to count."""
    import archives
    import documents
    from zips import zipped

    forms = {
        "plain.bin": TELLTALE,
        "late.txt": TEXT * 400 + TELLTALE,
        "a.zip": zipped({"a.txt": TELLTALE + TEXT}),
        "a.tar": archives.tar({"a.txt": TELLTALE}),
        "a.docx": documents.docx({"word/media/a.txt": TELLTALE}),
    }
    why = "a signature that only the antivirus has"
    held = {engine: STOP for engine in ("clamd", "clamd-hardened", "c-icap")}
    return [thing("signature", name, content, PASS, (), why, **held) for name, content in forms.items()] + [
        thing("signature", "both.zip", zipped({"a.txt": TELLTALE, "e.com": EICAR}), STOP, INFECTED, "both know it")
    ]
