//! Tells the compiler where the front end lies that goes into the binary: `frontend/dist`, or a page that says
//! that it was not built, so that `cargo check` needs no Node.js.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, fs, io};

const NOT_BUILT: &str = "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>SOFiE</title>\n\
    <p>The front end is not part of this build. Build it with <code>make build</code>.</p>\n</html>\n";

fn main() -> io::Result<()> {
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let dist = manifest.join("../../frontend/dist");
    println!("cargo::rerun-if-changed={}", dist.display());
    let built = dist.join("index.html").exists();
    let folder = if built { dist } else { placeholder()? };
    println!("cargo::rustc-env=SOFIE_FRONTEND={}", folder.display());
    println!("cargo::rustc-env=SOFIE_FRONTEND_BUILT={built}");
    println!("cargo::rerun-if-env-changed=SOURCE_DATE_EPOCH");
    println!("cargo::rustc-env=SOFIE_BUILT_AT={}", built_at());
    Ok(())
}

fn placeholder() -> io::Result<PathBuf> {
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?;
    let folder = Path::new(&out).join("frontend");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("index.html"), NOT_BUILT)?;
    Ok(folder)
}

/// The time of the build in seconds; given for a build that must come out the same again.
#[expect(
    clippy::disallowed_methods,
    reason = "a build script has no clock and no configuration to be given"
)]
fn built_at() -> u64 {
    let given = env::var("SOURCE_DATE_EPOCH")
        .ok()
        .and_then(|seconds| seconds.parse().ok());
    given.unwrap_or_else(|| {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs())
    })
}
