//! Sensitive data wherever text is (DET-8).

use sofie_inspector::protocol::Header;
use sofie_inspector::{Category, Detector, Dlp, Engine, Outcome, Report};

use super::build::{deflated, gzip, stored, zip};

const CARD: &str = "4111 1111 1111 1111";

fn dlp(detectors: &[&str]) -> Dlp {
    let lines: Vec<String> = detectors.iter().map(|&line| line.to_owned()).collect();
    Dlp::parse(&lines, &[]).unwrap()
}

fn inspect_for(detectors: &[&str], name: &str, content: &[u8]) -> Report {
    let header = Header {
        dlp: dlp(detectors),
        ..super::header(name, content)
    };
    sofie_inspector::inspect_with(&header, content).unwrap()
}

fn inspect(name: &str, content: &[u8]) -> Report {
    inspect_for(&Detector::ALL.map(Detector::id), name, content)
}

/// Names, objects and details of what this engine found.
fn said(report: &Report) -> Vec<(&str, &str, &str)> {
    let own = report.findings.iter().filter(|it| it.engine == Engine::Dlp);
    own.map(|it| {
        let category = Category::Dlp;
        assert_eq!(it.outcome, Outcome::PolicyHit { category });
        (it.name.as_ref(), it.object.as_str(), it.detail.as_str())
    })
    .collect()
}

#[track_caller]
fn assert_card(name: &str, content: &[u8], object: &str) {
    let report = inspect(name, content);
    let masked = "1 match, •••• 1111";
    assert_eq!(said(&report), [("dlp-card", object, masked)], "{name}");
}

/// A document of Office, with this part.
fn office(main: &str, part: &str, xml: &str) -> Vec<u8> {
    let types = format!(
        "<?xml version=\"1.0\"?><Types><Override ContentType=\"application/vnd.openxmlformats-officedocument.{main}.main+xml\"/></Types>"
    );
    let xml = format!("<?xml version=\"1.0\"?>{xml}");
    zip(&[
        deflated("[Content_Types].xml", types.as_bytes()),
        deflated(part, xml.as_bytes()),
    ])
}

#[test]
fn documents_are_read_across_the_runs_of_a_line() {
    let word = "<w:document><w:p><w:r><w:t>4111 1111</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t> 1111 1111</w:t></w:r></w:p></w:document>";
    let docx = office("wordprocessingml.document", "word/document.xml", word);
    assert_card("a.docx", &docx, "a.docx/word/document.xml");

    let strings = "<sst><si><t>Card</t></si><si><r><t>4111 1111 </t></r><r><rPr><sz val=\"9\"/></rPr><t>1111 1111</t></r></si></sst>";
    let xlsx = office("spreadsheetml.sheet", "xl/sharedStrings.xml", strings);
    assert_card("a.xlsx", &xlsx, "a.xlsx/xl/sharedStrings.xml");

    let slide =
        "<p:sld><a:p><a:r><a:t>4111 1111 </a:t></a:r><a:r><a:t>1111 1111</a:t></a:r></a:p></p:sld>";
    let pptx = office(
        "presentationml.presentation",
        "ppt/slides/slide1.xml",
        slide,
    );
    assert_card("a.pptx", &pptx, "a.pptx/ppt/slides/slide1.xml");

    let text = "<?xml version=\"1.0\"?><office:document-content><text:p>4111 <text:span>1111</text:span> 1111<text:s/>1111</text:p></office:document-content>";
    let odt = zip(&[
        stored("mimetype", b"application/vnd.oasis.opendocument.text"),
        deflated("content.xml", text.as_bytes()),
    ]);
    assert_card("a.odt", &odt, "a.odt/content.xml");
}

#[test]
fn cells_of_a_table_are_not_read_together() {
    let cells = "<worksheet><row><c><v>4111</v></c><c><v>1111</v></c><c><v>11111111</v></c></row></worksheet>";
    let xlsx = office("spreadsheetml.sheet", "xl/worksheets/sheet1.xml", cells);
    assert_eq!(said(&inspect("a.xlsx", &xlsx)), []);
}

#[test]
fn mail_is_read_in_its_header_and_decoded_parts() {
    let base64 = "NDExMSAxMTExIDExMTEgMTExMQ==";
    let mail = format!(
        "From: a@example.org\r\nTo: b@example.org\r\nSubject: Order\r\nDate: Fri, 27 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n{base64}\r\n"
    );
    assert_card("a.eml", mail.as_bytes(), "a.eml/part-1.txt");
    let plain = mail.replace("Order", CARD).replace(base64, "aGVsbG8=");
    assert_card("a.eml", plain.as_bytes(), "a.eml");
}

#[test]
fn archives_are_read_to_the_bottom_and_counted_as_one_file() {
    let text = format!("card {CARD}\n");
    let inner = zip(&[deflated("a.txt", text.as_bytes())]);
    let outer = zip(&[stored("in.zip", &inner)]);
    assert_card("out.zip", &outer, "out.zip/in.zip/a.txt");
    assert_card("a.txt.gz", &gzip(text.as_bytes()), "a.txt.gz/a.txt");

    let two = zip(&[
        deflated("a.txt", text.as_bytes()),
        deflated("b.txt", text.as_bytes()),
    ]);
    assert_eq!(said(&inspect_for(&["card:2"], "a.zip", &two)).len(), 2);
    assert_eq!(said(&inspect_for(&["card:3"], "a.zip", &two)), []);
    let many: Vec<_> = (0..30)
        .map(|number| deflated(&format!("{number}.txt"), text.as_bytes()))
        .collect();
    let report = inspect("many.zip", &zip(&many));
    assert_eq!((said(&report).len(), report.findings_unlisted), (20, 10));
}

#[test]
fn binary_content_and_other_detectors_say_nothing() {
    let binary = [
        b"\x00\x01\x02\xff\xfe\x00 ",
        CARD.as_bytes(),
        b"\x00\x03\x04\x05",
    ]
    .concat();
    assert_eq!(said(&inspect("a.bin", &binary)), []);
    assert_eq!(said(&inspect_for(&["iban"], "a.txt", CARD.as_bytes())), []);
    assert_eq!(said(&inspect_for(&[], "a.txt", CARD.as_bytes())), []);
}
