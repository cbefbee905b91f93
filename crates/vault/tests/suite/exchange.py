"""Reads the blobs that python.rs wrote, and writes its own in their place. Argument: the directory."""
import pathlib
import sys

from blob_format import CHUNK, Blob, Damaged, fields, number, unwrap, wrap

root = pathlib.Path(sys.argv[1])
place = fields(b"tenant-0", b"package-1", b"file-1")
for line in (root / "index").read_text().splitlines():
    name, path = line.split(" ", 1)
    n, path = int(name), pathlib.Path(path)
    blob = Blob(bytes([n]) * 32, bytes([n]) * 16, n, place)
    plain, sealed = (root / f"{n}.plain").read_bytes(), path.read_bytes()
    assert blob.open(sealed) == plain, f"blob {n} reads back changed"
    for at in (5, 20, 39, 60, 90, len(sealed) // 2, len(sealed) - 40, len(sealed) - 1):
        broken = bytearray(sealed)
        broken[at] ^= 1
        try:
            blob.open(bytes(broken))
        except Damaged:
            continue
        raise SystemExit(f"blob {n} opens though byte {at} is wrong")
    path.write_bytes(blob.seal(plain, 2 * CHUNK))

bound = fields(b"file key", b"package-1", b"file-1", number(3, 8))
wrapped = root / "wrapped"
assert unwrap(bytes([9]) * 32, wrapped.read_bytes(), bound) == bytes([8]) * 32
wrapped.write_bytes(wrap(bytes([9]) * 32, bytes([8]) * 32, bound))
