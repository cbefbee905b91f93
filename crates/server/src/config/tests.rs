//! The embedded file is what it says.

use figment::Jail;

use sofie_store::ConnectOptions;

use super::*;

fn load(file: Option<&str>) -> Result<Config> {
    Config::load(file.map(Path::new))
}

#[test]
#[expect(clippy::result_large_err, reason = "figment's jail decides the type")]
fn the_embedded_file_is_complete_and_every_value_is_explained() {
    Jail::expect_with(|_| {
        let config = load(None).unwrap();
        assert_eq!(config.http.listen.to_string(), "127.0.0.1:9090");
        assert!(matches!(config.database, Database::Private { .. }));
        Ok(())
    });
    let mut explained = false;
    for line in DEFAULTS.lines() {
        let comment = line.starts_with("# ");
        let value = line.contains(" = ") && !comment;
        assert!(!value || explained, "not explained: {line}");
        // One comment may explain a few values in a row.
        explained = comment || (value && explained);
    }
}

#[test]
#[expect(clippy::result_large_err, reason = "figment's jail decides the type")]
fn what_is_commented_out_is_spelt_right() {
    let commented: Vec<&str> = DEFAULTS
        .lines()
        .filter(|line| line.starts_with('#') && !line.starts_with("# "))
        .collect();
    assert!(commented.len() >= 6);
    Jail::expect_with(|jail| {
        for kind in ["private", "server"] {
            let others: &[&str] = if kind == "private" {
                &["#url", "#owner_url", "#unverified"]
            } else {
                &["#binaries", "#run_as"]
            };
            let uncomment = |line: &str| -> String {
                let keep = !line.starts_with("# ")
                    && line != "#"
                    && !others.iter().any(|other| line.starts_with(other));
                let line = if keep {
                    line.strip_prefix('#').unwrap_or(line)
                } else {
                    line
                };
                format!("{line}\n")
            };
            let text: String = DEFAULTS.lines().map(uncomment).collect();
            jail.create_file(
                "all.toml",
                &text.replace("\"private\"\n", &format!("\"{kind}\"\n")),
            )?;
            load(Some("all.toml")).unwrap();
        }
        Ok(())
    });
}

#[test]
#[expect(clippy::result_large_err, reason = "figment's jail decides the type")]
fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
    Jail::expect_with(|jail| {
        jail.create_file(
            "sofie.toml",
            "[http]\nlisten = \"127.0.0.1:1\"\ndrain_seconds = 7\n",
        )?;
        jail.set_env("SOFIE__HTTP__LISTEN", "127.0.0.1:2");
        jail.set_env("SOFIE__WORKER__CHECKS", "9");
        let config = load(Some("sofie.toml")).unwrap();
        assert_eq!(config.http.listen.port(), 2);
        assert_eq!(config.http.drain().as_secs(), 7);
        assert_eq!((config.worker.checks, config.worker.mails), (9, 2));
        Ok(())
    });
}

#[test]
#[expect(clippy::result_large_err, reason = "figment's jail decides the type")]
fn mistakes_are_named() {
    Jail::expect_with(|jail| {
        for (text, expected) in [
            ("[http]\nlisten = \"nowhere\"\n", "http.listen"),
            ("[http]\nlistn = \"127.0.0.1:1\"\n", "listn"),
            (
                "[http]\ntrusted_proxies = [\"10.0.0.0/40\"]\n",
                "10.0.0.0/40",
            ),
            ("[database]\nkind = \"sqlite\"\n", "sqlite"),
            ("[database]\nurl = \"postgres://x\"\n", "url"),
            ("[storage]\nkind = \"nfs\"\n", "nfs"),
            ("[storage]\nbuckets = \"x\"\n", "buckets"),
            ("secret = 1\n", "secret"),
            ("[kafka]\nsecurity = \"ssl\"\n", "kafka.security"),
        ] {
            jail.create_file("wrong.toml", text)?;
            let error = format!("{:#}", load(Some("wrong.toml")).unwrap_err());
            assert!(error.contains(expected), "{text}: {error}");
        }
        assert!(load(Some("missing.toml")).is_err());
        Ok(())
    });
}

