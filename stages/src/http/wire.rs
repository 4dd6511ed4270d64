//! One request over the network: connected, encrypted, led on with care, and read within bounds of size and time.
//!
//! Knows neither caches nor retries; what goes wrong is told as it is.

use std::error::Error;
use std::io::Read;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use reqwest::Url;
use reqwest::blocking::{Client, Response};
use reqwest::header::{CONTENT_TYPE, ETAG, HeaderMap, LAST_MODIFIED, LOCATION, RETRY_AFTER};
use reqwest::redirect::Policy;

use super::address::{Careful, Trusted, refused, same_place};
use super::request::Expect;
use super::{Request, Service};

/// How Bindery names itself to services.
const USER_AGENT: &str =
    concat!("Bindery/", env!("CARGO_PKG_VERSION"), " (packs releases from manifests; one user's machine)");
const CONNECT: Duration = Duration::from_secs(10);
/// The longest pause in an answer that has no limit as a whole.
const PAUSE: Duration = Duration::from_secs(30);
/// How often an answer may lead on.
const LEADS: usize = 5;

/// The network.
pub(super) struct Wire {
    client: OnceLock<Result<Client, String>>,
    trusted: Arc<Trusted>,
    proxy: Option<String>,
}

/// What came over the wire.
#[derive(Clone, Debug, Default)]
pub(super) struct Raw {
    pub(super) status: u16,
    /// In lower case, without parameters.
    pub(super) media_type: String,
    pub(super) etag: Option<String>,
    pub(super) modified: Option<String>,
    pub(super) retry_after: Option<String>,
    pub(super) body: Vec<u8>,
}

/// Why nothing came.
#[derive(Debug)]
pub(super) enum Fault {
    /// It may come another time.
    Lost(String),
    /// It is not wanted.
    Refused(String),
    Stopped,
}

impl Wire {
    pub(super) fn new(trusted: Arc<Trusted>, proxy: Option<String>) -> Self {
        Self { client: OnceLock::new(), trusted, proxy }
    }

