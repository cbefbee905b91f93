//! Against a server that speaks TLS, with certificates good and bad.

use lettre::transport::smtp::client::{Certificate, CertificateStore};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair,
    date_time_ymd,
};
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{self, pki_types::PrivateKeyDer},
};

use super::*;

const HOST: &str = "127.0.0.1";

/// An authority that the test makes, and that nobody else trusts.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    /// Returns what a server needs to be `name` until the end of a year.
    fn issue(&self, name: &str, last_year: i32) -> TlsAcceptor {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(last_year, 12, 31);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }

    /// Returns a transport that trusts this authority and no other, and logs in.
    fn transport(&self, server: &Server, tls: SmtpTls) -> SmtpTransport {
        let config = SmtpConfig {
            host: HOST.to_owned(),
            port: Some(server.port),
            tls,
            login: Some(SmtpLogin {
                user: "sofie".to_owned(),
                password: SecretString::from("moonlight".to_owned()),
            }),
            timeout_seconds: 5,
            idle_connections: 2,
        };
        let certificate = Certificate::from_der(self.0.der().to_vec()).unwrap();
        let parameters = TlsParameters::builder(HOST.to_owned())
            .certificate_store(CertificateStore::None)
            .add_root_certificate(certificate);
        SmtpTransport::with_tls(config, parameters).unwrap()
    }
}

/// Starts a server; what it hears in plain it notes with a mark.
async fn start(acceptor: TlsAcceptor, tls: SmtpTls) -> Server {
    let listener = TcpListener::bind((HOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Arc::new(StdMutex::new(Heard::default()));
    let shared = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            shared.lock().unwrap().connections += 1;
            let (acceptor, heard) = (acceptor.clone(), Arc::clone(&shared));
            tokio::spawn(async move {
                let greets = tls == SmtpTls::Tls;
                let stream = match tls {
                    SmtpTls::Tls => stream,
                    _ => before_tls(stream, &heard).await?,
                };
                let stream = acceptor.accept(stream).await.ok()?;
                serve(stream, heard, (&["AUTH PLAIN"], None), greets).await
            });
        }
    });
    Server { port, heard }
}

/// Offers STARTTLS and nothing else; returns once that is wanted.
async fn before_tls(stream: TcpStream, heard: &StdMutex<Heard>) -> Option<TcpStream> {
    let mut stream = BufReader::new(stream);
    let mut answer = "220 relay.example ESMTP\r\n";
    loop {
        stream.get_mut().write_all(answer.as_bytes()).await.ok()?;
        if answer.starts_with("220 go") {
            return Some(stream.into_inner());
        }
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        heard.lock().unwrap().lines.push(format!("plain {line}"));
        answer = match line.trim_end() {
            "STARTTLS" => "220 go on\r\n",
            line if line.starts_with("EHLO") => "250-relay.example\r\n250 STARTTLS\r\n",
            _ => "530 5.7.0 first STARTTLS\r\n",
        };
    }
}

/// Returns what an administrator would read.
fn words(error: &SendError) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

const PROTECTED: [SmtpTls; 2] = [SmtpTls::StarttlsRequired, SmtpTls::Tls];

#[tokio::test]
async fn mail_and_password_go_through_tls_only() {
    let authority = Authority::new("ours");
    for tls in PROTECTED {
        let server = start(authority.issue(HOST, 2100), tls).await;
        let transport = authority.transport(&server, tls);
        transport.send(&mail()).await.unwrap();
        transport.send(&mail()).await.unwrap();
        transport.probe().await.unwrap();
        assert_eq!(server.mails().len(), 2, "{tls:?}");
        assert!(server.lines("AUTH PLAIN") > 0);
        let in_plain = server.lines("plain ") - server.lines("plain EHLO");
        assert_eq!(in_plain, server.lines("plain STARTTLS"), "{tls:?}");
        let handshakes = if tls == SmtpTls::Tls { 0 } else { 2 };
        assert_eq!(server.lines("plain STARTTLS"), handshakes);
    }
}

#[tokio::test]
async fn a_server_that_cannot_prove_its_name_gets_nothing() {
    let (authority, other) = (Authority::new("ours"), Authority::new("theirs"));
    for tls in PROTECTED {
        for (acceptor, why) in [
            (other.issue(HOST, 2100), "UnknownIssuer"),
            (authority.issue("other.example", 2100), "not valid for"),
            (authority.issue(HOST, 2020), "expired"),
        ] {
            let server = start(acceptor, tls).await;
            let transport = authority.transport(&server, tls);
            let error = transport.send(&mail()).await.unwrap_err();
            // The mail is not to blame: it goes once the server is mended.
            assert!(!error.is_permanent(), "{tls:?} {why}");
            let words = words(&error);
            assert!(words.contains("certificate"), "{tls:?}: {words}");
            assert!(words.contains(why), "{tls:?}: {words}");
            assert!(transport.probe().await.is_err());
            let said = server.lines("AUTH") + server.lines("MAIL") + server.lines("plain MAIL");
            assert_eq!(said + server.lines("plain AUTH"), 0, "{tls:?} {why}");
        }
    }
}