#[test]
#[expect(clippy::result_large_err, reason = "figment's jail decides the type")]
fn secrets_are_not_shown() {
    Jail::expect_with(|jail| {
        jail.create_file(
            "sofie.toml",
            "[database]\nkind = \"server\"\nurl = \"postgres://u:hunter2@h/d\"\n",
        )?;
        let config = load(Some("sofie.toml")).unwrap();
        assert!(config.database.server().unwrap().is_some());
        assert!(!config.show().unwrap().contains("hunter2"));
        assert!(!format!("{config:?}").contains("hunter2"));
        jail.create_file("url", "postgres://u:hunter2@h/d\n")?;
        jail.create_file(
            "sofie.toml",
            "[database]\nkind = \"server\"\nurl_file = \"url\"\n",
        )?;
        let url = |options: Option<ConnectOptions>| match options {
            Some(ConnectOptions::Server { url, .. }) => {
                secrecy::ExposeSecret::expose_secret(&url).to_owned()
            }
            other => panic!("not a server: {other:?}"),
        };
        let database = load(Some("sofie.toml")).unwrap().database;
        assert_eq!(url(database.server().unwrap()), "postgres://u:hunter2@h/d");
        assert_eq!(url(database.owner().unwrap()), "postgres://u:hunter2@h/d");
        jail.set_env("SOFIE__DATABASE__OWNER_URL", "postgres://o:hunter3@h/d");
        let config = load(Some("sofie.toml")).unwrap();
        assert_eq!(
            url(config.database.owner().unwrap()),
            "postgres://o:hunter3@h/d"
        );
        assert!(!config.show().unwrap().contains("hunter3"));
        Ok(())
    });
}

#[test]
#[expect(clippy::result_large_err, reason = "figment's jail decides the type")]
fn kafka_is_off_until_there_are_brokers() {
    Jail::expect_with(|jail| {
        assert!(load(None).unwrap().kafka.options().unwrap().is_none());
        let login = "security = \"sasl_tls\"\nuser = \"u\"\npassword = \"hunter2\"\n";
        for (text, wrong) in [
            ("brokers = \"a:9092, b:9092\"\n", None),
            ("brokers = \"a\"\n", Some("kafka.brokers")),
            ("brokers = \"a:9092,\"\n", Some("kafka.brokers")),
            (
                "brokers = \"a:1\"\ntopic_prefix = \"a b\"\n",
                Some("kafka.topic_prefix"),
            ),
            (
                "brokers = \"a:1\"\nsecurity = \"sasl_tls\"\nuser = \"x\"\n",
                Some("kafka.password"),
            ),
            (
                "brokers = \"a:1\"\nsecurity = \"sasl_tls\"\npassword = \"x\"\n",
                Some("kafka.user"),
            ),
            (&format!("brokers = \"a:1\"\n{login}"), None),
        ] {
            jail.create_file("sofie.toml", &format!("[kafka]\n{text}"))?;
            let config = load(Some("sofie.toml")).unwrap();
            match (config.kafka.options(), wrong) {
                (Ok(Some(options)), None) => {
                    assert!(!options.brokers.contains(' '));
                    assert!(!format!("{options:?}").contains("hunter2"));
                }
                (Err(error), Some(wrong)) => {
                    assert!(format!("{error:#}").contains(wrong), "{text}: {error:#}");
                }
                (found, _) => panic!("{text}: {found:?}"),
            }
        }
        assert!(
            !load(Some("sofie.toml"))
                .unwrap()
                .show()
                .unwrap()
                .contains("hunter2")
        );
        Ok(())
    });
}

const BUCKET: &str = "[storage]\nkind = \"s3\"\nendpoint = \"https://s3.example.org/\"\nbucket = \"files\"\n\
                      access_key = \"us\"\nsecret_key = \"hunter2\"\nprefix = \"a/b\"\n";

#[test]
#[expect(clippy::result_large_err, reason = "figment's jail decides the type")]
fn a_bucket_is_described_and_its_secret_kept() {
    Jail::expect_with(|jail| {
        assert!(load(None).unwrap().storage.check().is_ok());
        jail.create_file("sofie.toml", BUCKET)?;
        let config = load(Some("sofie.toml")).unwrap();
        let options = config.storage.s3().unwrap();
        assert_eq!(options.endpoint, "https://s3.example.org");
        let shown = format!("{}{config:?}{options:?}", config.show().unwrap());
        assert!(!shown.contains("hunter2"), "{shown}");
        jail.create_file("secret", "hunter3\n")?;
        let by_file = BUCKET.replace("secret_key = \"hunter2\"", "secret_key_file = \"secret\"");
        jail.create_file("sofie.toml", &by_file)?;
        let secret = load(Some("sofie.toml"))
            .unwrap()
            .storage
            .s3()
            .unwrap()
            .secret_key;
        assert_eq!(secrecy::ExposeSecret::expose_secret(&secret), "hunter3");
        Ok(())
    });
}

