#!/usr/bin/env python3
"""Gives files to the inspecting child as the server does (crates/inspector/src/protocol.rs), and measures it: measure.py SOFIE
DIRECTORY prints JSON for the files of a manifest. A program of its own, as the most memory that a process had is never below
what the one that started it had."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

FRAME = 1 << 20
# `Limits::STANDARD`.
LIMITS = {
    "depth": 8,
    "members": 10_000,
    "unpacked_bytes": 4 << 30,
    "ratio": 100,
    "ratio_after": 50_000_000,
    "time_ms": 60_000,
    "bytes_per_extra_ms": 32 << 10,
    "memory": 192 << 20,
}


def frame(data):
    return len(data).to_bytes(4, "big") + data


def feed(pipe, header, path):
    try:
        pipe.write(frame(json.dumps(header).encode()))
        with open(path, "rb") as content:
            while piece := content.read(FRAME):
                pipe.write(frame(piece))
        pipe.write(frame(b""))
        pipe.close()
    except BrokenPipeError:
        pass  # How the child ended says more.


def measure(program, name, path):
    size = path.stat().st_size
    header = {"name": name, "size": size, "limits": LIMITS, "passwords": [],
              "dlp": {"detectors": [], "expressions": []}, "shows": False, "again": False}
    started = time.monotonic()
    child = subprocess.Popen([os.path.abspath(program), "inspect"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd="/", env={})
    feed(child.stdin, header, path)
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.monotonic() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"{path}: the inspecting child ended with {child.returncode}")
    findings = json.loads(output[4:])["findings"]
    return {
        "size": size,
        "seconds": seconds,
        "processor": usage.ru_utime + usage.ru_stime,
        "memory": usage.ru_maxrss << 10,
        "findings": sorted({finding["name"] for finding in findings}),
    }


def main():
    program, directory = sys.argv[1], Path(sys.argv[2])
    listed = json.loads((directory / "manifest.json").read_text())
    print(json.dumps([{**file, **measure(program, file["name"], directory / file["id"])} for file in listed]))


if __name__ == "__main__":
    main()
