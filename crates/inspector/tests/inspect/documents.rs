//! Documents: kinds, encryption, macros (DET-4, DET-6).

use sofie_inspector::{Category, Outcome, Report};

use super::build::{compound, compound_of, deflated, stored, zip};
use super::{assert_clean, found, inspect, names};

fn kind(report: &Report) -> &str {
    &report.objects[0].media_type
}

fn word(main: &str, more: &[super::build::Member]) -> Vec<u8> {
    let types = format!(
        "<?xml version=\"1.0\"?><Types><Override ContentType=\"application/{main}\"/></Types>"
    );
    let mut members = vec![
        deflated("[Content_Types].xml", types.as_bytes()),
        deflated("word/document.xml", b"<?xml version=\"1.0\"?><w/>"),
    ];
    members.extend(more.iter().cloned());
    zip(&members)
}

const DOCX: &str = "vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml";

#[test]
fn office_documents_are_told_by_their_content_types() {
    let document = word(
        DOCX,
        &[stored("word/media/image1.png", b"\xff\xd8\xff\xe0 a jpeg")],
    );
    assert_clean("report.docx", &document);
    let report = inspect("report.docx", &document);
    assert_eq!(
        kind(&report),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    );
    found(&inspect("report.xlsx", &word(DOCX, &[])), "type-mismatch");
}

#[test]
fn only_names_within_documents_may_lie() {
    let picture = stored("word/media/image1.png", b"\xff\xd8\xff\xe0 a jpeg");
    let document = word(DOCX, std::slice::from_ref(&picture));
    // Shown as an archive, it shows people the names in it.
    assert_eq!(names(&inspect("a.zip", &document)), ["type-mismatch"]);
    let mimetype = stored("mimetype", b"application/vnd.oasis.opendocument.text");
    let other = zip(&[mimetype, picture.clone()]);
    assert_eq!(names(&inspect("a.zip", &other)), ["type-mismatch"]);
    // An archive within a document is no part of it.
    let inner = zip(&[stored("a.pdf", b"just text\n")]);
    let outer = word(DOCX, &[stored("inner.zip", &inner)]);
    let report = inspect("a.docx", &outer);
    assert_eq!(
        found(&report, "type-mismatch").object,
        "a.docx/inner.zip/a.pdf"
    );
    assert_eq!(report.findings.len(), 1);
}

#[test]
fn what_is_forgiven_uses_up_no_room() {
    let pictures: Vec<_> = (0..50)
        .map(|n| stored(&format!("word/{n}.png"), b"\xff\xd8\xff\xe0 a jpeg"))
        .collect();
    let archive = zip(&[
        stored("a.docx", &word(DOCX, &pictures)),
        stored("a.pdf", b"just text\n"),
    ]);
    let report = inspect("a.zip", &archive);
    assert_eq!(found(&report, "type-mismatch").object, "a.zip/a.pdf");
    assert_eq!((report.findings.len(), report.findings_unlisted), (1, 0));
}

#[test]
fn macros_are_policy_hits() {
    let project = compound(&[("VBA", 1), ("PROJECT", 2)]);
    let document = word(DOCX, &[deflated("word/vbaProject.bin", &project)]);
    let report = inspect("report.docm", &document);
    let macros = Outcome::PolicyHit {
        category: Category::Macro,
    };
    assert_eq!(found(&report, "office-macro").outcome, macros);
    let old = inspect("report.doc", &compound(&[("WordDocument", 2), ("VBA", 1)]));
    assert_eq!(names(&old), ["office-macro"]);
    assert_eq!(kind(&old), "application/msword");
    assert!(old.objects[0].surface_only);
}

