//! The text of the marker file.

use crate::Error;

pub(super) const MARKER: &str = "sofie-vault";

pub(super) fn text(instance: &str) -> Result<String, Error> {
    let fine = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    if instance.is_empty() || instance.len() > 64 || !instance.bytes().all(fine) {
        return Err(Error::Marker(
            "the instance id is not 1 to 64 letters, digits or hyphens",
        ));
    }
    Ok(format!("sofie-vault-v1\ninstance = {instance}\n"))
}

pub(super) fn compare(found: &[u8], expected: &str) -> Result<(), Error> {
    if found == expected.as_bytes() {
        Ok(())
    } else {
        Err(Error::Marker("its marker names another instance"))
    }
}
