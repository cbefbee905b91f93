use proptest::prelude::*;

use super::{Watch, eicar};

fn watch(content: &[u8], pieces: usize) -> Watch {
    let mut watch = Watch::new();
    content
        .chunks(pieces.max(1))
        .for_each(|piece| watch.see(piece));
    watch
}

proptest! {
    #[test]
    fn borders_hide_nothing(lead in 0_usize..300, tail in 0_usize..300, pieces in 1_usize..200) {
        let content = [vec![b'x'; lead], eicar(), vec![b'x'; tail]].concat();
        prop_assert!(watch(&content, pieces).eicar());
        prop_assert!(!watch(&content[..lead + 67], pieces).eicar());
    }

    #[test]
    fn end_records_are_seen_across_borders(lead in 1_usize..300, comment in 0_u8..100, pieces in 1_usize..200) {
        let mut content = vec![b'x'; lead];
        content.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
        content.extend([0; 8]);
        content.extend([comment, 0]);
        content.extend(vec![b'c'; usize::from(comment)]);
        prop_assert!(watch(&content, pieces).ends_as_zip());
        content.push(b'x');
        let longer = watch(&content, pieces);
        prop_assert!(!longer.ends_as_zip());
        prop_assert!(longer.has_zip_end());
        prop_assert_eq!(longer.tail(), &content[content.len().saturating_sub(512)..]);
    }
}

/// A ZIP end record with numbers of the disk, of the directory's, of entries here and in all.
fn end(counts: [u16; 4], length: u32, offset: u32) -> Vec<u8> {
    let mut record = b"PK\x05\x06".to_vec();
    record.extend(counts.into_iter().flat_map(u16::to_le_bytes));
    record.extend([length, offset].into_iter().flat_map(u32::to_le_bytes));
    record.extend([0; 2]);
    record
}

#[test]
fn end_records_far_from_the_end_are_passed() {
    let one = end([0, 0, 1, 1], 46, 0);
    let mut content = [vec![b'x'; 46], one, vec![b'x'; (66 << 10) - 22]].concat();
    assert!(watch(&content, 1000).has_zip_end());
    content.push(b'x');
    assert!(!watch(&content, 1000).has_zip_end());
}

#[test]
fn end_records_that_some_program_believes_count() {
    let lead = vec![b'x'; 100];
    let locator = [b"PK\x06\x07", &[0; 16][..]].concat();
    let wide = [locator, end([0xffff; 4], u32::MAX, u32::MAX)].concat();
    let cases = [
        (end([0, 0, 1, 1], 46, 0), true),
        // By the length alone, by the place alone.
        (end([7, 0, 9, 1], 100, u32::MAX), true),
        (end([0, 0, 1, 1], u32::MAX, 99), true),
        (wide, true),
        (end([0xffff; 4], u32::MAX, u32::MAX), false),
        (end([0, 0, 1, 1], 101, 100), false),
        (end([0, 0, 0, 0], 0, 0), false),
        // As in programs that know the format.
        (
            b"PK\x05\x06PK\x01\x02PK\x03\x04\xff\xff\xff\xff\x11\0\0\0\0\0\0\0".to_vec(),
            false,
        ),
    ];
    for (record, believed) in cases {
        let content = [&lead, record.as_slice(), b"tail"].concat();
        for pieces in [1, 7, 30, 1000] {
            assert_eq!(
                watch(&content, pieces).has_zip_end(),
                believed,
                "{record:?}"
            );
        }
    }
}

#[test]
fn starts_of_rar_archives_are_seen_across_borders() {
    let signature = b"..Rar!\x1a\x07\x01\0";
    // A first block of more than 49 bytes, whose checksum is wrong.
    let archive = [&signature[..], b"crc.\x80\x01\x01\x05"].concat();
    let old = b"..Rar!\x1a\x07\0cc\x73\0\0";
    for pieces in 1..30 {
        assert!(watch(&archive, pieces).holds_archive());
        assert!(watch(old, pieces).holds_archive());
        assert!(!watch(&[&signature[..], b"crc.\x20\x07"].concat(), pieces).holds_archive());
    }
}
