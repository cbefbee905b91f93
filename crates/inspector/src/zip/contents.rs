//! What an archive is, by its members: a document, a program, or just an archive.

use memchr::memmem;

use crate::kinds::{self, Kind};
use crate::stream::{Fault, LOOK_AHEAD, Stream};

const CONTENT_TYPES: &str = "[Content_Types].xml";
const MIMETYPE: &str = "mimetype";
const MANIFEST: &str = "META-INF/manifest.xml";
const MOST_MIMETYPE: usize = 256;

/// What was noticed among the members.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent observations")]
pub struct Contents {
    members: u64,
    kind: Option<&'static Kind>,
    ooxml: bool,
    macros: bool,
    /// Folders that in an OpenDocument hold macros.
    scripts: bool,
    manifest: bool,
    jar: bool,
    encrypted: bool,
}

impl Contents {
    /// Looks at the beginning of a member that may tell what the archive is.
    pub(crate) fn look(&mut self, name: &str, stream: &mut Stream<'_>) -> Result<(), Fault> {
        self.members += 1;
        match name {
            CONTENT_TYPES => self.content_types(stream.peek(LOOK_AHEAD)?),
            MIMETYPE if self.members == 1 => self.mimetype(stream.peek(MOST_MIMETYPE)?),
            MANIFEST => {
                self.manifest = true;
                let manifest = stream.peek(LOOK_AHEAD)?;
                self.encrypted =
                    self.encrypted || memmem::find(manifest, b"encryption-data").is_some();
            }
            "META-INF/MANIFEST.MF" => self.jar = true,
            "AndroidManifest.xml" => self.kind = Some(&kinds::APK),
            "AppxManifest.xml" | "AppxMetadata/AppxBundleManifest.xml" => {
                self.kind = Some(&kinds::MSIX);
            }
            "doc.kml" if self.members == 1 => self.kind = Some(&kinds::KMZ),
            _ => {}
        }
        let file = name.rsplit('/').next().unwrap_or(name);
        self.macros = self.macros || file.eq_ignore_ascii_case("vbaProject.bin");
        self.folders(name);
        Ok(())
    }

    fn folders(&mut self, name: &str) {
        let mut folders = name.split('/').rev().skip(1);
        let macros = ["Basic", "Scripts"];
        let holds = |folder: &str| macros.iter().any(|it| folder.eq_ignore_ascii_case(it));
        self.scripts = self.scripts || !name.ends_with('/') && folders.any(holds);
        let lower = name.to_ascii_lowercase();
        self.macros = self.macros || lower.starts_with("xl/macrosheets/");
    }

    /// Whether the manifest of an OpenDocument says that its parts are encrypted.
    pub(crate) fn encrypted(&self) -> bool {
        self.encrypted
    }

    /// Whether an Office document carries macros.
    pub(crate) fn macros(&self) -> bool {
        let open_document = self.manifest
            || self
                .kind
                .is_some_and(|kind| kind.media.starts_with(kinds::ODF.media));
        self.macros || open_document && self.scripts
    }

    /// Whether this is a document whose name says so. One that is shown as an archive is
    /// opened as an archive, and then people see the names of its parts.
    pub(crate) fn is_document_named(&self, name: &str) -> bool {
        let document = self.ooxml || self.kind.is_some();
        let ending = name.rsplit('.').next().unwrap_or_default().to_lowercase();
        document && self.kind().extensions.contains(&ending.as_str())
    }

    pub(crate) fn kind(&self) -> &'static Kind {
        match self.kind {
            Some(kind) => kind,
            None if self.ooxml => &kinds::OOXML,
            None if self.jar => &kinds::JAR,
            None => &kinds::ZIP,
        }
    }

    fn content_types(&mut self, xml: &[u8]) {
        static MAIN_PARTS: &[(&[u8], &Kind)] = &[
            (b"wordprocessingml.document.main+xml", &kinds::DOCX),
            (b"wordprocessingml.template.main+xml", &kinds::DOCX),
            (b"ms-word.document.macroEnabled.main+xml", &kinds::DOCX),
            (
                b"ms-word.template.macroEnabledTemplate.main+xml",
                &kinds::DOCX,
            ),
            (b"spreadsheetml.sheet.main+xml", &kinds::XLSX),
            (b"spreadsheetml.template.main+xml", &kinds::XLSX),
            (b"ms-excel.sheet.macroEnabled.main+xml", &kinds::XLSX),
            (b"ms-excel.template.macroEnabled.main+xml", &kinds::XLSX),
            (b"ms-excel.addin.macroEnabled.main+xml", &kinds::XLSX),
            (b"ms-excel.sheet.binary.macroEnabled.main", &kinds::XLSX),
            (b"presentationml.presentation.main+xml", &kinds::PPTX),
            (b"presentationml.template.main+xml", &kinds::PPTX),
            (b"presentationml.slideshow.main+xml", &kinds::PPTX),
            (
                b"ms-powerpoint.presentation.macroEnabled.main+xml",
                &kinds::PPTX,
            ),
            (
                b"ms-powerpoint.slideshow.macroEnabled.main+xml",
                &kinds::PPTX,
            ),
            (b"ms-visio.drawing", &kinds::VSDX),
            (b"ms-package.xps-fixeddocumentsequence+xml", &kinds::XPS),
        ];
        self.ooxml = true;
        let main = MAIN_PARTS
            .iter()
            .find(|(mark, _)| memmem::find(xml, mark).is_some());
        self.kind = self.kind.or(main.map(|(_, kind)| *kind));
        // A workbook of the binary kind is called macro-enabled even without macros.
        let macros: [&[u8]; 3] = [
            b"ms-office.vbaProject",
            b"ms-excel.macrosheet",
            b"ms-excel.intlmacrosheet",
        ];
        let mut macros = macros.iter();
        self.macros = self.macros || macros.any(|mark| memmem::find(xml, mark).is_some());
    }

    fn mimetype(&mut self, media: &[u8]) {
        let media = media.trim_ascii();
        let base = media.strip_suffix(b"-template").unwrap_or(media);
        let known = [
            &kinds::ODT,
            &kinds::ODS,
            &kinds::ODP,
            &kinds::ODG,
            &kinds::EPUB,
        ];
        let kind = known.into_iter().find(|kind| kind.media.as_bytes() == base);
        let other = media
            .starts_with(kinds::ODF.media.as_bytes())
            .then_some(&kinds::ODF);
        self.kind = kind.or(other);
    }
}
