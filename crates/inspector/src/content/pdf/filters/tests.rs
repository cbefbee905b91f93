use proptest::prelude::*;

use super::*;
use crate::limits::Limits;

fn chain(text: &str) -> Option<Chain> {
    Chain::of(&Dictionary::parse(text.as_bytes()).unwrap())
}

fn unpack(text: &str, raw: &[u8]) -> io::Result<Vec<u8>> {
    let budget = Budget::new(Limits::STANDARD, raw.len() as u64);
    let mut out = Vec::new();
    let chain = chain(text).unwrap();
    chain.open(Box::new(raw), &budget).read_to_end(&mut out)?;
    Ok(out)
}

#[test]
fn known_ways_of_writing_are_read() {
    let hex = "<< /Filter /ASCIIHexDecode >>";
    assert_eq!(unpack(hex, b"48 65\n6C6c6F7>rest").unwrap(), b"Hellop");
    assert!(unpack(hex, b"4x").is_err());
    let base85 = "<< /Filter [/A85] >>";
    assert_eq!(
        unpack(base85, b"87cUR D]i,\"Ebo80~>").unwrap(),
        b"Hello World!"
    );
    assert_eq!(unpack(base85, b"zz~>").unwrap(), [0; 8]);
    assert!(unpack(base85, b"uuuuu~>").is_err());
    let runs = "<< /Filter /RunLengthDecode >>";
    assert_eq!(unpack(runs, b"\x02abc\xfex\x80y").unwrap(), b"abcxxx");
    assert!(unpack(runs, b"\x05ab").is_err());
    // The example of ISO 32000-1, 7.4.4.2.
    let lzw = "<< /Filter /LZWDecode >>";
    let packed = b"\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01";
    let plain = [45, 45, 45, 45, 45, 65, 45, 45, 45, 66];
    assert_eq!(unpack(lzw, packed).unwrap(), plain);
}

#[test]
fn differences_are_undone() {
    let pack = |raw: &[u8]| {
        let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        io::Write::write_all(&mut packer, raw).unwrap();
        packer.finish().unwrap()
    };
    let png = "<< /Filter /FlateDecode /DecodeParms << /Predictor 12 /Columns 3 >> >>";
    let rows = [
        [0, 10, 20, 30],
        [2, 1, 1, 1],
        [1, 5, 1, 1],
        [3, 2, 2, 2],
        [4, 1, 0, 0],
    ];
    let plain = [10, 20, 30, 11, 21, 31, 5, 6, 7, 4, 7, 9, 5, 7, 9];
    assert_eq!(unpack(png, &pack(&rows.concat())).unwrap(), plain);
    assert!(unpack(png, &pack(&[9, 1, 1, 1])).is_err());
    let tiff = "<< /Filter [/Fl] /DecodeParms [<< /Predictor 2 /Colors 2 /Columns 2 >>] >>";
    let plain = [1, 2, 4, 6, 5, 6, 12, 14];
    assert_eq!(
        unpack(tiff, &pack(&[1, 2, 3, 4, 5, 6, 7, 8])).unwrap(),
        plain
    );
}

#[test]
fn what_is_not_known_is_not_read() {
    for text in [
        "<< /Filter /Unknown >>",
        "<< /Filter 5 0 R >>",
        "<< /Filter [5 0 R] >>",
        "<< /Filter /Crypt >>",
        "<< /Filter /Fl /Filter /AHx >>",
        "<< /Filter [/DCTDecode /Fl] >>",
        "<< /Filter /Fl /DecodeParms << /Predictor 7 >> >>",
        "<< /Filter /Fl /DecodeParms << /Predictor 12 /Columns 99999999999 >> >>",
        "<< /Filter [/Fl /Fl /Fl /Fl /Fl /Fl /Fl] >>",
    ] {
        assert_eq!(chain(text), None, "{text}");
    }
    assert!(chain("<< /Filter [/Fl /DCTDecode] >>").unwrap().picture);
    assert_eq!(chain("<< /Filter null /Length 3 >>").unwrap().filters, []);
}

proptest! {
    #[test]
    fn no_bytes_stop_them(raw in prop::collection::vec(any::<u8>(), 0..300)) {
        for name in ["LZW", "RL", "A85", "AHx", "Fl"] {
            let _ = unpack(&format!("<< /Filter /{name} >>"), &raw);
        }
        let _ = Dictionary::parse(&raw);
    }
}
