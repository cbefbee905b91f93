#!/usr/bin/env python3
"""Writes the corpus: build.py DIRECTORY. Each object is a file by its number; manifest.json says what has to become of it."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import objects


def main():
    directory = Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    listed = []
    for number, thing in enumerate(objects.everything(), 1):
        identity = f"{number:04}"
        (directory / identity).write_bytes(thing.content)
        fields = asdict(thing)
        del fields["content"]
        listed.append({"id": identity, **fields})
    (directory / "manifest.json").write_text(json.dumps(listed, ensure_ascii=False, indent=1))
    print(f"{len(listed)} objects")


if __name__ == "__main__":
    main()
