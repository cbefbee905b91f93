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
        prop_assert!(!watch(&content, pieces).ends_as_zip());
    }
}
