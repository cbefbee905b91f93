//! Outlook's own formats: messages as compound files, and TNEF (DET-5).

use proptest::prelude::*;
use sofie_inspector::eicar;

use super::build::{Stored, compound_of, deflated, zip};
use super::{assert_clean, found, inspect, names};

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// A message with one attachment.
pub fn msg(name: &str, content: &[u8]) -> Vec<u8> {
    let (name, body) = (wide(name), wide("Good day"));
    let entries: [Stored; 7] = [
        ("__properties_version1.0", 0, Some(&[0; 64])),
        ("__nameid_version1.0", 0, None),
        ("__substg1.0_1000001F", 0, Some(&body)),
        ("__attach_version1.0_#00000000", 0, None),
        ("__properties_version1.0", 4, Some(&[0; 32])),
        ("__substg1.0_3707001F", 4, Some(&name)),
        ("__substg1.0_37010102", 4, Some(content)),
    ];
    compound_of(&entries)
}

fn attribute(level: u8, id: u32, data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![level];
    bytes.extend(id.to_le_bytes());
    bytes.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
    bytes.extend(data);
    let sum = data
        .iter()
        .fold(0_u16, |sum, byte| sum.wrapping_add(u16::from(*byte)));
    bytes.extend(sum.to_le_bytes());
    bytes
}

fn tnef(attributes: &[Vec<u8>]) -> Vec<u8> {
    [&b"\x78\x9f\x3e\x22\x01\0"[..], &attributes.concat()].concat()
}

fn attachment(title: &str, content: &[u8]) -> Vec<u8> {
    let name = [title.as_bytes(), b"\0"].concat();
    [
        attribute(2, 0x0006_9002, &[0; 14]),
        attribute(2, 0x0001_8010, &name),
        attribute(2, 0x0006_800f, content),
    ]
    .concat()
}

fn binary(tag: u32, value: &[u8]) -> Vec<u8> {
    let mut bytes = 1_u32.to_le_bytes().to_vec();
    bytes.extend(tag.to_le_bytes());
    bytes.extend(1_u32.to_le_bytes());
    bytes.extend(u32::try_from(value.len()).unwrap().to_le_bytes());
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

#[test]
fn attachments_of_messages_are_opened() {
    let archive = zip(&[deflated("e.com", &eicar())]);
    for filler in [0, 5000] {
        // A longer content lies in sectors of its own, a short one in the mini stream.
        let archive = zip(&[
            deflated("e.com", &eicar()),
            deflated("f.bin", &noise(filler)),
        ]);
        let report = inspect("m.msg", &msg("report.zip", &archive));
        assert_eq!(
            found(&report, "eicar-test-file").object,
            "m.msg/report.zip/e.com"
        );
        assert_eq!(report.objects[0].media_type, "application/vnd.ms-outlook");
        assert!(!report.objects[0].surface_only);
    }
    assert_clean("m.msg", &msg("notes.txt", b"text\n"));
    let inner = msg("report.zip", &archive);
    let report = inspect("o.msg", &msg("m.msg", &inner));
    assert_eq!(
        found(&report, "eicar-test-file").object,
        "o.msg/m.msg/report.zip/e.com"
    );
}

fn noise(length: u32) -> Vec<u8> {
    (0..length)
        .map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[1])
        .collect()
}

#[test]
fn fragments_of_a_stream_are_read_in_order() {
    // Content that no search of the sectors as they lie can find.
    let mut file = compound_of(&[
        ("WordDocument", 0, Some(&[b'x'; 64])),
        ("Data", 0, Some(&noise(6000))),
    ]);
    let whole = inspect("a.doc", &file);
    assert!(
        whole
            .objects
            .iter()
            .any(|object| object.path == "a.doc/Data" && object.size == 6000)
    );
    // The chain leads in a circle.
    let fat = file.len() - 512;
    file[fat..fat + 4].copy_from_slice(&[0; 4]);
    found(&inspect("a.doc", &file), "compound-loop");
}

#[test]
fn packed_text_of_messages_is_unpacked() {
    let text = eicar();
    let mut packed = Vec::new();
    for group in text.chunks(8) {
        packed.push(0);
        packed.extend(group);
    }
    let mut stream = u32::try_from(packed.len() + 12)
        .unwrap()
        .to_le_bytes()
        .to_vec();
    stream.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
    stream.extend(b"LZFu\0\0\0\0");
    stream.extend(packed);
    let entries: [Stored; 2] = [
        ("__properties_version1.0", 0, Some(&[0; 64])),
        ("__substg1.0_10090102", 0, Some(&stream)),
    ];
    let report = inspect("m.msg", &compound_of(&entries));
    assert_eq!(found(&report, "eicar-test-file").object, "m.msg/body.rtf");
    let block = binary(0x1009_0102, &stream);
    let report = inspect("winmail.dat", &tnef(&[attribute(1, 0x0006_9003, &block)]));
    assert_eq!(
        found(&report, "eicar-test-file").object,
        "winmail.dat/body.rtf"
    );
}

