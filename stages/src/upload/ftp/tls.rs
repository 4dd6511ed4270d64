//! TLS for FTP: whom to trust, and sessions that are used again.
//!
//! Servers tell by the session that a data connection belongs to its control connection. Every control connection has
//! sessions of its own, and TLS 1.2 comes first: its sessions serve any number of data connections, while those of TLS
//! 1.3 are spent one by one and run out.

use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use engine::StageError;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme, version,
};
use suppaftp::{FtpResult, RustlsConnector, TlsConnector};

use super::super::remote::{self, Patience};

/// A connection with TLS, whose type the library does not name.
pub(super) type Tls = <RustlsConnector as TlsConnector>::Stream;

/// Whom to trust.
#[derive(Debug)]
pub(super) struct Trust {
    verifier: Arc<Verifier>,
    provider: Arc<CryptoProvider>,
}

/// The digest of a certificate that is trusted whatever else it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint(String);

impl Fingerprint {
    /// Reads 64 hexadecimal digits, with or without colons and `SHA256:` before them.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let plain = text.strip_prefix("SHA256:").or_else(|| text.strip_prefix("sha256:")).unwrap_or(text);
        let digits: String = plain.chars().filter(|c| *c != ':').map(|c| c.to_ascii_lowercase()).collect();
        if digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(Self(digits));
        }
        Err("has a `fingerprint` that is not `SHA256:` and 64 hexadecimal digits".into())
    }
}

impl Trust {
    /// Trusts a certificate with this fingerprint alone, or what the authorities in a file have signed, or what those
    /// have signed that the system trusts.
    pub(super) fn new(ca: Option<&Path>, pinned: Option<Fingerprint>) -> Result<Self, StageError> {
        let provider = Arc::new(ring::default_provider());
        let trusted = match pinned {
            Some(wanted) => Trusted::One(wanted),
            None => {
                let (listed, roots) = ca.map_or_else(|| Ok((Vec::new(), system_roots())), certificates_of)?;
                let by = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                    .build()
                    .map_err(|error| StageError::input(format!("no certificate can be checked: {error}")))?;
                Trusted::Signed { by, listed }
            }
        };
        let verifier = Arc::new(Verifier { trusted, provider: Arc::clone(&provider) });
        Ok(Self { verifier, provider })
    }

    /// What one control connection and its data connections share.
    pub(super) fn connector(&self, newer: bool, patience: Patience) -> Result<Connector, StageError> {
        let versions = if newer { &[&version::TLS13] } else { &[&version::TLS12] };
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(versions)
            .map_err(|error| StageError::new("remote/protocol", format!("TLS cannot be used: {error}")))?
            .dangerous()
            .with_custom_certificate_verifier(self.verifier.clone())
            .with_no_client_auth();
        config.resumption = Resumption::in_memory_sessions(16);
        Ok(Connector { inner: RustlsConnector::from(Arc::new(config)), patience })
    }
}

/// Begins TLS on a connection, with the times set.
#[derive(Debug)]
pub(super) struct Connector {
    inner: RustlsConnector,
    patience: Patience,
}

impl TlsConnector for Connector {
    type Stream = Tls;

    fn connect(&self, domain: &str, stream: TcpStream) -> FtpResult<Tls> {
        remote::tune(&stream, self.patience).map_err(suppaftp::FtpError::ConnectionError)?;
        self.inner.connect(domain, stream)
    }
}

/// The authorities that the system trusts; those of Mozilla where it has none.
fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    roots
}

/// The certificates in a file, and as authorities.
fn certificates_of(path: &Path) -> Result<(Vec<CertificateDer<'static>>, RootCertStore), StageError> {
    let unusable = |why: String| {
        StageError::input(format!("no certificate can be read from `{}`: {why}", path.display()))
            .hint("`ca` is a file in PEM format with the certificates of the authorities to trust")
    };
    let (mut listed, mut roots) = (Vec::new(), RootCertStore::empty());
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| unusable(error.to_string()))? {
        let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
        roots.add(certificate.clone()).map_err(|error| unusable(error.to_string()))?;
        listed.push(certificate);
    }
    if roots.is_empty() {
        return Err(unusable("there is none in it".into()));
    }
    Ok((listed, roots))
}

/// Checks the certificates of servers.
#[derive(Debug)]
struct Verifier {
    trusted: Trusted,
    provider: Arc<CryptoProvider>,
}

#[derive(Debug)]
enum Trusted {
    /// One certificate, whoever signed it and for whichever name and time.
    One(Fingerprint),
    /// What authorities have signed, and the very certificates that are listed as such: many servers show one that signs
    /// itself, which makes it an authority and no server in the eyes of the library.
    Signed { by: Arc<WebPkiServerVerifier>, listed: Vec<CertificateDer<'static>> },
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match &self.trusted {
            Trusted::One(wanted) => {
                let found = remote::sha256(end_entity);
                if found == wanted.0 {
                    return Ok(ServerCertVerified::assertion());
                }
                let message = format!("the server's certificate has the fingerprint SHA256:{found}");
                Err(rustls::Error::General(message))
            }
            Trusted::Signed { by, listed } => {
                match by.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
                    // Times were found right by then, and have words of their own; the name was not looked at yet.
                    Err(rustls::Error::InvalidCertificate(CertificateError::Other(_)))
                        if listed.iter().any(|one| one == end_entity) =>
                    {
                        verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                        Ok(ServerCertVerified::assertion())
                    }
                    checked => checked,
                }
            }
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_read_as_programs_print_them() {
        let digits = "ab".repeat(32);
        let check = |text: &str| assert_eq!(Fingerprint::parse(text).unwrap().0, digits);
        check(&digits);
        check(&format!("SHA256:{}", digits.to_uppercase()));
        check(&format!("sha256:{}", vec!["AB"; 32].join(":")));
        for bad in ["", "SHA256:", "ab", &"zz".repeat(32), &"ab".repeat(33)] {
            assert!(Fingerprint::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_file_without_certificates_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        assert!(Trust::new(Some(&file), None).is_err());
        std::fs::write(&file, "nothing").unwrap();
        let error = Trust::new(Some(&file), None).unwrap_err();
        assert!(error.message.ends_with("there is none in it"), "{error}");
    }
}