#[test]
fn encrypted_office_documents_are_encrypted() {
    let new = inspect(
        "a.docx",
        &compound(&[("EncryptionInfo", 2), ("EncryptedPackage", 2)]),
    );
    assert_eq!(names(&new), ["encrypted-office-document"]);
    assert_eq!(new.findings[0].outcome, Outcome::Encrypted);

    // What is encrypted says so where its stream begins.
    let mut text = vec![0xec, 0xa5, 0xc1, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    text.resize(5000, 0);
    let word = compound_of(&[("WordDocument", 0, Some(&text))]);
    assert_eq!(
        names(&inspect("a.doc", &word)),
        ["encrypted-office-document"]
    );

    let mut book = vec![9, 8, 4, 0, 0, 6, 5, 0, 0x2f, 0, 2, 0, 1, 0];
    book.resize(5000, 0);
    let excel = compound_of(&[("Workbook", 0, Some(&book))]);
    assert_eq!(
        names(&inspect("a.xls", &excel)),
        ["encrypted-office-document"]
    );
}

#[test]
fn what_no_stream_of_a_compound_file_is_made_of_is_a_finding() {
    let file = compound(&[("WordDocument", 2)]);
    assert_clean("a.doc", &[file.clone(), vec![0; 700]].concat());
    let archive = zip(&[deflated("a.txt", b"text\n")]);
    for tail in [
        archive.as_slice(),
        b"x",
        &[vec![0; 100_000], b"x".to_vec()].concat(),
    ] {
        let report = inspect("a.doc", &[&file, tail].concat());
        found(&report, "compound-trailing-data");
    }
}

#[test]
fn allocation_tables_of_compound_files_are_bounded() {
    let file = compound(&[("WordDocument", 2)]);
    let last = u32::try_from(file.len() / 512 - 1).unwrap();
    // A sector that continues the table of the table with itself: once without more of the
    // table, once with the same part of it again and again.
    for part in [u32::MAX, last - 1] {
        let mut file = file.clone();
        file[68..72].copy_from_slice(&last.to_le_bytes());
        let more = vec![part; 127].into_iter().chain([last]);
        file.extend(more.flat_map(u32::to_le_bytes));
        found(&inspect("a.doc", &file), "compound-damaged");
    }
}

#[test]
fn opendocuments_are_told_by_their_mimetype_and_their_encryption_by_the_manifest() {
    let mimetype = stored("mimetype", b"application/vnd.oasis.opendocument.text");
    let plain = deflated(
        "META-INF/manifest.xml",
        b"<?xml version=\"1.0\"?><manifest/>",
    );
    assert_clean("a.odt", &zip(&[mimetype.clone(), plain]));
    let locked = deflated(
        "META-INF/manifest.xml",
        b"<?xml version=\"1.0\"?><manifest:encryption-data/>",
    );
    let report = inspect("a.odt", &zip(&[mimetype, locked]));
    assert_eq!(names(&report), ["encrypted-opendocument"]);
    assert_eq!(kind(&report), "application/vnd.oasis.opendocument.text");
}

#[test]
fn encryption_of_pdf_is_found_anywhere() {
    let body = vec![b'x'; 200_000];
    let plain = [
        b"%PDF-1.7\n".as_slice(),
        &body,
        b"trailer <</Root 1 0 R /EncryptMetadata false>>",
    ]
    .concat();
    assert_clean("a.pdf", &plain);
    for lead in 65_500..65_560 {
        let pdf = [
            b"%PDF-1.7\n".as_slice(),
            &body[..lead],
            b"<</Encrypt 5 0 R>>",
            &body[..70_000],
        ]
        .concat();
        assert_eq!(
            names(&inspect("a.pdf", &pdf)),
            ["encrypted-pdf"],
            "behind {lead}"
        );
    }
    let active = inspect(
        "a.pdf",
        b"%PDF-1.7\n<</S /JavaScript /JS (app)>> <</S/Launch>>",
    );
    assert_eq!(names(&active), ["pdf-javascript", "pdf-launch"]);
}

#[test]
fn programs_built_on_zip_are_programs() {
    let jar = zip(&[deflated("META-INF/MANIFEST.MF", b"Manifest-Version: 1.0\n")]);
    let report = inspect("a.zip", &jar);
    found(&report, "type-executable");
    assert_eq!(kind(&report), "application/java-archive");
}
