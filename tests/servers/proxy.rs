//! A way between client and server that fails on purpose: it cuts, stalls and holds back.
//!
//! It listens at 127.0.0.2 on the server's own ports, so that data connections of FTP pass through it as well, even
//! those that TLS agrees on.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;

/// Where the proxy listens.
pub(crate) const HOST: &str = "127.0.0.2";

/// How a connection fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// It is reset.
    Reset,
    /// It ends as if all had been said.
    End,
    /// It stays open, and nothing passes.
    Stall,
    /// It goes on, and one bit is another.
    Flip,
}

/// Which way the bytes go that are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Up,
    Down,
}

/// When and how connections fail.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) how: How,
    pub(crate) way: Way,
    /// How many bytes pass on one connection before.
    pub(crate) after: u64,
    /// How many connections fail; the others pass whole.
    pub(crate) times: usize,
}

struct Shared {
    fault: Mutex<Fault>,
    left: AtomicUsize,
    stop: AtomicBool,
    frozen: AtomicBool,
    passed: AtomicU64,
    open: Mutex<Vec<Weak<Pair>>>,
    kept: Mutex<Vec<Arc<Pair>>>,
}

impl Shared {
    /// Keeps a connection open that nobody passes anything on for.
    fn keep(&self, pair: Arc<Pair>) {
        self.kept.lock().unwrap().push(pair);
    }
}

/// The proxy; it ends when it is dropped.
pub(crate) struct Proxy(Arc<Shared>, Vec<JoinHandle<()>>);

impl Proxy {
    /// Passes on to 127.0.0.1 what comes at these ports.
    pub(crate) fn start(ports: impl IntoIterator<Item = u16>, fault: Fault) -> Self {
        let shared = Arc::new(Shared {
            fault: Mutex::new(fault),
            left: AtomicUsize::new(fault.times),
            stop: AtomicBool::new(false),
            frozen: AtomicBool::new(false),
            passed: AtomicU64::new(0),
            open: Mutex::default(),
            kept: Mutex::default(),
        });
        let start = |port: u16| {
            let listener = TcpListener::bind((HOST, port)).expect("the port is free at the proxy's address");
            listener.set_nonblocking(true).unwrap();
            let shared = Arc::clone(&shared);
            thread::spawn(move || listen(&listener, port, &shared))
        };
        let listeners = ports.into_iter().map(start).collect();
        Self(shared, listeners)
    }

    /// Lets nothing pass any more, and closes nothing.
    pub(crate) fn freeze(&self) {
        self.0.frozen.store(true, Ordering::SeqCst);
    }

    /// Fails in another way from now on.
    pub(crate) fn fail(&self, fault: Fault) {
        *self.0.fault.lock().unwrap() = fault;
        self.0.left.store(fault.times, Ordering::SeqCst);
    }

    /// How many connections have failed.
    pub(crate) fn failed(&self) -> usize {
        self.0.fault.lock().unwrap().times - self.0.left.load(Ordering::SeqCst)
    }

    /// How many bytes went up.
    pub(crate) fn passed(&self) -> u64 {
        self.0.passed.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.0.stop.store(true, Ordering::SeqCst);
        for listener in self.1.drain(..) {
            let _ = listener.join();
        }
        self.0.kept.lock().unwrap().clear();
        for pair in self.0.open.lock().unwrap().iter().filter_map(Weak::upgrade) {
            let _ = (pair.client.shutdown(Shutdown::Both), pair.server.shutdown(Shutdown::Both));
        }
    }
}

/// The two ends of a connection. The last pump to let go of them closes them.
struct Pair {
    client: TcpStream,
    server: TcpStream,
    failed: AtomicBool,
}

fn listen(listener: &TcpListener, port: u16, shared: &Arc<Shared>) {
    while !shared.stop.load(Ordering::SeqCst) {
        let Ok((client, _)) = listener.accept() else {
            thread::sleep(Duration::from_millis(2));
            continue;
        };
        client.set_nonblocking(false).unwrap();
        let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { continue };
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        let pair = Arc::new(Pair { client, server, failed: AtomicBool::new(false) });
        shared.open.lock().unwrap().push(Arc::downgrade(&pair));
        for way in [Way::Up, Way::Down] {
            let (pair, shared) = (Arc::clone(&pair), Arc::clone(shared));
            thread::spawn(move || pump(way, pair, &shared));
        }
    }
}

/// Passes bytes on until there are no more, or until it is time to fail.
fn pump(way: Way, pair: Arc<Pair>, shared: &Shared) {
    let (mut from, mut to) = match way {
        Way::Up => (&pair.client, &pair.server),
        Way::Down => (&pair.server, &pair.client),
    };
    let mut block = vec![0; 64 * 1024];
    let mut passed = 0;
    loop {
        let read = match from.read(&mut block) {
            Ok(0) | Err(_) => break,
            Ok(read) => read as u64,
        };
        if shared.frozen.load(Ordering::SeqCst) {
            return shared.keep(pair);
        }
        let fault = *shared.fault.lock().unwrap();
        let is_time = way == fault.way && passed + read > fault.after;
        if fault.how == How::Flip {
            if is_time && passed <= fault.after && take(&shared.left) {
                block[(fault.after - passed) as usize] ^= 1;
            }
        } else if is_time && take(&shared.left) {
            let last = (fault.after - passed.min(fault.after)) as usize;
            if to.write_all(&block[..last]).is_ok() && way == Way::Up {
                shared.passed.fetch_add(last as u64, Ordering::SeqCst);
            }
            pair.failed.store(true, Ordering::SeqCst);
            return fail(fault.how, pair, shared);
        }
        if to.write_all(&block[..read as usize]).is_err() {
            break;
        }
        passed += read;
        if way == Way::Up {
            shared.passed.fetch_add(read, Ordering::SeqCst);
        }
    }
    if !pair.failed.load(Ordering::SeqCst) {
        let _ = to.shutdown(Shutdown::Write);
    }
}

fn take(left: &AtomicUsize) -> bool {
    left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
}

fn fail(how: How, pair: Arc<Pair>, shared: &Shared) {
    match how {
        // The client hears of it when the other pump lets go as well, which the server's end makes it do.
        How::Reset => {
            let _ = set_socket_linger(&pair.client, Some(Duration::ZERO));
            let _ = pair.server.shutdown(Shutdown::Both);
            let _ = pair.client.shutdown(Shutdown::Read);
        }
        How::End => {
            let _ = (pair.client.shutdown(Shutdown::Both), pair.server.shutdown(Shutdown::Both));
        }
        How::Stall | How::Flip => shared.keep(pair),
    }
}
