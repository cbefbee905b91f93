use std::{io::Write, process::Command};

use chrono::TimeZone;

use super::*;

fn at() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 22, 12, 30, 10).unwrap()
}

fn index(offset: u64) -> usize {
    usize::try_from(offset).unwrap()
}

fn content(seed: u8, size: u64) -> Vec<u8> {
    (0..size)
        .map(|n| n.to_le_bytes()[0].wrapping_mul(31).wrapping_add(seed))
        .collect()
}

fn members() -> (Vec<Member>, Vec<Vec<u8>>) {
    let names = [
        "a.txt",
        "dir/b.bin",
        "A.TXT",
        "empty",
        "con.txt",
        "žluťoučký.txt",
    ];
    let sizes = [5, 70_000, 1, 0, 17, 300];
    let mut contents = Vec::new();
    let members = (0_u8..)
        .zip(names.iter().zip(sizes))
        .map(|(seed, (name, size))| {
            let bytes = content(seed, size);
            let member = Member {
                id: FileId::fresh(),
                name: (*name).to_owned(),
                size,
                crc32: crc32fast::hash(&bytes),
            };
            contents.push(bytes);
            member
        })
        .collect();
    (members, contents)
}

fn assemble(layout: &Layout, range: &Range<u64>, files: &[(FileId, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    for piece in layout.pieces(range) {
        match piece {
            Piece::Bytes(bytes) => out.extend_from_slice(&bytes),
            Piece::File(id, range) => {
                let bytes = &files.iter().find(|(file, _)| *file == id).unwrap().1;
                out.extend_from_slice(&bytes[index(range.start)..index(range.end)]);
            }
        }
    }
    out
}

#[test]
fn an_unpacker_agrees_and_ranges_are_slices() {
    let (members, contents) = members();
    let files: Vec<_> = members.iter().map(|m| m.id).zip(contents).collect();
    let layout = Layout::new(members, at());
    let whole = assemble(&layout, &(0..layout.len()), &files);
    assert_eq!(whole.len() as u64, layout.len());
    for (from, to) in [
        (0, 1),
        (3, 40),
        (29, 36),
        (35, 60_000),
        (layout.len() - 1, layout.len()),
        (5, 5),
    ] {
        let part = assemble(&layout, &(from..to), &files);
        assert_eq!(part, whole[index(from)..index(to)], "{from}..{to}");
    }
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&whole).unwrap();
    let list = Command::new("python3")
        .args(["-c", "import sys,zipfile\nz=zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\nprint('|'.join(z.namelist()))"])
        .arg(file.path())
        .output()
        .unwrap();
    assert!(
        list.status.success(),
        "{}",
        String::from_utf8_lossy(&list.stderr)
    );
    assert_eq!(
        String::from_utf8(list.stdout).unwrap().trim(),
        "a.txt|dir/b.bin|A (2).TXT|empty|_con.txt|žluťoučký.txt"
    );
}

#[test]
fn large_members_take_zip64_records() {
    let large = |name: &str| Member {
        id: FileId::fresh(),
        name: name.into(),
        size: 5 << 30,
        crc32: 7,
    };
    let layout = Layout::new(vec![large("a"), large("b")], at());
    let tail = layout.pieces(&(layout.len() - 200..layout.len()));
    let Piece::Bytes(bytes) = tail.last().unwrap() else {
        panic!("the directory comes last")
    };
    let find = |signature: u32| bytes.windows(4).any(|w| w == signature.to_le_bytes());
    assert!(find(0x0606_4b50) && find(0x0706_4b50) && find(0x0605_4b50));
    assert!(layout.len() > 10 << 30);
}
