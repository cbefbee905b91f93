//! Any target under libFuzzer: `sofie-libfuzzer --target=NAME [-OPTION…] [CORPUS…]`, `--list`, `--seeds=FOLDER`.
#![no_main]

use std::{env, fs, path::Path, process::exit, sync::LazyLock};

use libfuzzer_sys::fuzz_target;
use sofie_fuzz::{TARGETS, Target, find};

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let named = argument("--target=").and_then(|name| find(&name));
    named.unwrap_or_else(|| {
        eprintln!("--target= wants one of those that --list prints");
        exit(2)
    })
});

fn argument(name: &str) -> Option<String> {
    env::args().find_map(|argument| argument.strip_prefix(name).map(str::to_owned))
}

fn prepare() {
    if argument("--list").is_some() {
        for target in TARGETS {
            println!("{}", target.name);
        }
        exit(0);
    }
    if let Some(folder) = argument("--seeds=") {
        for (number, seed) in (TARGET.seeds)().iter().enumerate() {
            let path = Path::new(&folder).join(format!("seed-{number:03}"));
            fs::write(path, seed).expect("the folder of the seeds can be written");
        }
        exit(0);
    }
    LazyLock::force(&TARGET);
}

fuzz_target!(init: prepare(), |data: &[u8]| {
    (TARGET.run)(data);
});
