//! A file as a part of a form (RFC 7578).

use std::fmt::Write as _;

use aws_lc_rs::rand;

use super::{Form, Frame, percent};

/// What stands around a file that is the part `part` of a form, behind other parts, and what the whole is called; none
/// if there is no chance for a border.
pub(crate) fn multipart(
    others: &[(&str, &str)],
    (part, name): (&str, &str),
) -> Option<(Frame, String)> {
    // Whoever could guess the border could end the part within the file, and hide the rest of it.
    let mut chance = [0; 16];
    rand::fill(&mut chance).ok()?;
    let hex = |byte: &u8| format!("{byte:02x}");
    let border: String = chance.iter().map(hex).collect();
    let mut before = String::new();
    for (part, value) in others {
        // A string takes everything.
        let _ = write!(
            before,
            "--{border}\r\nContent-Disposition: form-data; name=\"{part}\"\r\n\r\n{value}\r\n"
        );
    }
    let name = percent(name);
    let _ = write!(
        before,
        "--{border}\r\nContent-Disposition: form-data; name=\"{part}\"; filename=\"{name}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    );
    let frame = Frame {
        before: before.into(),
        after: format!("\r\n--{border}--\r\n").into(),
        form: Form::Plain,
    };
    Some((frame, format!("multipart/form-data; boundary={border}")))
}
