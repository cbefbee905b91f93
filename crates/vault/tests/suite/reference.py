"""Reads the blobs that python.rs wrote, and writes its own in their place. Arguments: reference, directory."""
import os
import pathlib
import struct
import sys

sys.path.insert(0, sys.argv[1])
import blob_ref as ref  # noqa: E402

root = pathlib.Path(sys.argv[2])
context = ref.lp(b"tenant-0", b"package-1", b"file-1")
for line in (root / "index").read_text().splitlines():
    number, path = line.split(" ", 1)
    n = int(number)
    key, blob = bytes([n]) * 32, bytes([n]) * 16
    plain = (root / f"{n}.plain").read_bytes()
    sealed = pathlib.Path(path).read_bytes()
    reader = ref.Reader(key, blob, n, context, sealed, len(plain))
    assert reader.all() == plain, n
    assert reader.range(len(plain) // 3, len(plain) // 2) == plain[len(plain) // 3 : len(plain) // 2], n
    pathlib.Path(path).write_bytes(ref.encrypt(key, blob, n, context, plain, 2 * ref.C))

wrapped = (root / "wrapped").read_bytes()
bound = ref.lp(b"file key", b"package-1", b"file-1", struct.pack(">Q", 3))
assert ref.unwrap(bytes([9]) * 32, wrapped[24:], bound, wrapped[:24]) == bytes([8]) * 32
salt = os.urandom(24)
(root / "wrapped").write_bytes(salt + ref.wrap(bytes([9]) * 32, bytes([8]) * 32, bound, salt))
