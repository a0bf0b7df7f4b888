//! TLS for a connection: whom it trusts, and one connection's session between the request's bytes and the socket's; waits for nothing.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::remote::encoded;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore, SignatureScheme};

/// Whose certificates are taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Trust {
    /// Those that the system's authorities have signed.
    System,
    /// Those that the authorities in PEM form have signed; the name is that of the file they are from.
    Authorities {
        name: String,
        #[serde(with = "encoded::bytes")]
        pem: Option<Vec<u8>>,
    },
    /// Any.
    Everybody,
}

/// Why TLS cannot be spoken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    #[error("{name}: no certificate of an authority can be read")]
    File {
        name: String,
        source: rustls::pki_types::pem::Error,
    },
    #[error("{0}: there is no certificate in it")]
    Empty(String),
    #[error("the system has no certificates of authorities")]
    System,
    #[error("`{0}` is no name that a certificate could have")]
    Name(String),
    #[error(transparent)]
    Rustls(#[from] rustls::Error),
}

/// Makes the sessions of one origin.
#[derive(Debug, Clone)]
pub(crate) struct Tls {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

/// The settings of all sessions of a run: HTTP/1.1, TLS 1.2 and 1.3, sessions resumed where the server offers it.
///
/// # Errors
/// Authorities that cannot be read.
pub(crate) fn config(trust: &Trust) -> Result<Arc<ClientConfig>, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let mut config = match trust {
        Trust::Everybody => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(TrustsEverybody(provider)))
            .with_no_client_auth(),
        Trust::System => builder.with_root_certificates(of_system()?).with_no_client_auth(),
        Trust::Authorities { name, pem } => {
            let roots = of_file(name, pem.as_deref().unwrap_or_default())?;
            builder.with_root_certificates(roots).with_no_client_auth()
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn of_system() -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    match roots.is_empty() {
        true => Err(TlsError::System),
        false => Ok(roots),
    }
}

fn of_file(name: &str, pem: &[u8]) -> Result<RootCertStore, TlsError> {
    let failed = |source| TlsError::File {
        name: name.to_owned(),
        source,
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        roots.add(certificate.map_err(failed)?)?;
    }
    match roots.is_empty() {
        true => Err(TlsError::Empty(name.to_owned())),
        false => Ok(roots),
    }
}

impl Tls {
    /// # Errors
    /// [`TlsError::Name`].
    pub(crate) fn new(config: Arc<ClientConfig>, host: &str) -> Result<Self, TlsError> {
        let name = ServerName::try_from(host.to_owned());
        let name = name.map_err(|_no_name| TlsError::Name(host.to_owned()))?;
        Ok(Self { config, name })
    }

    pub(crate) fn session(&self) -> Result<Session, rustls::Error> {
        let session = ClientConnection::new(Arc::clone(&self.config), self.name.clone())?;
        Ok(Session(session))
    }
}

/// One connection's session.
pub(crate) struct Session(ClientConnection);

/// What became of bytes that came.
pub(crate) enum Came {
    /// Plain bytes, as many.
    Plain(usize),
    /// None that belong to a response.
    Nothing,
    /// The other side has ended the session.
    End,
}

impl Session {
    pub(crate) fn is_handshaking(&self) -> bool {
        self.0.is_handshaking()
    }

    /// Takes the bytes of a request; they leave with [`Self::push`], after the handshake.
    pub(crate) fn put(&mut self, request: &[u8]) -> io::Result<()> {
        // One request at a time: what the session holds back has no need of a limit.
        self.0.set_buffer_limit(None);
        self.0.writer().write_all(request)
    }

    /// Writes to the socket what is to be written, and reads what the handshake waits for; `true` once all has left.
    pub(crate) fn push<S: Read + Write>(&mut self, socket: &mut S) -> io::Result<bool> {
        loop {
            while self.0.wants_write() {
                match self.0.write_tls(socket) {
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                    Err(error) => return Err(error),
                }
            }
            if !self.0.is_handshaking() {
                return Ok(true);
            }
            match self.0.read_tls(socket) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
            if let Err(error) = self.0.process_new_packets() {
                // The alert that tells the server why; it may be gone.
                self.0.write_tls(socket).ok();
                return Err(io::Error::new(ErrorKind::InvalidData, error));
            }
        }
    }

    /// Takes bytes that came from the socket and returns how many are used; the plain ones are then to be had from
    /// [`Self::plain`].
    pub(crate) fn take(&mut self, came: &[u8]) -> io::Result<usize> {
        let mut rest = came;
        self.0.read_tls(&mut rest)?;
        self.0
            .process_new_packets()
            .map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
        Ok(came.len() - rest.len())
    }

    /// The next plain bytes.
    pub(crate) fn plain(&mut self, buffer: &mut [u8]) -> io::Result<Came> {
        match self.0.reader().read(buffer) {
            Ok(0) => Ok(Came::End),
            Ok(count) => Ok(Came::Plain(count)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Came::Nothing),
            Err(error) => Err(error),
        }
    }
}

/// Takes any certificate, but holds signatures to it: the handshake is the same as otherwise.
#[derive(Debug)]
struct TrustsEverybody(Arc<CryptoProvider>);

impl ServerCertVerifier for TrustsEverybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            certificate,
            signed,
            &self.0.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            certificate,
            signed,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
