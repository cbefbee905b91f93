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
    fn end_records_are_seen_across_borders(lead in 0_usize..300, comment in 0_u8..100, pieces in 1_usize..200) {
        let mut content = vec![b'x'; lead];
        content.extend(b"PK\x05\x06");
        content.extend([0; 16]);
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

#[test]
fn end_records_far_from_the_end_are_passed() {
    let mut content = [
        b"PK\x05\x06".as_slice(),
        &[0; 18],
        &vec![b'x'; (66 << 10) - 22],
    ]
    .concat();
    assert!(watch(&content, 1000).has_zip_end());
    content.push(b'x');
    assert!(!watch(&content, 1000).has_zip_end());
    // A central directory that is longer than what is before its end.
    let mut large = [0; 22];
    large[..4].copy_from_slice(b"PK\x05\x06");
    large[12] = 1;
    assert!(!watch(&large, 1000).has_zip_end());
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
