//! The kinds this inspector knows.

use super::{Format, Kind, Pack, Risk};

const fn kind(
    media: &'static str,
    format: Format,
    risk: Risk,
    extensions: &'static [&'static str],
) -> Kind {
    Kind {
        media,
        format,
        risk,
        extensions,
    }
}

/// Declares kinds, and the list of all of them.
macro_rules! kinds {
    ($($name:ident = $media:literal, $format:ident $(($pack:ident))?, $risk:ident, [$($extension:literal)*];)*) => {
        $(pub static $name: Kind = kind($media, Format::$format $((Pack::$pack))?, Risk::$risk, &[$($extension),*]);)*
        static ALL: &[&Kind] = &[$(&$name),*];
    };
}

/// Every kind.
pub fn all() -> impl Iterator<Item = &'static Kind> {
    ALL.iter().copied()
}

kinds! {
    EMPTY = "application/x-empty", Opaque, None, [];
    UNKNOWN = "application/octet-stream", Opaque, None, [];
    // Perhaps text, with characters that text rarely has.
    RAW = "application/octet-stream", Text, None, [];

    // Containers that are opened.
    ZIP = "application/zip", Zip, None, ["zip"];
    TAR = "application/x-tar", Tar, None, ["tar"];
    GZIP = "application/gzip", Gzip, None, ["gz" "tgz" "svgz" "emz" "wmz"];
    BZIP2 = "application/x-bzip2", Packed(Bzip2), None, ["bz2" "tbz2" "tbz"];
    XZ = "application/x-xz", Packed(Xz), None, ["xz" "txz"];
    ZSTD = "application/zstd", Packed(Zstd), None, ["zst" "tzst"];
    LZ4 = "application/x-lz4", Packed(Lz4), None, ["lz4"];
    LZIP = "application/x-lzip", Packed(Lzip), None, ["lz" "tlz"];
    LZMA = "application/x-lzma", Packed(Lzma), None, ["lzma" "tlz"];
    COMPRESS = "application/x-compress", Packed(Compress), None, ["z" "taz"];
    AR = "application/x-archive", Ar, None, ["ar" "a" "lib"];
    DEB = "application/vnd.debian.binary-package", Ar, Executable, ["deb" "udeb"];
    RPM = "application/x-rpm", Rpm, Executable, ["rpm"];
    CPIO = "application/x-cpio", Cpio, None, ["cpio"];
    MAIL = "message/rfc822", Mail, None, ["eml" "mht" "mhtml" "nws"];
    MBOX = "application/mbox", Mailbox, None, ["mbox" "mbx" "eml"];
    SEVEN_ZIP = "application/x-7z-compressed", SevenZip, None, ["7z"];
    TNEF = "application/vnd.ms-tnef", Tnef, None, ["tnef" "dat"];
    CAB = "application/vnd.ms-cab-compressed", Cab, None, ["cab"];
    ISO = "application/x-iso9660-image", Iso, DiskImage, ["iso" "udf"];
    RAR = "application/vnd.rar", Rar, None, ["rar"];
    PDF = "application/pdf", Pdf, None, ["pdf" "ai"];
    DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document", Zip, None, ["docx" "dotx" "docm" "dotm"];
    XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", Zip, None, ["xlsx" "xltx" "xlsm" "xltm" "xlam" "xlsb"];
    PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation", Zip, None, ["pptx" "potx" "ppsx" "pptm" "potm" "ppsm" "ppam" "thmx"];
    VSDX = "application/vnd.ms-visio.drawing.main+xml", Zip, None, ["vsdx" "vstx" "vssx" "vsdm" "vstm" "vssm"];
    XPS = "application/vnd.ms-xpsdocument", Zip, None, ["xps" "oxps"];
    OOXML = "application/x-ooxml", Zip, None, ["nupkg" "vsix" "3mf"];
    ODT = "application/vnd.oasis.opendocument.text", Zip, None, ["odt" "ott"];
    ODS = "application/vnd.oasis.opendocument.spreadsheet", Zip, None, ["ods" "ots"];
    ODP = "application/vnd.oasis.opendocument.presentation", Zip, None, ["odp" "otp"];
    ODG = "application/vnd.oasis.opendocument.graphics", Zip, None, ["odg" "otg"];
    ODF = "application/vnd.oasis.opendocument", Zip, None, ["odf" "odb" "odc" "odi" "odm"];
    EPUB = "application/epub+zip", Zip, None, ["epub"];
    JAR = "application/java-archive", Zip, Executable, ["jar" "war" "ear"];
    APK = "application/vnd.android.package-archive", Zip, Executable, ["apk"];
    MSIX = "application/msix", Zip, Executable, ["msix" "appx" "msixbundle" "appxbundle"];
    KMZ = "application/vnd.google-earth.kmz", Zip, None, ["kmz"];

    // Compound files.
    COMPOUND = "application/x-ole-storage", Compound, None, ["ole" "mpp" "vsd" "vst" "one" "wps" "sldprt" "sldasm" "max"];
    DOC = "application/msword", Compound, None, ["doc" "dot" "wiz"];
    XLS = "application/vnd.ms-excel", Compound, None, ["xls" "xlt" "xla" "xlm" "xlw"];
    PPT = "application/vnd.ms-powerpoint", Compound, None, ["ppt" "pot" "pps" "ppa"];
    MSG = "application/vnd.ms-outlook", Compound, None, ["msg" "oft"];
    MSI = "application/x-msi", Compound, Executable, ["msi" "msp" "mst" "msm"];
    ENCRYPTED_OFFICE = "application/x-encrypted-office", Compound, None, ["docx" "docm" "xlsx" "xlsm" "xlsb" "pptx" "pptm" "dotx" "xltx" "potx" "ppsx"];

    // Containers that are not opened.
    LZOP = "application/x-lzop", Closed, None, ["lzo"];
    INSTALL_SHIELD = "application/x-installshield", Closed, None, ["cab"];
    ARJ = "application/x-arj", Closed, None, ["arj"];
    LHA = "application/x-lzh-compressed", Closed, None, ["lzh" "lha"];
    ACE = "application/x-ace-compressed", Closed, None, ["ace"];
    XAR = "application/x-xar", Closed, None, ["xar" "pkg"];
    CHM = "application/vnd.ms-htmlhelp", Closed, Executable, ["chm"];
    WIM = "application/x-ms-wim", Closed, DiskImage, ["wim" "esd"];
    DMG = "application/x-apple-diskimage", Closed, DiskImage, ["dmg"];
    VHD = "application/x-vhd", Closed, DiskImage, ["vhd"];
    VHDX = "application/x-vhdx", Closed, DiskImage, ["vhdx"];
    VMDK = "application/x-vmdk", Closed, DiskImage, ["vmdk"];
    QCOW2 = "application/x-qemu-disk", Closed, DiskImage, ["qcow2" "qcow"];
    SQUASHFS = "application/vnd.squashfs", Closed, DiskImage, ["squashfs" "sqfs"];
    ONENOTE = "application/onenote", Closed, None, ["one" "onetoc2"];
    PST = "application/vnd.ms-outlook-pst", Closed, None, ["pst" "ost"];
    CRX = "application/x-chrome-extension", Closed, Executable, ["crx"];
    // The binary form of the other byte order, and afio's.
    CPIO_OTHER = "application/x-cpio", Closed, None, ["cpio"];
    APPLE_SINGLE = "application/applefile", Closed, None, [];
    CMS = "application/pkcs7-mime", Closed, None, ["p7m" "p7s" "p7c" "p7b"];

    // What can't be read without a key.
    PGP = "application/pgp-encrypted", Sealed, None, ["pgp" "gpg"];
    PGP_ARMOUR = "application/pgp-encrypted", Text, None, ["pgp" "gpg" "asc"];
    CMS_SEALED = "application/pkcs7-mime", Sealed, None, ["p7m"];

    // Keys and signatures.
    DER = "application/x-der", Opaque, None, ["der" "cer" "crt" "csr" "crl" "key" "p7s" "p7b" "p7c" "p7m" "p8" "p12" "pfx"];

    // Programs.
    PE = "application/vnd.microsoft.portable-executable", Program, Executable, ["exe" "dll" "sys" "scr" "ocx" "cpl" "com" "drv" "efi" "pif" "xll" "ax" "mui"];
    ELF = "application/x-elf", Opaque, Executable, ["elf" "so" "ko" "axf"];
    MACH_O = "application/x-mach-binary", Opaque, Executable, ["dylib" "macho" "bundle"];
    JAVA_CLASS = "application/java-vm", Opaque, Executable, ["class"];
    DEX = "application/vnd.android.dex", Opaque, Executable, ["dex"];
    WASM = "application/wasm", Opaque, Executable, ["wasm"];
    FLASH = "application/vnd.adobe.flash.movie", Opaque, Executable, ["swf"];
    PYTHON_BYTECODE = "application/x-python-code", Opaque, Executable, ["pyc"];
    LNK = "application/x-ms-shortcut", Opaque, Shortcut, ["lnk"];
    URL_SHORTCUT = "application/x-url-shortcut", Text, Shortcut, ["url" "website"];
    DESKTOP_ENTRY = "application/x-desktop", Text, Shortcut, ["desktop"];

    // Images.
    PNG = "image/png", Opaque, None, ["png"];
    JPEG = "image/jpeg", Opaque, None, ["jpg" "jpeg" "jpe" "jfif"];
    GIF = "image/gif", Opaque, None, ["gif"];
    BMP = "image/bmp", Opaque, None, ["bmp" "dib"];
    TIFF = "image/tiff", Opaque, None, ["tif" "tiff" "dng" "nef" "cr2" "arw"];
    WEBP = "image/webp", Opaque, None, ["webp"];
    ICO = "image/vnd.microsoft.icon", Opaque, None, ["ico" "cur"];
    HEIF = "image/heif", Opaque, None, ["heic" "heif" "hif"];
    AVIF = "image/avif", Opaque, None, ["avif"];
    PSD = "image/vnd.adobe.photoshop", Opaque, None, ["psd" "psb"];
    JPEG2000 = "image/jp2", Opaque, None, ["jp2" "j2k" "jpx"];
    JXL = "image/jxl", Opaque, None, ["jxl"];
    DWG = "image/vnd.dwg", Opaque, None, ["dwg"];
    EMF = "image/emf", Opaque, None, ["emf"];
    WMF = "image/wmf", Opaque, None, ["wmf"];
    DICOM = "application/dicom", Opaque, None, ["dcm"];

    // Sound and video.
    MP3 = "audio/mpeg", Opaque, None, ["mp3"];
    WAV = "audio/vnd.wave", Opaque, None, ["wav"];
    FLAC = "audio/flac", Opaque, None, ["flac"];
    OGG = "application/ogg", Opaque, None, ["ogg" "oga" "ogv" "opus" "spx"];
    MIDI = "audio/midi", Opaque, None, ["mid" "midi"];
    AMR = "audio/amr", Opaque, None, ["amr"];
    MP4 = "video/mp4", Opaque, None, ["mp4" "m4v" "m4a" "m4b" "mov" "qt" "3gp" "3g2"];
    AVI = "video/x-msvideo", Opaque, None, ["avi"];
    MATROSKA = "video/x-matroska", Opaque, None, ["mkv" "mka" "webm"];
    FLV = "video/x-flv", Opaque, None, ["flv"];
    ASF = "video/x-ms-asf", Opaque, None, ["wmv" "wma" "asf"];
    MPEG = "video/mpeg", Opaque, None, ["mpg" "mpeg" "vob"];

    // Fonts and data.
    APPLE_DOUBLE = "application/applefile", Opaque, None, [];
    WOFF = "font/woff", Opaque, None, ["woff"];
    WOFF2 = "font/woff2", Opaque, None, ["woff2"];
    OPENTYPE = "font/otf", Opaque, None, ["otf" "ttf" "ttc"];
    SQLITE = "application/vnd.sqlite3", Opaque, None, ["sqlite" "sqlite3"];
    PARQUET = "application/vnd.apache.parquet", Opaque, None, ["parquet"];

    // Text.
    RTF = "application/rtf", Rtf, None, ["rtf" "doc"];
    POSTSCRIPT = "application/postscript", Text, None, ["ps" "eps" "ai"];
    HTML = "text/html", Text, None, ["html" "htm" "xhtml" "shtml"];
    SVG = "image/svg+xml", Text, None, ["svg"];
    XML = "application/xml", Text, None, ["xml" "xsd" "xsl" "xslt" "rels" "kml" "gpx" "isdoc" "rdf" "wsdl" "xhtml" "plist" "vcxproj" "csproj"];
    JSON = "application/json", Text, None, ["json" "geojson" "webmanifest" "ipynb" "har"];
    SCRIPT = "text/x-script", Text, Script, ["sh" "bash" "zsh" "py" "pl" "rb" "php" "js" "mjs" "ps1" "bat" "cmd" "vbs" "wsf" "hta"];
    VCARD = "text/vcard", Text, None, ["vcf" "vcard"];
    CALENDAR = "text/calendar", Text, None, ["ics" "ical"];
    PEM = "application/x-pem-file", Text, None, ["pem" "crt" "cer" "csr" "p7b" "asc"];
    TEXT = "text/plain", Text, None, ["txt" "csv" "tsv" "md" "log" "ini" "cfg" "conf" "yaml" "yml" "toml" "srt" "tex" "rst" "sql" "css" "msg"];
}
