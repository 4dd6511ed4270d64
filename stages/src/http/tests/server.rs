//! A server on this machine that answers as a test says, also with faults, and counts what it is asked.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::Duration;

use serde_json::Value;

/// What was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    /// With the query.
    pub path: String,
    /// All headers, in lower case.
    pub headers: String,
    pub body: String,
}

/// What is answered.
pub enum Reply {
    /// A status, headers, a body.
    Whole(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// A body that ends before its length.
    Cut(Vec<u8>),
    /// Nothing, until the other side or the server goes.
    Silence,
}

impl Reply {
    pub fn json(value: &Value) -> Self {
        Self::with(200, &[], value)
    }

    pub fn with(status: u16, headers: &[(&'static str, &str)], value: &Value) -> Self {
        let own = [("content-type", "application/json".to_owned())];
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).chain(own);
        Self::Whole(status, headers.collect(), value.to_string().into_bytes())
    }

    pub fn text(status: u16, kind: &str, text: &str) -> Self {
        Self::Whole(status, vec![("content-type", kind.to_owned())], text.as_bytes().to_vec())
    }
}

/// The server. It ends with the test.
pub struct Server {
    pub url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub fn new(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let (asked, over) = (Arc::<Mutex<Vec<Asked>>>::default(), Arc::new(AtomicBool::new(false)));
        let answer = Arc::new(answer);
        let (list, end) = (Arc::clone(&asked), Arc::clone(&over));
        let thread = spawn(move || {
            for stream in listener.incoming().flatten() {
                if end.load(Ordering::Relaxed) {
                    break;
                }
                let (answer, list, end) = (Arc::clone(&answer), Arc::clone(&list), Arc::clone(&end));
                spawn(move || serve(stream, &*answer, &list, &end));
            }
        });
        Self { url, asked, over, thread: Some(thread) }
    }

    /// Everything that was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub fn count(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // Wakes it, so that it sees that it is over.
        let _ = TcpStream::connect(self.url.trim_start_matches("http://").trim_end_matches('/'));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn serve(
    mut stream: TcpStream,
    answer: &(dyn Fn(&Asked) -> Reply + Send + Sync),
    list: &Mutex<Vec<Asked>>,
    over: &AtomicBool,
) {
    let Some(asked) = read(&mut stream) else { return };
    list.lock().unwrap().push(asked.clone());
    // The other side may be gone, which some tests are about.
    let _ = match answer(&asked) {
        Reply::Whole(status, headers, body) => {
            let mut head =
                format!("HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
            headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
            stream.write_all(format!("{head}\r\n").as_bytes()).and_then(|()| stream.write_all(&body))
        }
        Reply::Cut(body) => {
            let head = format!(
                "HTTP/1.1 200 x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                body.len() + 100
            );
            stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body))
        }
        Reply::Silence => {
            stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
            while !over.load(Ordering::Relaxed) && !matches!(stream.read(&mut [0]), Ok(0)) {
                sleep(Duration::from_millis(5));
            }
            Ok(())
        }
    };
}

fn read(stream: &mut TcpStream) -> Option<Asked> {
    let (mut bytes, mut block) = (Vec::new(), [0; 4096]);
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        match stream.read(&mut block) {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend(&block[..count]),
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut first = head.lines().next()?.split(' ').map(str::to_owned);
    let (method, path) = (first.next()?, first.next()?);
    let headers = head.to_lowercase();
    let length = headers.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
    let length: usize = length.unwrap_or(0);
    while bytes.len() < end + length {
        match stream.read(&mut block) {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend(&block[..count]),
        }
    }
    let body = String::from_utf8_lossy(&bytes[end..]).into_owned();
    Some(Asked { method, path, headers, body })
}
