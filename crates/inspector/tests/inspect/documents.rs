//! Documents: kinds, encryption, macros (DET-4, DET-6).

use sofie_inspector::{Category, Outcome, Report, eicar};

use super::build::{compound, compound_of, deflated, stored, zip};
use super::{assert_clean, found, inspect, names};

fn kind(report: &Report) -> &str {
    &report.objects[0].media_type
}

pub fn word(main: &str, more: &[super::build::Member]) -> Vec<u8> {
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

pub const DOCX: &str = "vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml";

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
fn macros_lie_in_other_places_too() {
    let text = stored("mimetype", b"application/vnd.oasis.opendocument.text");
    let manifest = deflated("META-INF/manifest.xml", b"<?xml version='1.0'?><manifest/>");
    let basic = deflated("Basic/Standard/Module1.xml", b"<?xml version='1.0'?><m/>");
    let python = deflated("Object 1/Scripts/python/a.py", b"print(1)\n");
    let macros = |members: &[super::build::Member]| {
        names(&inspect("a", &zip(members))).contains(&"office-macro")
    };
    assert!(macros(&[text, basic.clone()]));
    assert!(macros(&[manifest, python]));
    assert!(!macros(&[basic]));
    let sheet = deflated("xl/macrosheets/sheet1.xml", b"<?xml version='1.0'?><m/>");
    found(&inspect("a", &word(DOCX, &[sheet])), "office-macro");
    let main = "vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml";
    let elsewhere =
        format!("{main}\"/><Override ContentType=\"application/vnd.ms-excel.macrosheet+xml");
    found(&inspect("a", &word(&elsewhere, &[])), "office-macro");
}

/// An OLE 1.0 object of a class, in hex digits over several lines.
fn rtf(class: &str, data: &[u8]) -> String {
    let text = |text: &str| -> Vec<u8> {
        let length = u32::try_from(text.len() + 1).unwrap();
        [&length.to_le_bytes()[..], text.as_bytes(), b"\0"].concat()
    };
    let mut object = b"\x01\x05\0\0\x02\0\0\0".to_vec();
    object.extend(text(class));
    object.extend([0; 8]);
    object.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
    object.extend(data);
    object.extend(b"\x01\x05\0\0\0\0\0\0");
    let digits: Vec<String> = object.iter().map(|byte| format!("{byte:02x}")).collect();
    let lines: Vec<String> = digits.chunks(40).map(<[String]>::concat).collect();
    format!(
        "{{\\rtf1 {{\\object\\objemb{{\\*\\objdata \n{}\n}}}} x}}",
        lines.join("\n")
    )
}

fn package(name: &str, content: &[u8]) -> Vec<u8> {
    let mut package = b"\x02\0".to_vec();
    package.extend(format!("{name}\0C:\\{name}\0\0\0\x03\0\x03\0\0\0C:\0").bytes());
    package.extend(u32::try_from(content.len()).unwrap().to_le_bytes());
    package.extend(content);
    package
}

#[test]
fn objects_in_rtf_are_opened() {
    assert_clean("a.rtf", b"{\\rtf1 no objects}");
    let archive = zip(&[deflated("e.com", &eicar())]);
    let report = inspect(
        "a.rtf",
        rtf("Package", &package("a.zip", &archive)).as_bytes(),
    );
    assert_eq!(
        found(&report, "eicar-test-file").object,
        "a.rtf/object-1/a.zip/e.com"
    );
    let active = Outcome::PolicyHit {
        category: Category::ActiveContent,
    };
    assert_eq!(found(&report, "rtf-embedded-object").outcome, active);
    let equation = compound(&[("Equation Native", 2), ("VBA", 1)]);
    let plain = rtf("Equation.3", &equation);
    let report = inspect("a.rtf", plain.as_bytes());
    assert_eq!(names(&report), ["rtf-embedded-object", "office-macro"]);
    let odd = plain.replace("\n}", "\\par 00}");
    found(&inspect("a.rtf", odd.as_bytes()), "rtf-odd-object");
    // Wherever the window ends.
    for lead in 65_500..65_540 {
        let far = plain.replace("rtf1 ", &format!("rtf1 {}", "x".repeat(lead)));
        found(&inspect("a.rtf", far.as_bytes()), "office-macro");
    }
}

#[test]
fn packages_in_compound_files_are_opened() {
    let archive = zip(&[deflated("e.com", &eicar())]);
    let package = package("a.zip", &archive);
    let length = u32::try_from(package.len()).unwrap();
    let stream = [&length.to_le_bytes()[..], &package].concat();
    let file = compound_of(&[
        ("WordDocument", 0, Some(b"")),
        ("ObjectPool", 0, None),
        ("\u{1}Ole10Native", 2, Some(&stream)),
    ]);
    let report = inspect("a.doc", &file);
    assert_eq!(
        found(&report, "eicar-test-file").object,
        "a.doc/Ole10Native/a.zip/e.com"
    );
    found(&report, "ole-package");
}

#[test]
fn the_root_says_what_a_compound_file_is() {
    let within = compound_of(&[
        ("ObjectPool", 0, None),
        ("Workbook", 1, Some(b"")),
        ("__properties_version1.0", 1, Some(b"")),
        ("WordDocument", 0, Some(b"")),
    ]);
    let report = inspect("a.doc", &within);
    assert_eq!(names(&report), [""; 0]);
    assert_eq!(kind(&report), "application/msword");
    let only_within = compound_of(&[("Pool", 0, None), ("Workbook", 1, Some(b""))]);
    assert_eq!(
        kind(&inspect("a", &only_within)),
        "application/x-ole-storage"
    );
    let other_case = compound(&[("WORDDOCUMENT", 2), ("vba", 1)]);
    assert_eq!(names(&inspect("a.doc", &other_case)), ["office-macro"]);
    let mut installer = compound(&[("Workbook", 2)]);
    let root: Vec<u8> = "Root Entry"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let at = memchr::memmem::find(&installer, &root).unwrap();
    installer[at + 80..at + 96].copy_from_slice(b"\x84\x10\x0c\0\0\0\0\0\xc0\0\0\0\0\0\0\x46");
    assert_eq!(kind(&inspect("a", &installer)), "application/x-msi");
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
    for (body, name) in [
        ("<</Encr#79pt 5 0 R>>", "encrypted-pdf"),
        ("<</S /J#61vaScript>>", "pdf-javascript"),
        ("<</#4c#61#75#6E#63#68 1>>", "pdf-launch"),
    ] {
        for lead in [0, 65_500, 65_510, 65_520, 65_530] {
            let pdf = format!("%PDF-1.7\n{}{body}{}", "x".repeat(lead), "x".repeat(70_000));
            assert_eq!(names(&inspect("a.pdf", pdf.as_bytes())), [name], "{body}");
        }
    }
    assert_clean("a.pdf", b"%PDF-1.7\n<</Encrypt#4D 1 /Launch#65d 2 /A# 3>>");
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
