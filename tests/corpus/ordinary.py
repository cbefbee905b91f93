#!/usr/bin/env python3
"""Chooses ordinary files of this machine, and makes some as people make them: ordinary.py DIRECTORY COUNT. The same machine
gives the same files: of each kind some, spread evenly over all there are in the order of their paths. Like build.py it writes
the files and a manifest, without what has to become of them: nothing bad is in any."""

import itertools
import json
import os
import shutil
import sys
from pathlib import Path

HOME = Path.home()
ROOT = Path(__file__).resolve().parents[2]
PLACES = [
    "/usr/share",
    "/usr/lib/python3",
    "/usr/include",
    "/var/cache/apt/archives",
    HOME / ".cargo/registry/cache",
    HOME / ".cargo/registry/src",
    ROOT / "frontend/node_modules",
    ROOT / ".tools/python/lib",
    ROOT / "docs",
]
LARGEST = 4 << 20

# What policy holds whatever is in it, so its place is in the other list: programs, shortcuts, disk images.
LEFT_OUT = {"so", "pyc", "exe", "dll", "node", "a", "o", "jar", "deb", "rpm", "desktop", "wasm", "class", "url", "lnk", "inf"}
# Import libraries for Windows: an archive of thousands of archives, which the limit of members stops whoever made it.
LIMITED = ("winapi-", "windows_")
# Documents and archives matter more than their number on a machine for developers.
MANY = {"gz": 25, "pdf": 12, "png": 12, "svg": 12, "crate": 25, "zip": 12, "whl": 10, "eml": 8, "html": 12, "xml": 10, "txt": 10, "docx": 9, "xlsx": 9, "pptx": 9}
USUAL = 6


def candidates():
    by_ending = {}
    for place in PLACES:
        for folder, folders, names in os.walk(place):
            folders.sort()
            # Inputs of other people's tests of parsers are made to be wrong.
            folders[:] = [it for it in folders if "test" not in it.lower() and it not in ("fuzz", "corpus", "__pycache__")]
            for name in names:
                ending = name.rpartition(".")[2].lower() if "." in name else ""
                if name.startswith(LIMITED):
                    continue
                if 1 <= len(ending) <= 5 and ending.isalnum() and not ending.isdigit() and ending not in LEFT_OUT:
                    by_ending.setdefault(ending, []).append(os.path.join(folder, name))
    return by_ending


def usable(path):
    path = Path(path)
    return path.is_file() and not path.is_symlink() and 0 < path.stat().st_size <= LARGEST


def spread(paths, count):
    paths = sorted(paths)
    step = max(1, len(paths) // count)
    return list(itertools.islice(filter(usable, paths[::step]), count))


def choose(most):
    by_ending = candidates()
    common = sorted(by_ending, key=lambda ending: (ending not in MANY, -len(by_ending[ending]), ending))
    chosen = []
    for ending in common:
        chosen += spread(by_ending[ending], MANY.get(ending, USUAL))
        if len(chosen) >= most:
            break
    return chosen[:most]


def main():
    import office_files

    directory, most = Path(sys.argv[1]), int(sys.argv[2])
    directory.mkdir(parents=True, exist_ok=True)
    made = directory / "made"
    made.mkdir(exist_ok=True)
    office_files.make(made)
    own = sorted(made.iterdir())
    listed = []
    for number, path in enumerate([*own, *map(Path, choose(most - len(own)))], 1):
        identity = f"{number:04}"
        shutil.copyfile(path, directory / identity)
        listed.append({"id": identity, "kind": path.suffix.lstrip(".").lower(), "name": path.name, "why": str(path)})
    (directory / "manifest.json").write_text(json.dumps(listed, ensure_ascii=False, indent=1))
    print(f"{len(listed)} files")


if __name__ == "__main__":
    main()
