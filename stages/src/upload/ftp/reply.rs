//! What a server of FTP answers, as failures with a code.

use std::io;

use engine::StageError;
use suppaftp::FtpError;

use super::super::remote::{self, Hidden};

/// The number and text of a reply, if the failure is one.
pub(super) fn refusal(error: &FtpError) -> Option<(u16, String)> {
    let FtpError::UnexpectedResponse(response) = error else { return None };
    let text = String::from_utf8_lossy(&response.body);
    let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
    // Numbers that the library has no name for stand in the text alone.
    let number =
        last.get(..3).and_then(|digits| digits.parse().ok()).unwrap_or(response.status.code() as u16);
    let words: Vec<&str> = text.lines().map(|line| line.get(4..).unwrap_or_default()).collect();
    Some((number, remote::said(&words.join(" "))))
}

/// A failure while `doing` something with a file, such as "writing `a.rar`".
pub(super) fn failure(doing: &str, error: FtpError, secret: &Hidden) -> StageError {
    if let Some((number, text)) = refusal(&error) {
        return refused(doing, number, &secret.strike(&text));
    }
    match error {
        FtpError::ConnectionError(error) => broken(doing, &error),
        FtpError::SecureError(text) => certificate(&remote::said(&text)),
        error => StageError::new(
            "remote/protocol",
            format!("the server's answer makes no sense while {doing}: {}", remote::said(&error.to_string())),
        )
        .hint("check that `host` and `port` are those of an FTP server, and `implicit` for FTPS"),
    }
}

/// A failure while logging in, where a refusal is one of the user.
pub(super) fn login(user: &str, error: FtpError, secret: &Hidden) -> StageError {
    match refusal(&error) {
        Some((number @ (430 | 530 | 532 | 332), text)) if !is_crowded(&text) => StageError::new(
            "remote/refused",
            format!("the server refuses the login of `{user}`: {number} {}", secret.strike(&text)),
        )
        .hint("check `user` and `password`"),
        _ => failure("logging in", error, secret),
    }
}

/// A connection that broke, be it for a certificate that is not to be trusted.
pub(super) fn broken(doing: &str, error: &io::Error) -> StageError {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(why)) => {
            let why = match why {
                rustls::CertificateError::Other(rustls::OtherError(error)) => error.to_string(),
                why => why.to_string(),
            };
            certificate(&remote::said(&why))
        }
        Some(rustls::Error::General(why)) => certificate(&remote::said(why)),
        Some(rustls::Error::InvalidMessage(_)) => StageError::new(
            "remote/protocol",
            format!("the server does not answer in TLS while {doing}"),
        )
        .hint(
            "for FTPS that begins with TLS set `implicit = true`, usually with port 990; else leave it out",
        ),
        Some(error) => StageError::new(
            "remote/protocol",
            format!("TLS failed while {doing}: {}", remote::said(&error.to_string())),
        )
        .hint("check that the server speaks TLS 1.2 or 1.3"),
        None => remote::lost(doing, error),
    }
}

/// That nothing of this name is there.
pub(super) fn missing(path: &str) -> StageError {
    StageError::new("remote/missing", format!("there is nothing at `{path}`"))
        .hint("it may have been removed meanwhile; deliver it again")
}

/// A name that something has already.
pub(super) fn taken(path: &str) -> StageError {
    StageError::new("remote/exists", format!("there is something at `{path}` already"))
        .hint("remove it, or choose another name")
}

fn certificate(why: &str) -> StageError {
    StageError::new("remote/certificate", format!("the server's certificate is not to be trusted: {why}")).hint(
        "check `host`; `ca` names a file with your own authority or with the server's own certificate, `fingerprint` pins \
         one certificate",
    )
}

