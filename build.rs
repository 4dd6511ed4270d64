//! Links the program so that it starts quickly, which is most of the time in which a small file is read.
//!
//! `BINDERY_PIE=1` leaves the program as compilers make it, for those whose rules ask for one that can lie anywhere.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

fn main() {
    println!("cargo:rerun-if-env-changed=BINDERY_PIE");
    println!("cargo:rerun-if-changed=build.rs");
    let variable = |name: &str| env::var(name).unwrap_or_default();
    let is_linux = variable("CARGO_CFG_TARGET_OS") == "linux" && variable("CARGO_CFG_TARGET_ENV") == "gnu";
    if !is_linux {
        return;
    }
    if env::var_os("BINDERY_PIE").is_none() {
        // 46,000 addresses would have to be filled in at every start, on 200 pages.
        println!("cargo:rustc-link-arg-bins=-no-pie");
    }
    if variable("HOST") == variable("TARGET")
        && let Some(unwinder) = unwinder()
        && let Some(folder) = offered(&unwinder, Path::new(&variable("OUT_DIR")))
    {
        println!("cargo:rustc-link-search=native={}", folder.display());
    }
}

/// The compiler's own unwinder as a static library. The shared one is a file more to load, and asks the processor at
/// every start for all that it can do, which takes long on virtual machines.
fn unwinder() -> Option<PathBuf> {
    let asked = Command::new("cc").arg("-print-file-name=libgcc_eh.a").output().ok()?;
    let path = PathBuf::from(String::from_utf8(asked.stdout).ok()?.trim());
    (path.is_absolute() && path.is_file()).then_some(path)
}

/// A folder that has it under the name by which the standard library asks for the shared one.
fn offered(unwinder: &Path, out: &Path) -> Option<PathBuf> {
    let folder = out.join("unwinder");
    fs::create_dir_all(&folder).ok()?;
    fs::copy(unwinder, folder.join("libgcc_s.a")).ok()?;
    Some(folder)
}
