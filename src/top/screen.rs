//! The terminal as a screen of one's own, given back in its old state however this ends.

use std::io::{self, Write as _};
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::event::{self, Event};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use tokio::sync::mpsc;

use super::state::Message;

/// True while the terminal is ours: a panic anywhere in the process has to give it back before it speaks.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal while it shows the view.
pub(super) struct Screen {
    pub(super) terminal: Terminal<CrosstermBackend<io::Stdout>>,
}

impl Screen {
    /// Takes the terminal: no echo, keys at once, another page than the shell's.
    pub(super) fn take() -> io::Result<Self> {
        give_back_before_panics();
        // Whatever of it fails, what was done before is undone.
        TAKEN.store(true, Ordering::SeqCst);
        let taken = enter().and_then(|()| Terminal::new(CrosstermBackend::new(io::stdout())));
        match taken {
            Ok(terminal) => Ok(Self { terminal }),
            Err(error) => {
                give_back();
                Err(error)
            }
        }
    }

    /// Gives the terminal back, stops the process as the shell's job control does, and takes it again afterwards.
    pub(super) fn suspend(&mut self) -> io::Result<()> {
        give_back();
        let own = rustix::process::getpid();
        rustix::process::kill_process(own, rustix::process::Signal::TSTP)?;
        TAKEN.store(true, Ordering::SeqCst);
        enter()?;
        // Not `clear`: it asks the terminal where the cursor is, and the answer would go to the thread that reads keys.
        self.terminal = Terminal::new(CrosstermBackend::new(io::stdout()))?;
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

fn enter() -> io::Result<()> {
    enable_raw_mode()?;
    execute!(
        io::stdout(),
        EnterAlternateScreen,
        ratatui::crossterm::cursor::Hide
    )
}

/// Once for each time it was taken. A terminal that is gone has nothing to be given back.
fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        execute!(io::stdout(), LeaveAlternateScreen, Show).ok();
        disable_raw_mode().ok();
        io::stdout().flush().ok();
    }
}

/// What a panic says would be lost with the page that it is said on.
fn give_back_before_panics() {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        give_back();
        hook(info);
    }));
}

/// Keys and changes of size from the terminal, until nobody listens or the terminal is gone; then the channel ends.
///
/// Reading blocks, so it has a thread of its own, which ends with the process.
pub(super) fn listen() -> mpsc::Receiver<Message> {
    // Nobody types faster than frames are drawn; a paste waits in the terminal.
    let (sender, receiver) = mpsc::channel(16);
    std::thread::spawn(move || {
        while let Ok(event) = event::read() {
            let message = match event {
                Event::Key(key) => Message::Key(key),
                Event::Resize(..) => Message::Resized,
                _ => continue,
            };
            if sender.blocking_send(message).is_err() {
                return;
            }
        }
    });
    receiver
}
