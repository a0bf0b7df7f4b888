//! Serving the page's files: versions, caching, compression and the headers that keep a page to itself.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

use super::assets::{ASSETS, INDEX, LOGIN};

/// What the pages write where the version belongs.
const PLACEHOLDER: &str = "{{version}}";
/// Below this a packet or two carry the file either way.
const WORTH_COMPRESSING: usize = 1_400;
/// The address names the version, so that what it stands for never changes.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// Stored, but asked for each time, which costs a 304.
const ASK_FIRST: &str = "no-cache";

/// On every answer. Charts set styles through the object model, which `style-src 'self'` allows.
const HEADERS: [(HeaderName, &str); 4] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
];

static SITE: LazyLock<Site> = LazyLock::new(Site::new);

/// All files, ready to be sent.
struct Site {
    /// Changes with any byte of any file.
    version: String,
    assets: HashMap<&'static str, File>,
    index: File,
    login: File,
}

struct File {
    plain: Vec<u8>,
    compressed: Option<Vec<u8>>,
    media_type: &'static str,
    etag: String,
    caching: &'static str,
}

impl Site {
    fn new() -> Self {
        let version = version();
        let assets = ASSETS.iter().map(|asset| {
            let file = File::new(asset.path, asset.bytes.to_vec(), &version, FOR_EVER);
            (asset.path, file)
        });
        let page = |name, text: &str| {
            let bytes = text.replace(PLACEHOLDER, &version).into_bytes();
            File::new(name, bytes, &version, ASK_FIRST)
        };
        Self {
            assets: assets.collect(),
            index: page("index.html", INDEX),
            login: page("login.html", LOGIN),
            version,
        }
    }
}

fn version() -> String {
    let mut hasher = Sha256::new();
    for asset in ASSETS {
        hasher.update(asset.path);
        hasher.update(asset.bytes);
    }
    hasher.update(INDEX);
    hasher.update(LOGIN);
    URL_SAFE_NO_PAD.encode(&hasher.finalize()[..9])
}

impl File {
    fn new(path: &str, plain: Vec<u8>, version: &str, caching: &'static str) -> Self {
        Self {
            compressed: compressed(&plain),
            media_type: media_type(path),
            etag: format!("\"{version}\""),
            plain,
            caching,
        }
    }

    fn answer(&self, request: &HeaderMap) -> Response {
        let fresh = named(request, &header::IF_NONE_MATCH, &self.etag);
        let gzip = named(request, &header::ACCEPT_ENCODING, "gzip");
        let body = self.compressed.as_ref().filter(|_| gzip);
        let mut response = if fresh {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            body.unwrap_or(&self.plain).clone().into_response()
        };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.media_type));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(self.caching));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if let Ok(etag) = HeaderValue::from_str(&self.etag) {
            headers.insert(header::ETAG, etag);
        }
        if body.is_some() && !fresh {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    }
}

/// Whether a list such as `gzip, br` names `value`; `gzip;q=0`, which no browser sends, counts as absent.
fn named(request: &HeaderMap, header: &HeaderName, value: &str) -> bool {
    let lists = request
        .get_all(header)
        .iter()
        .filter_map(|list| list.to_str().ok());
    lists
        .flat_map(|list| list.split(','))
        .any(|entry| entry.trim().trim_start_matches("W/") == value)
}

/// `None` where it does not pay.
fn compressed(plain: &[u8]) -> Option<Vec<u8>> {
    if plain.len() < WORTH_COMPRESSING {
        return None;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).ok()?;
    encoder.finish().ok()
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    }
}

/// Adds the headers that keep a page from being framed, sniffed or fed with foreign scripts.
pub(crate) async fn secured(mut response: Response) -> Response {
    for (name, value) in HEADERS {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The page that shows dashboards, whatever their address.
pub(crate) async fn application(headers: HeaderMap) -> Response {
    SITE.index.answer(&headers)
}

pub(crate) async fn login_page(headers: HeaderMap) -> Response {
    SITE.login.answer(&headers)
}

/// `/public/{version}/{path}`: 404 for another version, because its files are gone with its program.
pub(crate) async fn asset(Path((version, path)): Path<(String, String)>, headers: HeaderMap) -> Response {
    match SITE.assets.get(path.as_str()) {
        Some(file) if version == SITE.version => file.answer(&headers),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_in_a_header_names_its_entries() {
        let table = [
            ("gzip, deflate, br", true),
            ("br,gzip", true),
            ("gzip;q=0", false),
            ("identity", false),
            ("", false),
        ];
        for (list, expected) in table {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(list));
            assert_eq!(
                named(&headers, &header::ACCEPT_ENCODING, "gzip"),
                expected,
                "{list}"
            );
        }
        assert!(!named(&HeaderMap::new(), &header::ACCEPT_ENCODING, "gzip"));
    }

    #[test]
    fn the_pages_name_the_version_and_hold_no_inline_script_or_style() {
        for page in [&SITE.index, &SITE.login] {
            let text = String::from_utf8(page.plain.clone()).unwrap();
            assert!(text.contains(&format!("/public/{}/", SITE.version)), "{text}");
            assert!(!text.contains(PLACEHOLDER), "{text}");
            assert!(!text.contains("<style") && !text.contains(" style="), "{text}");
            assert!(
                text.split("<script").skip(1).all(|tag| tag.contains("src=")),
                "{text}"
            );
        }
    }

    #[test]
    fn nothing_is_loaded_from_elsewhere() {
        for asset in ASSETS.iter().filter(|asset| asset.path.ends_with(".js")) {
            let text = std::str::from_utf8(asset.bytes).unwrap();
            let code = text
                .lines()
                .filter(|line| !line.trim_start().starts_with(['*', '/']));
            for line in code {
                assert!(
                    !line.contains("from 'http") && !line.contains("import('http"),
                    "{}",
                    asset.path
                );
            }
        }
    }
}
