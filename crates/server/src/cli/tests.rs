//! What scripts rely on.

use clap::CommandFactory;

use super::*;

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn what_scripts_use_is_understood() {
    for line in [
        "sofie serve",
        "sofie serve --data-dir D --listen 127.0.0.1:0 --config F",
        "sofie worker --config F",
        "sofie admin add --email a@b.c --password-file F --data-dir D",
        "sofie user add --email a@b.c --password-file F",
        "sofie token create --user a@b.c",
        "sofie outbox --json --data-dir D",
        "sofie doctor",
        "sofie doctor --json --data-dir D",
        "sofie doctor --url https://h --http-port 8080",
        "sofie kafka setup --config F",
        "sofie migrate --check --config F",
        "sofie migrate --roles",
        "sofie db export F --data-dir D",
        "sofie db import F --config F",
        "sofie keys list --json",
        "sofie keys add --file F",
        "sofie keys activate 0123456789abcdef",
        "sofie keys rotate --data-dir D",
        "sofie keys export --to F --password-file P",
        "sofie verify --deep --json",
        "sofie backup DIR --link --with-keys F --password-file P",
        "sofie restore DIR --data-dir D --keys F --password-file P",
        "sofie config show",
        "sofie storage migrate --to s3 --data-dir D --config F",
        "sofie storage migrate --to local --final",
        "sofie storage migrate --to s3 --verify",
        "sofie send a b/ --server https://h --token T --to x@y.z --title S --note S --password S \
         --expires 14d --type private --wait --json",
        "sofie status ID --server https://h --token T --json",
        "sofie get https://h/p#S --code 123 --password S -o DIR",
    ] {
        Cli::try_parse_from(line.split_whitespace())
            .unwrap_or_else(|error| panic!("{line}: {error}"));
    }
}