#[test]
#[expect(clippy::result_large_err, reason = "figment's jail decides the type")]
fn mistakes_in_a_bucket_are_named() {
    Jail::expect_with(|jail| {
        for (from, to, expected) in [
            (
                "https://s3.example.org/",
                "s3.example.org",
                "storage.endpoint",
            ),
            (
                "https://s3.example.org/",
                "https://s3.example.org/files",
                "storage.endpoint",
            ),
            (
                "https://s3.example.org/",
                "https://us:x@s3.example.org",
                "storage.endpoint",
            ),
            ("bucket = \"files\"", "bucket = \"a b\"", "storage.bucket"),
            ("bucket = \"files\"", "", "storage.bucket"),
            ("access_key = \"us\"", "", "storage.access_key"),
            ("secret_key = \"hunter2\"", "", "storage.secret_key"),
            ("a/b", "a/../b", "storage.prefix"),
            ("a/b", "a//b", "storage.prefix"),
        ] {
            jail.create_file("sofie.toml", &BUCKET.replace(from, to))?;
            let error = load(Some("sofie.toml"))
                .unwrap()
                .storage
                .check()
                .unwrap_err();
            let error = format!("{error:#}");
            assert!(error.contains(expected), "{to}: {error}");
        }
        Ok(())
    });
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
#[expect(clippy::result_large_err, reason = "figment's jail decides the type")]
fn what_seals_keys_needs_all_of_its_section() {
    Jail::expect_with(|jail| {
        jail.create_file("ca.pem", "")?;
        for (text, wrong) in [
            ("", None),
            (
                "[keys]\nseal = \"vault\"",
                Some("keys.vault.address is needed"),
            ),
            (
                "[keys]\nseal = \"aws_kms\"",
                Some("keys.aws_kms.key_id is needed"),
            ),
            (
                "[keys]\nseal = \"pkcs11\"",
                Some("keys.pkcs11.module is needed"),
            ),
            (
                "[keys.vault]\naddress = \"https://vault.example.org\"",
                Some("keys.vault needs token_file"),
            ),
            (
                "[keys.vault]\naddress = \"https://vault.example.org\"\ntoken_file = \"t\"\nrole_id = \"r\"",
                Some("not both"),
            ),
            (
                "[keys.vault]\naddress = \"vault\"\ntoken_file = \"t\"",
                Some("keys.vault.address is not the address"),
            ),
            (
                "[keys.vault]\naddress = \"https://vault.example.org\"\ntoken_file = \"t\"\nca_file = \"ca.pem\"",
                Some("certificates"),
            ),
            (
                "[keys.aws_kms]\nkey_id = \"alias/a\"\naccess_key = \"a\"",
                Some("access_key and its secret"),
            ),
            ("[keys.pkcs11]\nmodule = \"lib.so\"", Some("whole path")),
            (
                "[keys.pkcs11]\nmodule = \"/lib.so\"",
                Some("pin_file is needed"),
            ),
            (
                "[keys]\nseal = \"pkcs11\"\n[keys.pkcs11]\nmodule = \"/lib.so\"\npin_file = \"p\"",
                None,
            ),
        ] {
            jail.create_file("sofie.toml", text)?;
            let checked = load(Some("sofie.toml")).unwrap().keys.check();
            match (checked, wrong) {
                (Ok(()), None) => {}
                (Err(error), Some(wrong)) => {
                    let error = format!("{error:#}");
                    assert!(error.contains(wrong), "{text}: {error}");
                }
                (found, _) => panic!("{text}: {found:?}"),
            }
        }
        jail.create_file("sofie.toml", "[keys.aws_kms]\nkey_id = \"alias/a\"\n")?;
        jail.set_env("SOFIE__KEYS__AWS_KMS__ACCESS_KEY", "AKID");
        jail.set_env("SOFIE__KEYS__AWS_KMS__SECRET_KEY", "hush");
        let config = load(Some("sofie.toml")).unwrap();
        config.keys.check().unwrap();
        assert_eq!(config.keys.seals().unwrap().len(), 1);
        let shown = config.show().unwrap();
        assert!(shown.contains("AKID") && !shown.contains("hush"), "{shown}");
        assert!(!format!("{config:?}").contains("hush"));
        Ok(())
    });
}
