//! Real servers for tests, started on free ports in temporary folders and stopped by their number.
//!
//! Both the stages' own tests and those of the product take this file in. The servers themselves are started by the
//! scripts beside it, which need programs that may not be there: then a server says so and is none.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use tempfile::TempDir;

/// How many ports a server of FTP has for data.
const PORTS: u16 = 24;

/// A server that runs until it is dropped.
pub(crate) struct Server {
    folder: TempDir,
    script: &'static str,
    pub(crate) port: u16,
    /// The ports of its data connections.
    pub(crate) passive: Vec<u16>,
    mounted: Option<PathBuf>,
}

impl Server {
    /// Starts `proftpd`, `vsftpd` or `sshd` with these settings of its script. None, and a line that says so, where
    /// what it needs is missing.
    pub(crate) fn start(script: &'static str, settings: &[(&str, &str)]) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        if let Some(missing) = missing(script) {
            println!("SKIPPED: {missing} is not installed");
            return None;
        }
        let mut certificates = Command::new(scripts().join("certificates"));
        certificates.arg(folder.path().join("s/certificates")).envs(settings.iter().copied());
        run(&mut certificates).expect("certificates are made");
        // Somebody else may take a port between looking and starting.
        for attempt in 0.. {
            let ports = free_ports();
            let mut command = Command::new(scripts().join(script));
            command.arg("start").arg(folder.path().join("s")).arg(ports[0].to_string());
            command.arg(ports[1].to_string()).arg(ports[PORTS as usize].to_string());
            let started = run(command.envs(settings.iter().copied()));
            match started {
                Ok(()) => {
                    let (port, passive) = (ports[0], ports[1..].to_vec());
                    return Some(Self { folder, script, port, passive, mounted: None });
                }
                Err(error) if attempt == 4 => panic!("{script} does not start: {error}"),
                Err(_) => {}
            }
        }
        None
    }

    /// The folder of the server.
    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.path().join("s")
    }

    /// Where its users are led.
    pub(crate) fn home(&self) -> PathBuf {
        self.folder().join("home")
    }

    /// A file that the script made.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    /// Makes `home/small` a disk of one mebibyte. False, and a line that says so, where only root may.
    pub(crate) fn mount_small_disk(&mut self) -> bool {
        let small = self.home().join("small");
        fs::create_dir_all(&small).unwrap();
        let mode = "size=1m,mode=777";
        let mounted = run(Command::new("mount").args(["-t", "tmpfs", "-o", mode, "tmpfs"]).arg(&small));
        match mounted {
            Ok(()) => self.mounted = Some(small),
            Err(error) => println!("SKIPPED: a full disk, which root alone can make: {error}"),
        }
        self.mounted.is_some()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let stopped = run(Command::new(scripts().join(self.script)).arg("stop").arg(self.folder()));
        if let Some(small) = &self.mounted {
            // Connections may still be open, and must not keep the folder from being removed.
            run(Command::new("umount").arg("-l").arg(small)).unwrap_or_else(|error| eprintln!("{error}"));
        }
        // The temporary folder goes even if its owner wrote-protected parts of it.
        let _ = run(Command::new("chmod").args(["-R", "u+w"]).arg(self.home()));
        if let Err(error) = stopped {
            eprintln!("{} was not stopped: {error}", self.script);
        }
    }
}

/// The user that tests run as.
pub(crate) fn me() -> String {
    let output = Command::new("id").arg("-un").output().expect("`id` runs");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn scripts() -> PathBuf {
    let mut folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    while !folder.join("tests/servers").is_dir() {
        folder = folder.parent().expect("the scripts lie in the project");
    }
    folder.join("tests/servers")
}

/// What a script needs and does not find.
fn missing(script: &str) -> Option<String> {
    let root = scripts().join("../..");
    let mut places: Vec<PathBuf> =
        std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect();
    places.extend(["/usr/sbin".into(), root.join(format!("target/servers/{script}/usr/sbin"))]);
    let tools: &[&str] = if script == "vsftpd" { &["openssl"] } else { &["openssl", "ssh-keygen"] };
    let lacks = |tool: &&str| !places.iter().any(|place| place.join(tool).is_file());
    tools.iter().copied().chain([script]).find(lacks).map(str::to_owned)
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).stdout(Stdio::null()).output();
    match output {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Ports in a row that nothing listens on, below those that the system gives out by itself.
fn free_ports() -> Vec<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let own = u16::try_from(std::process::id() % 400).unwrap_or_default();
    loop {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let first = 20_000 + (own.wrapping_add(step.wrapping_mul(37)) % 400) * 30;
        let ports: Vec<u16> = (first..=first + PORTS).collect();
        let is_free = |port: &u16| {
            ["127.0.0.1", "127.0.0.2"].iter().all(|address| TcpListener::bind((*address, *port)).is_ok())
        };
        if ports.iter().all(is_free) {
            return ports;
        }
    }
}
