//! Active content in markup, RTF and old workbooks (DET-9).

use super::build::{compound_of, deflated};
use super::documents::{DOCX, word};
use super::{assert_clean, inspect, names};

/// Office fetches some targets of relations when it opens a document, and others on a click.
#[test]
fn links_that_office_follows_unasked_are_told() {
    let relation = |kind: &str, mode: &str| {
        format!(
            "<?xml version='1.0'?><Relationships><Relationship Id='1' Type='http://x/{kind}' Target='http://y/' TargetMode='{mode}'/></Relationships>"
        )
    };
    let with = |text: &str| {
        let part = deflated("word/_rels/settings.xml.rels", text.as_bytes());
        inspect("a.docx", &word(DOCX, &[part]))
    };
    for kind in ["attachedTemplate", "oleObject", "frame"] {
        let report = with(&relation(kind, "External"));
        assert_eq!(names(&report), ["office-external-link"], "{kind}");
    }
    assert_eq!(names(&with(&relation("hyperlink", "External"))), [""; 0]);
    assert_eq!(names(&with(&relation("oleObject", "Internal"))), [""; 0]);
    let two = relation("oleObject", "Internal") + &relation("image", "External");
    assert_eq!(names(&with(&two)), [""; 0]);
    let remote = b"{\\rtf1 {\\*\\template http://x/a.dotm}}";
    assert_eq!(names(&inspect("a.rtf", remote)), ["office-external-link"]);
    assert_clean("a.rtf", b"{\\rtf1 {\\*\\template C:\\\\a.dotm}}");
}

#[test]
fn fields_and_links_that_start_programs_are_told() {
    let with = |body: &str| {
        let part = deflated(
            "word/footer1.xml",
            format!("<?xml version='1.0'?>{body}").as_bytes(),
        );
        inspect("a.docx", &word(DOCX, &[part]))
    };
    for body in [
        "<w:instrText> DDEAUTO c:</w:instrText>",
        "<w:instrText>D</w:instrText><w:r/><w:instrText>DE c:</w:instrText>",
        "<w:fldSimple w:instr=\"DDE c:\"/>",
        "<ddeLink ddeService='a'/>",
    ] {
        assert_eq!(names(&with(body)), ["office-dde"], "{body}");
    }
    assert_eq!(names(&with("<w:instrText> PAGE </w:instrText>")), [""; 0]);
    assert_eq!(names(&with("<w:t>DDE is short for</w:t>")), [""; 0]);
}

#[test]
fn pages_that_make_files_and_pictures_with_scripts_are_told() {
    let page =
        b"<html><script>a.href = URL.createObjectURL(new Blob([atob('eA==')]))</script></html>";
    assert_eq!(names(&inspect("a.html", page)), ["html-smuggling"]);
    let link = b"<html><a href='data:application/zip;base64,eA==' download='a.zip'>a</a></html>";
    assert_eq!(names(&inspect("a.html", link)), ["html-smuggling"]);
    assert_clean("a.html", b"<html><script>atob('eA==')</script></html>");
    let picture = b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>";
    assert_eq!(names(&inspect("a.svg", picture)), ["svg-script"]);
    assert_clean(
        "a.svg",
        b"<svg xmlns='http://www.w3.org/2000/svg'><g/></svg>",
    );
}

#[test]
fn sheets_of_macros_of_old_excel_are_macros() {
    let book = |kind: u8| {
        let mut book = b"\x09\x08\x02\0\0\x06".to_vec();
        book.extend([
            0x85, 0, 9, 0, 0, 0, 0, 0, 0, kind, 1, 0, b'A', 0x0a, 0, 0, 0,
        ]);
        inspect("a.xls", &compound_of(&[("Workbook", 0, Some(&book))]))
    };
    assert_eq!(names(&book(1)), ["office-macro"]);
    assert_eq!(names(&book(0)), [""; 0]);
}