fn refused(doing: &str, number: u16, text: &str) -> StageError {
    let fault = |code: &'static str, what: &str| {
        StageError::new(code, format!("{what} while {doing}: {number} {text}"))
    };
    match number {
        421 | 530 if is_crowded(text) || number == 421 => {
            fault("remote/busy", "the server takes no more connections")
                .hint("lower `connections`, or try later")
                .retriable()
        }
        425 | 426 => fault("remote/lost", "the data connection was lost")
            .hint("try again; a firewall may block the server's passive ports")
            .retriable(),
        450 => fault("remote/busy", "the file is in use").hint("try later").retriable(),
        // How vsftpd and proftpd tell that they cannot write.
        451 if ["writing to local file", "input/output error"]
            .iter()
            .any(|word| text.to_lowercase().contains(word)) =>
        {
            full(fault("remote/full", "the server cannot store more"))
        }
        451 => fault("remote/lost", "the server gave up").retriable(),
        452 | 552 => full(fault("remote/full", "no space is left")),
        _ if is_full(text) => full(fault("remote/full", "no space is left")),
        530 => fault("remote/refused", "the server refuses").hint("check `user` and `password`"),
        522 => fault("remote/protocol", "the server wants another TLS session on the data connection"),
        533 | 534 | 536 | 537 | 521 => {
            fault("remote/protocol", "the server refuses how connections are protected")
                .hint("try `type = \"ftps\"`, or `\"ftp\"`")
        }
        550 | 553 | 532 if is_missing(text) => fault("remote/missing", "there is no such file")
            .hint("it may have been removed meanwhile; deliver it again"),
        550 | 553 | 532 => fault("remote/denied", "the server does not allow it")
            .hint("check the rights of `user` below `path` at the destination"),
        _ => fault("remote/protocol", "the server answers otherwise than expected"),
    }
}

fn full(error: StageError) -> StageError {
    error.hint("free some space at the destination")
}

fn is_crowded(text: &str) -> bool {
    let text = text.to_lowercase();
    ["too many", "maximum", "max ", "limit"].iter().any(|word| text.contains(word))
}

fn is_full(text: &str) -> bool {
    let text = text.to_lowercase();
    ["no space", "disk full", "quota"].iter().any(|word| text.contains(word))
}

/// Whether a refusal says that there is nothing of that name.
pub(super) fn is_missing(text: &str) -> bool {
    let text = text.to_lowercase();
    text.contains("no such file") || text.contains("not found") || text.contains("does not exist")
}

#[cfg(test)]
mod tests {
    use suppaftp::Status;
    use suppaftp::types::Response;

    use super::*;

    fn reply(text: &str) -> FtpError {
        let number: u32 = text.get(..3).and_then(|digits| digits.parse().ok()).unwrap_or_default();
        FtpError::UnexpectedResponse(Response::new(Status::from(number), text.as_bytes().to_vec()))
    }

    #[test]
    fn every_reply_has_its_code() {
        let check = |text: &str, code: &str, retriable: bool| {
            let error = failure("writing `a`", reply(text), &Hidden::new("pw".into()));
            assert_eq!((&*error.code, error.retriable), (code, retriable), "{text}");
        };
        check("421 Too many connections from your address\r\n", "remote/busy", true);
        check("421 Timeout.\r\n", "remote/busy", true);
        check("425 Unable to build data connection\r\n", "remote/lost", true);
        check("426 Failure reading network stream.\r\n", "remote/lost", true);
        check("451 Failure writing to local file.\r\n", "remote/full", false);
        check("452 Insufficient space\r\n", "remote/full", false);
        check("552 Transfer aborted. Disk quota exceeded\r\n", "remote/full", false);
        check("550 a: No space left on device\r\n", "remote/full", false);
        check("550 a: Permission denied\r\n", "remote/denied", false);
        check("550 a: No such file or directory\r\n", "remote/missing", false);
        check("553 Could not create file.\r\n", "remote/denied", false);
        check("522 SSL connection failed; session reuse required\r\n", "remote/protocol", false);
        check("500 What?\r\n", "remote/protocol", false);
    }

    #[test]
    fn a_login_is_refused_for_good_unless_the_server_is_crowded() {
        let check = |text: &str, code: &str, retriable: bool| {
            let error = login("me", reply(text), &Hidden::new("hunter2".into()));
            assert_eq!((&*error.code, error.retriable), (code, retriable), "{text}");
            assert!(!format!("{error:?}").contains("hunter2"));
        };
        check("530 Login incorrect for me:hunter2\r\n", "remote/refused", false);
        check("530 Sorry, the maximum number of clients (3) has been reached\r\n", "remote/busy", true);
        check("421 hunter2\r\n", "remote/busy", true);
    }

    #[test]
    fn an_answer_of_several_lines_is_told_in_one() {
        let (number, text) = refusal(&reply("550-a is\r\n550 gone\r\n")).unwrap();
        assert_eq!((number, text.as_str()), (550, "a is gone"));
    }
}
