//! The headers of tus 1.0.0.

use axum::{
    extract::Request,
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
        header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION, TRANSFER_ENCODING},
    },
    middleware::Next,
    response::{AppendHeaders, IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use sofie_app::{
    Error,
    uploads::{Algorithm, Checksum, Progress},
};
use sofie_domain::{File, PackageId};

use crate::{Code, Problem};

const VERSION: HeaderValue = HeaderValue::from_static("1.0.0");
const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const SUPPORTED: HeaderName = HeaderName::from_static("tus-version");
const EXTENSIONS: &str = "creation,creation-with-upload,termination,checksum,expiration";

/// A whole file of at most so many bytes that comes with its creation is stored by one write.
pub(super) const WHOLE: u64 = 256 << 10;

/// What `Upload-Metadata` says.
pub(crate) struct Metadata {
    pub(crate) package: PackageId,
    pub(crate) path: String,
}

/// Refuses another version of the protocol; asking what there is needs none.
pub(super) async fn demand_version(request: Request, next: Next) -> Response {
    let fits = request.headers().get(RESUMABLE) == Some(&VERSION);
    if fits || request.method() == Method::OPTIONS {
        return next.run(request).await;
    }
    let problem = Problem::new(
        StatusCode::PRECONDITION_FAILED,
        Code::Invalid,
        "This server speaks tus 1.0.0.",
    );
    let mut response = problem.into_response();
    response.headers_mut().insert(SUPPORTED, VERSION);
    response
}

/// Says the version in every answer.
pub(super) async fn say_version(mut response: Response) -> Response {
    response.headers_mut().insert(RESUMABLE, VERSION);
    response
}

/// What this server can do.
pub(super) fn abilities(most: u64) -> HeaderMap {
    let algorithms: Vec<&str> = Algorithm::ALL.iter().map(|a| a.as_str()).collect();
    let mut headers = HeaderMap::new();
    headers.insert(SUPPORTED, VERSION);
    headers.insert("tus-max-size", most.into());
    headers.insert("tus-extension", HeaderValue::from_static(EXTENSIONS));
    if let Ok(value) = HeaderValue::from_str(&algorithms.join(",")) {
        headers.insert("tus-checksum-algorithm", value);
    }
    headers
}

/// How far the upload is and until when it is kept.
pub(super) fn standing(progress: &Progress) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("upload-offset", progress.offset.into());
    if progress.offset < progress.size
        && let Ok(value) = HeaderValue::from_str(&http_date(progress.expires_at))
    {
        headers.insert("upload-expires", value);
    }
    headers
}

