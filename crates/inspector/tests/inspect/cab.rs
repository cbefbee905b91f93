//! Cabinets (DET-5): their layout, their checksums, and how many files they may have.

use super::build::deflate;
use super::{assert_clean, found, inspect, names};

type Files<'a> = &'a [(&'a str, &'a [u8])];

/// A cabinet of one folder, stored or as MSZIP.
pub fn cabinet(files: Files, packed: bool) -> Vec<u8> {
    cabinet_with(files, packed, [0; 3])
}

/// The same with gaps of so many bytes before the list of files, before the data and at the end.
fn cabinet_with(files: Files, packed: bool, gaps: [u32; 3]) -> Vec<u8> {
    let gap = |index: usize| vec![7; gaps[index] as usize];
    let whole: Vec<u8> = files
        .iter()
        .flat_map(|(_, content)| content.to_vec())
        .collect();
    let data = if packed {
        [b"CK".to_vec(), deflate(&whole)].concat()
    } else {
        whole.clone()
    };
    let mut entries = Vec::new();
    let mut start = 0_u32;
    for (name, content) in files {
        let size = u32::try_from(content.len()).unwrap();
        entries.extend([size.to_le_bytes(), start.to_le_bytes()].concat());
        entries.extend([0; 8]);
        entries.extend(name.bytes().chain([0]));
        start += size;
    }
    let list = 44 + gaps[0];
    let place = list + u32::try_from(entries.len()).unwrap() + gaps[1];
    let length = place + 8 + u32::try_from(data.len()).unwrap() + gaps[2];
    let mut file = b"MSCF\0\0\0\0".to_vec();
    file.extend([length, 0, list, 0].into_iter().flat_map(u32::to_le_bytes));
    file.extend([3, 1, 1, 0]);
    file.extend(u16::try_from(files.len()).unwrap().to_le_bytes());
    file.extend([0; 6]);
    file.extend(place.to_le_bytes());
    file.extend([1, 0, u8::from(packed), 0]);
    file.extend([gap(0), entries, gap(1), vec![0; 4]].concat());
    file.extend(u16::try_from(data.len()).unwrap().to_le_bytes());
    file.extend(u16::try_from(whole.len()).unwrap().to_le_bytes());
    file.extend([data, gap(2)].concat());
    file
}

#[test]
fn cabinets_have_no_room_for_anything_else() {
    let files: Files = &[("a.txt", b"text\n"), ("b.txt", b"more\n")];
    for gaps in [[4, 0, 0], [0, 4, 0], [0, 0, 4]] {
        let report = inspect("a.cab", &cabinet_with(files, false, gaps));
        assert_eq!(names(&report), ["cab-gap"], "{gaps:?}");
        assert_eq!(report.objects.len(), 3);
    }
    for reserved in [4, 12, 20] {
        let mut cabinet = cabinet(files, false);
        cabinet[reserved] = 1;
        found(&inspect("a.cab", &cabinet), "cab-reserved-bytes");
    }
}

#[test]
fn checksums_of_cabinets_count_where_there_are_some() {
    let content = b"0123456789abcdef";
    let mut cabinet = cabinet(&[("a.txt", content)], false);
    let block = cabinet.len() - content.len() - 8;
    // Lengths of 16 and 16 bytes, and the content in words of four bytes.
    let words = content
        .chunks(4)
        .map(|w| u32::from_le_bytes(w.try_into().unwrap()));
    let sum = words.fold(0x0010_0010, |sum: u32, word| sum ^ word);
    cabinet[block..block + 4].copy_from_slice(&sum.to_le_bytes());
    assert_clean("a.cab", &cabinet);
    cabinet[block + 8] ^= 1;
    found(&inspect("a.cab", &cabinet), "cab-wrong-checksum");
}

#[test]
fn cabinets_of_many_files_and_folders_are_read() {
    let names: Vec<String> = (0..6000)
        .map(|n| format!("a name of a file that is fairly long {n}.txt"))
        .collect();
    let files: Vec<(&str, &[u8])> = names
        .iter()
        .map(|name| (name.as_str(), &b"1"[..]))
        .collect();
    let many = cabinet(&files, false);
    assert!(many.len() > 256 << 10);
    assert_clean("a.cab", &many);

    // As many folders and files as can be, and the files all in the last folder.
    let (count, last) = (0xffff_u16.to_le_bytes(), 0xfffe_u16.to_le_bytes());
    let entries = 36 + 8 * 0xffff_u32;
    let length = entries + 18 * 0xffff;
    let mut file = b"MSCF\0\0\0\0".to_vec();
    file.extend(
        [length, 0, entries, 0]
            .into_iter()
            .flat_map(u32::to_le_bytes),
    );
    file.extend([&[3, 1], &count[..], &count, &[0; 6]].concat());
    file.resize(entries as usize, 0);
    let entry = [&[0; 8], &last[..], &[0; 6], b"a\0"].concat();
    file.extend(entry.repeat(0xffff));
    let started = std::time::Instant::now();
    found(&inspect("a.cab", &file), "member-limit");
    assert!(started.elapsed().as_secs() < 10);
}
