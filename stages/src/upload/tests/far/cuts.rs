//! Real servers behind a proxy that cuts, resets, truncates and stalls.

use super::proxy::{Fault, How, Proxy, Way};
use super::*;

/// Tries a proxy with each fault, and calls with the settings that lead through it.
fn through(server: &Server, settings: &Value, fault: Fault, work: impl FnOnce(&dyn Destination, &Proxy)) {
    let proxy = Proxy::start(server.passive.iter().copied().chain([server.port]), fault);
    let host = json!({ "host": proxy::HOST });
    work(open(&with(settings, host)).as_ref(), &proxy);
}

/// Cuts a transfer at a place, and goes on from where it was cut on a new connection.
fn survive(server: &Server, settings: &Value, fault: Fault) {
    let bytes = noise(2_500_000, 9);
    through(server, settings, fault, |destination, proxy| {
        let path = "in/cut";
        let there = server.home().join(path);
        let _ = fs::remove_file(&there);
        let mut sent = 0;
        for attempt in 0..6 {
            // A server may still write what it got before it heard of the cut.
            let result = destination.connect().and_then(|mut far| {
                sent = far.stat(path)?.map_or(0, |entry| entry.size);
                far.put(path, sent, &mut &bytes[usize::try_from(sent).unwrap()..])
            });
            match result {
                Ok(_) => break,
                Err(error) if attempt < 5 => {
                    let code = &*error.code;
                    assert!(
                        matches!(code, "remote/lost" | "remote/timeout" | "remote/busy" | "remote/size"),
                        "{fault:?}: {error:?}"
                    );
                    assert!(error.retriable && error.hint.is_some(), "{error:?}");
                }
                Err(error) => panic!("{fault:?}: {error:?}"),
            }
        }
        assert_eq!(proxy.failed(), fault.times, "{fault:?}");
        assert!(fs::read(&there).unwrap() == bytes, "{fault:?}");
        assert!(proxy.passed() >= bytes.len() as u64);
    });
}

fn survive_cuts(server: &Server, settings: &Value) {
    for (after, times) in [(0, 1), (1, 2), (40, 1), (300, 1), (5_000, 1), (900_000, 2), (2_400_000, 1)] {
        for how in [How::Reset, How::End] {
            survive(server, settings, Fault { how, way: Way::Up, after, times });
        }
    }
    for after in [0, 10, 200] {
        survive(server, settings, Fault { how: How::Reset, way: Way::Down, after, times: 1 });
    }
    let hasty = with(settings, json!({ "timeout": "1500ms" }));
    for after in [100, 700_000] {
        survive(server, &hasty, Fault { how: How::Stall, way: Way::Up, after, times: 1 });
    }
    survive(server, &hasty, Fault { how: How::Stall, way: Way::Down, after: 60, times: 1 });
}

#[test]
fn ftp_survives_cuts() {
    let server = start!("proftpd");
    survive_cuts(&server, &plain(&server));
}

#[test]
fn ftps_survives_cuts() {
    let server = start!("proftpd", TLS = "required", REUSE = "required");
    survive_cuts(&server, &secure(&server));
}

#[test]
fn sftp_survives_cuts() {
    let server = start!("sshd");
    survive_cuts(&server, &openssh(&server));
}

#[test]
fn what_stalls_is_told_in_time_and_let_go_at_once() {
    let check = |server: &Server, settings: &Value| {
        let fault = Fault { how: How::Stall, way: Way::Up, after: 600_000, times: 1 };
        let hasty = with(settings, json!({ "timeout": "1500ms" }));
        through(server, &hasty, fault, |destination, _| {
            let mut far = destination.connect().unwrap();
            let error = far.put("in/a", 0, &mut &noise(8 << 20, 1)[..]).unwrap_err();
            failed(&error, "remote/timeout", true);
        });
        // With an hour to wait, a drop that waited for the far end would be noticed.
        let patient = with(settings, json!({ "timeout": "1h" }));
        through(server, &patient, Fault { times: 0, ..fault }, |destination, proxy| {
            let far = destination.connect().unwrap();
            proxy.freeze();
            drop(far);
        });
    };
    let server = start!("proftpd");
    check(&server, &plain(&server));
    let server = start!("sshd");
    check(&server, &openssh(&server));
}