    /// Sends a request and reads the answer.
    pub(super) fn send(
        &self,
        service: &Service,
        request: &Request,
        conditions: &[(&'static str, String)],
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<Raw, Fault> {
        let begun = Instant::now();
        read(self.open(service, request, conditions)?, request, service, begun, stop)
    }

    /// Sends a request, follows where answers lead, and gives the last one unread.
    pub(super) fn open(
        &self,
        service: &Service,
        request: &Request,
        conditions: &[(&'static str, String)],
    ) -> Result<Response, Fault> {
        self.trusted.add(&service.base);
        let client = self.client.get_or_init(|| self.client());
        let client = client.as_ref().map_err(|error| Fault::Lost(error.clone()))?;
        let first = request.url(service).map_err(Fault::Refused)?;
        let mut url = first.clone();
        for _ in 0..=LEADS {
            if let Some(why) = refused(&service.base, &first, &url) {
                return Err(Fault::Refused(why));
            }
            let secrets = same_place(&first, &url);
            let response = once(client, service, request, &url, conditions, secrets)?;
            let Some(next) = leads_on(&response, &url, request) else {
                return Ok(response);
            };
            url = next?;
        }
        Err(Fault::Refused(format!("leads on more than {LEADS} times")))
    }

    fn client(&self) -> Result<Client, String> {
        // Another part of the program may have chosen it already, which is the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = Client::builder()
            .user_agent(USER_AGENT)
            .connect_timeout(CONNECT)
            .timeout(PAUSE)
            .redirect(Policy::none())
            .dns_resolver(Arc::new(Careful(Arc::clone(&self.trusted))))
            .pool_max_idle_per_host(4);
        let builder = match &self.proxy {
            None => builder.no_proxy(),
            Some(proxy) => {
                // Whoever asks a service of his own network needs no proxy for it.
                let address = Url::parse(proxy).map_err(|_| "the address of the proxy is none".to_owned())?;
                let through = address.clone();
                let own = move |url: &Url| refused(&address, url, url).is_some();
                builder.proxy(reqwest::Proxy::custom(move |url| (!own(url)).then(|| through.clone())))
            }
        };
        builder.build().map_err(|error| format!("cannot be asked: {}", deepest(&error)))
    }
}

fn once(
    client: &Client,
    service: &Service,
    request: &Request,
    url: &Url,
    conditions: &[(&'static str, String)],
    secrets: bool,
) -> Result<Response, Fault> {
    let mut builder = match &request.secret_body {
        Some(body) => {
            client.post(url.clone()).body(body.to_string()).header(CONTENT_TYPE, "application/json")
        }
        None => client.get(url.clone()),
    };
    builder = builder.header("accept", request.expect.accept());
    builder = match request.expect {
        // As it lies there: what is unpacked on the way could not go on in its middle.
        Expect::File => builder.header("accept-encoding", "identity"),
        // The whole of it; a file has only its pauses bounded, by the client's own limit.
        Expect::Json | Expect::Image => builder.timeout(service.timeout),
    };
    let secret = request.secret_headers.iter().filter(|_| secrets);
    for (name, value) in request.headers.iter().chain(conditions).chain(secret) {
        builder = builder.header(*name, value);
    }
    builder.send().map_err(|error| Fault::Lost(words(&error, service)))
}

/// Where an answer leads, if it leads on.
fn leads_on(response: &Response, from: &Url, request: &Request) -> Option<Result<Url, Fault>> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let to = response.headers().get(LOCATION)?.to_str().ok()?;
    if request.secret_body.is_some() {
        return Some(Err(Fault::Refused("leads on with what is secret".into())));
    }
    Some(from.join(to).map_err(|_| Fault::Refused("leads to no address".into())))
}

fn read(
    mut response: Response,
    request: &Request,
    service: &Service,
    begun: Instant,
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<Raw, Fault> {
    const BLOCK: usize = 64 * 1024;
    let limit = request.expect.limit();
    let too_long = || Fault::Refused(format!("answers more than {} MB", limit >> 20));
    if response.content_length().is_some_and(|length| length > limit as u64) {
        return Err(too_long());
    }
    let mut raw = head(&response);
    let mut block = vec![0; BLOCK];
    loop {
        if stop() {
            return Err(Fault::Stopped);
        }
        if begun.elapsed() > service.timeout {
            return Err(Fault::Lost(slow(service)));
        }
        match response.read(&mut block) {
            Ok(0) => return Ok(raw),
            Ok(count) => raw.body.extend(block.iter().take(count)),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == std::io::ErrorKind::TimedOut => {
                return Err(Fault::Lost(slow(service)));
            }
            Err(_) => return Err(Fault::Lost("breaks off in the middle of its answer".into())),
        }
        if raw.body.len() > limit {
            return Err(too_long());
        }
    }
}

/// What an answer says of itself before its body.
pub(super) fn head(response: &Response) -> Raw {
    let headers = response.headers();
    Raw {
        status: response.status().as_u16(),
        media_type: text(headers, CONTENT_TYPE.as_str())
            .and_then(|text| text.split(';').next().map(|text| text.trim().to_ascii_lowercase()))
            .unwrap_or_default(),
        etag: text(headers, ETAG.as_str()),
        modified: text(headers, LAST_MODIFIED.as_str()),
        retry_after: text(headers, RETRY_AFTER.as_str()),
        body: Vec::new(),
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn slow(service: &Service) -> String {
    format!("takes longer than {} s", service.timeout.as_secs_f32().ceil())
}

/// What went wrong, without the address, which may hold a key.
fn words(error: &reqwest::Error, service: &Service) -> String {
    let host = service.base.host_str().unwrap_or("?");
    if error.is_timeout() && !error.is_connect() {
        slow(service)
    } else if error.is_connect() || error.is_timeout() {
        // One that is called by its address needs it told once.
        let at = if host == service.name { String::new() } else { format!(" at `{host}`") };
        format!("cannot be reached{at}: {}", deepest(error))
    } else {
        format!("breaks off: {}", deepest(error))
    }
}

/// The last of what an error says, which is nearest to the cause.
fn deepest(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    let has_address = error.url().is_some() && cause.source().is_none() && std::ptr::addr_eq(cause, error);
    let text = if has_address { "no answer".to_owned() } else { cause.to_string() };
    let plain = text.split(" (os error").next().unwrap_or(&text);
    plain.chars().take(160).collect::<String>().to_lowercase()
}
