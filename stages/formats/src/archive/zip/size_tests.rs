//! Archives past what 32 bits count, written with holes so that they take no space, and listed by foreign programs.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use super::super::run_foreign as run;
use super::*;

/// A file in which zeros are holes.
struct Sparse {
    file: File,
    gap: u64,
}

static ZEROS: [u8; 256 * 1024] = [0; 256 * 1024];

impl Write for Sparse {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if ZEROS.get(..bytes.len()) == Some(bytes) {
            self.file.seek(SeekFrom::Current(bytes.len() as i64))?;
            return Ok(bytes.len());
        }
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Gap for Sparse {
    fn leave_gap(&mut self, len: u64) -> io::Result<()> {
        self.gap = self.file.stream_position()?;
        self.file.seek(SeekFrom::Current(len as i64)).map(drop)
    }

    fn fill_gap(&mut self, bytes: &[u8]) -> io::Result<()> {
        let end = self.file.stream_position()?;
        self.file.seek(SeekFrom::Start(self.gap))?;
        self.file.write_all(bytes)?;
        self.file.seek(SeekFrom::Start(end)).map(drop)
    }

    fn withdraw_gap(&mut self) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.gap)).map(drop)
    }
}

#[test]
fn files_and_offsets_past_four_gib_are_listed_by_foreign_programs() {
    const SIZE: u64 = (4 << 30) + 5;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.zip");
    let mut crc = crc32fast::Hasher::new();
    io::copy(&mut io::repeat(0).take(SIZE), &mut Hashed(&mut crc)).unwrap();
    let crc32 = crc.finalize();
    let mut writer =
        Writer::new(Sparse { file: File::create_new(&path).unwrap(), gap: 0 }, DosTime::EARLIEST);
    let mut quiet = |_: u64| Ok(());
    writer.store("stored", SIZE, crc32, &mut io::repeat(0).take(SIZE), &mut quiet).unwrap();
    let poured = writer.pour("poured", SIZE, Method::Stored, |out| {
        io::copy(&mut io::repeat(0).take(SIZE), out).map_err(Error::Write)?;
        Ok::<u32, Error>(crc32)
    });
    assert!(poured.unwrap());
    writer.store("small", 3, crc32fast::hash(b"abc"), &mut b"abc".as_slice(), &mut quiet).unwrap();
    writer.finish().unwrap();
    let script = "import zipfile\nz = zipfile.ZipFile('x.zip')\nprint([i.file_size for i in z.infolist()], z.read('small'))";
    let sizes = format!("[{SIZE}, {SIZE}, 3] b'abc'");
    let size = SIZE.to_string();
    for (program, arguments, want) in [
        ("unzip", ["-l", "x.zip"].as_slice(), &size),
        ("unzip", &["-tqq", "x.zip", "small"], &String::new()),
        ("7z", &["l", "x.zip"], &size),
        ("python3", &["-c", script], &sizes),
    ] {
        if let Some((good, text)) = run(program, arguments, directory.path()) {
            let text = text.to_lowercase();
            assert!(
                good && text.contains(want) && !text.contains("warning") && !text.contains("error"),
                "{program}: {text}"
            );
        }
    }
}

struct Hashed<'a>(&'a mut crc32fast::Hasher);

impl Write for Hashed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