/// Formats a time as RFC 9110 §5.6.7 has it.
fn http_date(at: DateTime<Utc>) -> String {
    at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

pub(super) fn location(progress: &Progress) -> AppendHeaders<[(HeaderName, String); 1]> {
    AppendHeaders([(LOCATION, format!("/api/v1/uploads/{}", progress.id))])
}

pub(super) fn length(progress: &Progress) -> AppendHeaders<[(&'static str, String); 1]> {
    AppendHeaders([("upload-length", progress.size.to_string())])
}

/// Returns how far a file is that came whole.
pub(super) fn of_whole(file: &File) -> Progress {
    Progress {
        id: file.id,
        offset: file.size,
        size: file.size,
        expires_at: file.completed_at.unwrap_or_default(),
    }
}

/// Reads `Upload-Metadata`: pairs of a key and a value in base64, commas between.
pub(crate) fn metadata(headers: &HeaderMap) -> Result<Metadata, Problem> {
    let text = match headers.get("upload-metadata") {
        Some(value) => value.to_str().map_err(|_| bad("Upload-Metadata"))?,
        None => "",
    };
    let (mut package, mut filename, mut folders) = (None, None, None);
    for pair in text.split(',').map(str::trim).filter(|p| !p.is_empty()) {
        let (key, value) = pair.split_once(' ').unwrap_or((pair, ""));
        let slot = match key {
            "package" => &mut package,
            "filename" => &mut filename,
            "relativePath" => &mut folders,
            _ => continue,
        };
        let value = STANDARD.decode(value.trim()).ok();
        let value = value.and_then(|bytes| String::from_utf8(bytes).ok());
        *slot = Some(value.ok_or_else(|| bad("Upload-Metadata"))?);
    }
    let package = package.ok_or(Error::invalid("package", "required"))?;
    let package = package
        .parse()
        .map_err(|_| Error::invalid("package", "invalid"))?;
    let path = folders.filter(|path| !path.is_empty()).or(filename);
    let path = path.ok_or(Error::invalid("filename", "required"))?;
    Ok(Metadata { package, path })
}

/// Reads `Upload-Length`; an upload of unknown length is not taken.
pub(crate) fn upload_length(headers: &HeaderMap) -> Result<u64, Problem> {
    number(headers, "upload-length")?.ok_or_else(|| bad("Upload-Length"))
}

pub(super) fn upload_offset(headers: &HeaderMap) -> Result<u64, Problem> {
    number(headers, "upload-offset")?.ok_or_else(|| bad("Upload-Offset"))
}

/// Returns how long the body is; none when its sender does not say, zero when there is none.
pub(super) fn body_length(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    match number(headers, CONTENT_LENGTH.as_str())? {
        None if headers.contains_key(TRANSFER_ENCODING) => Ok(None),
        None => Ok(Some(0)),
        some => Ok(some),
    }
}

fn number(headers: &HeaderMap, name: &'static str) -> Result<Option<u64>, Problem> {
    let Some(value) = headers.get(name) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default();
    // Sizes are kept below 2⁶³ in the database.
    let number = text.parse().ok().filter(|n| i64::try_from(*n).is_ok());
    let plain = text.bytes().all(|b| b.is_ascii_digit());
    number
        .filter(|_| plain)
        .map(Some)
        .ok_or_else(|| bad("Upload-Length or Upload-Offset"))
}

/// Reads `Upload-Checksum`: an algorithm, a space, the value in base64.
pub(crate) fn checksum(headers: &HeaderMap) -> Result<Option<Checksum>, Problem> {
    let Some(value) = headers.get("upload-checksum") else {
        return Ok(None);
    };
    let wrong = || bad("Upload-Checksum");
    let text = value.to_str().map_err(|_| wrong())?;
    let (algorithm, value) = text.split_once(' ').ok_or_else(wrong)?;
    let algorithm = algorithm.parse().map_err(|_| wrong())?;
    let value = STANDARD.decode(value.trim()).map_err(|_| wrong())?;
    Ok(Some(Checksum { algorithm, value }))
}

/// Refuses a body of another kind than tus sends.
pub(super) fn demand_media_type(headers: &HeaderMap) -> Result<(), Problem> {
    let value = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok());
    match value {
        Some(text) if text.eq_ignore_ascii_case("application/offset+octet-stream") => Ok(()),
        _ => Err(Problem::unsupported_media_type()),
    }
}

fn bad(header: &'static str) -> Problem {
    let title = match header {
        "Upload-Metadata" => "The header Upload-Metadata is not readable.",
        "Upload-Checksum" => "The header Upload-Checksum is not readable.",
        "Upload-Offset" => "The header Upload-Offset is needed.",
        "Upload-Length" => "The header Upload-Length is needed; it can't be deferred.",
        _ => "A header that must be a number is not one.",
    };
    Problem::new(StatusCode::BAD_REQUEST, Code::Invalid, title)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &'static str, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
        headers
    }

    fn read(pairs: &[(&str, &str)]) -> Result<Metadata, Problem> {
        let text: Vec<String> = pairs
            .iter()
            .map(|(key, value)| format!("{key} {}", STANDARD.encode(value)))
            .collect();
        metadata(&with("upload-metadata", &text.join(",")))
    }

    #[test]
    fn metadata_is_read_as_clients_write_it() {
        let id = "0192f0c8-0000-7000-8000-000000000000";
        let read_path = |pairs: &[_]| read(pairs).unwrap().path;
        assert_eq!(
            read_path(&[("package", id), ("filename", "ž.txt")]),
            "ž.txt"
        );
        let in_folder = [("package", id), ("filename", "b"), ("relativePath", "a/b")];
        assert_eq!(read_path(&in_folder), "a/b");
        let no_folder = [
            ("package", id),
            ("filename", "b"),
            ("relativePath", ""),
            ("filetype", "x"),
        ];
        assert_eq!(read_path(&no_folder), "b");
        assert!(read(&[("filename", "b")]).is_err());
        assert!(read(&[("package", "x"), ("filename", "b")]).is_err());
        assert!(read(&[("package", id)]).is_err());
        assert!(metadata(&with("upload-metadata", "package !!")).is_err());
        assert!(metadata(&HeaderMap::new()).is_err());
    }

    #[test]
    fn numbers_are_plain_and_below_two_to_the_63() {
        let read = |value: &str| upload_length(&with("upload-length", value));
        assert_eq!(read("0").unwrap(), 0);
        assert_eq!(read("9223372036854775807").unwrap(), i64::MAX as u64);
        for bad in [
            "",
            "-1",
            "+1",
            "1.0",
            "0x10",
            "9223372036854775808",
            "99999999999999999999",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn checksums_name_a_known_algorithm() {
        let read = |value: &str| checksum(&with("upload-checksum", value));
        assert_eq!(
            read("crc32 y/Q5Jg==").unwrap().unwrap().value,
            [0xcb, 0xf4, 0x39, 0x26]
        );
        for bad in ["md5 AAAA", "sha256", "sha256 ?", "SHA256 AAAA"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