#[test]
fn attachments_in_winmail_are_opened() {
    let archive = zip(&[deflated("e.com", &eicar())]);
    let file = tnef(&[
        attribute(1, 0x0008_9006, &[0, 0, 1, 0]),
        attachment("report.zip", &archive),
    ]);
    let report = inspect("winmail.dat", &file);
    assert_eq!(
        found(&report, "eicar-test-file").object,
        "winmail.dat/report.zip/e.com"
    );
    // An embedded object: the class of its interface, then another TNEF stream.
    let object = [vec![7; 16], file.clone()].concat();
    let block = binary(0x3701_000d, &object);
    let report = inspect("winmail.dat", &tnef(&[attribute(2, 0x0006_9005, &block)]));
    found(&report, "eicar-test-file");
    assert_clean("winmail.dat", &tnef(&[attachment("a.txt", b"text\n")]));
    // Between two attributes nothing is missing that can be known of.
    let borders = [21, 46, 68];
    for cut in (10..file.len()).filter(|cut| !borders.contains(cut)) {
        assert!(
            !inspect("winmail.dat", &file[..cut]).findings.is_empty(),
            "{cut}"
        );
    }
}

#[test]
fn objects_pasted_into_messages_are_ordinary() {
    let entries: [Stored; 3] = [
        ("__properties_version1.0", 0, Some(&[0; 64])),
        ("__substg1.0_3701000D", 0, None),
        ("\u{1}CompObj", 2, Some(&[1, 0, 2])),
    ];
    assert_clean("m.msg", &compound_of(&entries));
    // What a message calls its body promises nothing.
    let entries: [Stored; 2] = [
        ("__properties_version1.0", 0, Some(&[0; 64])),
        ("__substg1.0_10130102", 0, Some(&[0; 8])),
    ];
    assert_clean("m.msg", &compound_of(&entries));
}

/// A block of properties: values of 4 bytes, then names and content with their tags.
fn block(numbers: u32, long: &[(u32, &[u8])]) -> Vec<u8> {
    let mut bytes = u32::try_from(long.len() + 1)
        .unwrap()
        .to_le_bytes()
        .to_vec();
    bytes.extend(0x0001_1003_u32.to_le_bytes());
    bytes.extend(numbers.to_le_bytes());
    bytes.extend(vec![7; 4 * numbers as usize]);
    for (tag, value) in long {
        bytes.extend(&binary(*tag, value)[4..]);
    }
    bytes
}

#[test]
fn long_names_in_winmail_are_judged() {
    let name = wide("invoice.js\0");
    for long in [
        (0x3707_001f, name.as_slice()),
        (0x3704_001e, b"invoice.js\0"),
    ] {
        let properties = attribute(2, 0x0006_9005, &block(3, &[long]));
        let parts = [
            attribute(2, 0x0006_9002, &[0; 14]),
            attribute(2, 0x0001_8010, b"INVOICE.TXT\0"),
            attribute(2, 0x0006_800f, b"text\n"),
        ];
        let [render, title, data] = &parts;
        for order in [
            [render, title, data, &properties],
            [render, &properties, title, data],
        ] {
            let report = inspect("winmail.dat", &tnef(&order.map(Clone::clone)));
            assert_eq!(names(&report), ["name-script-extension"]);
            assert_eq!(report.findings[0].object, "winmail.dat/invoice.js");
        }
    }
    // What a message calls its body promises nothing.
    let body = attribute(1, 0x0006_9003, &block(1, &[(0x1013_0102, &[0; 8])]));
    assert_clean("winmail.dat", &tnef(&[body]));
    let both = [(0x3707_001e, &b"a.exe\0"[..]), (0x3701_0102, b"text\n")];
    let embedded = attribute(2, 0x0006_9005, &block(100_000, &both));
    found(
        &inspect("winmail.dat", &tnef(&[embedded])),
        "name-dangerous-extension",
    );
    let cut = attribute(2, 0x0006_9005, &block(3, &both)[..20]);
    found(&inspect("winmail.dat", &tnef(&[cut])), "tnef-damaged");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn rubbish_is_survived(
        outlook in any::<bool>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let block = binary(0x3701_000d, &[7; 40]);
        let mut file = if outlook {
            msg("a.txt", &noise(5000))
        } else {
            tnef(&[attachment("a.txt", b"text\n"), attribute(2, 0x0006_9005, &block)])
        };
        for (at, value) in changes {
            let at = at.index(file.len());
            file[at] = value;
        }
        let report = inspect("a", &file);
        prop_assert_eq!(report.bytes_seen, file.len() as u64);
    }
}
