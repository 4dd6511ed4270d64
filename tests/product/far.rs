//! Deliveries to real servers from outside: logins by an agent, and secrets that stay where they are.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use self::servers::Server;
use crate::world::{Ran, World, noise, tree};

#[path = "../servers/servers.rs"]
#[expect(dead_code, reason = "the tests of the stages use the rest of it")]
mod servers;

const NAME: &str = "Some.Release-GRP";
const PASSWORD: &str = "s3cret pass";

/// A project with a finished release and these destinations.
fn project(destinations: &str) -> World {
    let world = World::new();
    world.write("bindery.toml", destinations);
    world.write(&format!("dist/{NAME}/a.rar"), noise(700_000));
    world.write(&format!("dist/{NAME}/note.nfo"), "a note");
    world
}

/// An agent that lives as long as the test.
struct Agent {
    child: Child,
    socket: PathBuf,
}

impl Agent {
    fn start(world: &World) -> Option<Self> {
        let socket = world.path("agent.socket");
        let child = Command::new("ssh-agent")
            .args(["-D", "-a"])
            .arg(&socket)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .map_err(|error| println!("SKIPPED: ssh-agent: {error}"))
            .ok()?;
        for _ in 0..200 {
            if socket.exists() {
                break;
            }
            sleep(Duration::from_millis(20));
        }
        Some(Self { child, socket })
    }

    fn add(&self, key: PathBuf) {
        let added = Command::new("ssh-add").arg("-q").arg(key).env("SSH_AUTH_SOCK", &self.socket).status();
        assert!(added.unwrap().success());
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn an_agent_proves_who_logs_in() {
    let Some(server) = Server::start("sshd", &[]) else { return };
    let (port, me, hosts) = (server.port, servers::me(), server.file("known_hosts"));
    let world = project(&format!(
        "[destinations.far]\ntype = 'sftp'\nhost = '127.0.0.1'\nport = {port}\nuser = '{me}'\npath = 'in'\nknown_hosts = '{}'\n",
        hosts.display()
    ));
    let Some(agent) = Agent::start(&world) else { return };
    let upload = || {
        let mut command = world.command(&["upload", &format!("dist/{NAME}"), "--to", "far"]);
        Ran::of(command.env("SSH_AUTH_SOCK", &agent.socket).output().unwrap())
    };
    agent.add(server.file("id_stranger"));
    let ran = upload();
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.contains("remote/refused") && ran.stderr.contains("tried: agent"), "{}", ran.stderr);
    // A key of RSA beside one that does not fit.
    agent.add(server.file("id_rsa"));
    let ran = upload();
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(tree(&server.home().join("in").join(NAME)) == tree(&world.path("dist").join(NAME)));
}

#[test]
fn a_login_leaves_no_secret_behind() {
    let Some(server) = Server::start("proftpd", &[]) else { return };
    let world = project(&format!(
        "[destinations.far]\ntype = 'ftp'\nhost = '127.0.0.1'\nport = {}\nuser = 'alice'\npath = 'in'\npassword = {{ env = 'FAR' }}\n",
        server.port
    ));
    let release = format!("dist/{NAME}");
    let all: [&[&str]; 6] = [
        &["upload", &release, "--to", "far", "--progress", "json"],
        &["upload", &release, "--to", "far", "--json"],
        &["destinations", "show", "far", "--json"],
        &["destinations", "test", "far"],
        &["verify", &release, "--remote", "far"],
        &["resume"],
    ];
    for (password, code) in [("wr0ng-hunter2", 1), (PASSWORD, 0)] {
        for arguments in all {
            let ran = Ran::of(world.command(arguments).env("FAR", password).output().unwrap());
            let reaches = !matches!(arguments, ["destinations", "show", ..] | ["resume"]);
            assert!(ran.code == Some(code) || !reaches, "{arguments:?}: {}", ran.stderr);
            assert!(!ran.stdout.contains(password) && !ran.stderr.contains(password), "{arguments:?}");
        }
        for (name, bytes) in tree(&world.path(".bindery")) {
            assert!(!String::from_utf8_lossy(&bytes).contains(password), "{name}");
        }
    }
    let there = fs::read(server.home().join("in").join(NAME).join("a.rar")).unwrap();
    assert!(there == noise(700_000));
}
