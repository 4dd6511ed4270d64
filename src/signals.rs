//! Ctrl-C, SIGTERM and SIGHUP: the first lets the run end cleanly, the second ends it at once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use engine::Cancel;

use crate::exit::Exit;
use crate::ui;

/// Says a line where it disturbs nothing.
type Say = Box<dyn Fn(&str) + Send>;

/// What signals do to a run.
#[derive(Clone)]
pub struct Interrupt {
    /// Set by the first signal.
    pub cancel: Cancel,
    say: Arc<Mutex<Say>>,
}

impl Interrupt {
    /// Lets another part of the program say the line, such as a display that would be torn otherwise.
    pub fn say_through(&self, say: impl Fn(&str) + Send + 'static) {
        *self.say.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(say);
    }
}

/// Listens to signals from now on.
pub fn listen() -> Interrupt {
    let interrupt =
        Interrupt { cancel: Cancel::default(), say: Arc::new(Mutex::new(Box::new(ui::say_plainly))) };
    let heard = interrupt.clone();
    let once = AtomicBool::new(false);
    let handler = move || {
        if once.swap(true, Ordering::Relaxed) {
            std::process::exit(Exit::Interrupted as i32);
        }
        heard.cancel.cancel();
        let say = heard.say.lock().unwrap_or_else(PoisonError::into_inner);
        say("interrupted: finishing what can be finished cleanly; again to stop at once");
    };
    // Without a handler the system's own way of ending a program remains, which is no reason not to run.
    let _ = ctrlc::set_handler(handler);
    interrupt
}
