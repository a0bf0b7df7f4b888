//! What the worker loop asks of a protocol; opens no socket.

use super::jar::Jar;
use super::response::Malformed;
use super::script::ScriptError;

/// One protocol.
pub(crate) trait Client {
    type Response: Response;

    /// Which entry of the mix the request with this number in the schedule is.
    fn choose(&self, number: u64) -> usize;

    /// Which of the run's origins an entry is sent to.
    fn origin(&self, entry: usize) -> usize;

    /// Writes a request of a visitor with these cookies into `composed`; nothing where all of its entry are the same.
    ///
    /// # Errors
    /// A script that fails.
    fn compose(
        &mut self,
        entry: usize,
        number: u64,
        cookies: &str,
        composed: &mut Vec<u8>,
    ) -> Result<(), ScriptError>;

    /// Whether somebody looks at whole answers: then they have to be kept.
    fn looks_at_answers(&self) -> bool;

    /// Shows a whole answer to who looks at them; what it sets goes into the visitor's `jar`.
    ///
    /// # Errors
    /// A script that fails.
    fn answered(&mut self, response: &Self::Response, jar: &mut Jar) -> Result<(), ScriptError>;

    /// The bytes of a request of `entry` of which `composed` was written.
    fn request<'a>(&'a self, entry: usize, composed: &'a [u8]) -> &'a [u8];

    /// Whether connections may serve more than one request where the response allows it.
    fn keeps_connections(&self, entry: usize) -> bool;
}

/// One response as it arrives, in pieces of any size.
pub(crate) trait Response: Default {
    /// Forgets the last response; keeps its memory.
    fn reset(&mut self);
    /// From now on keeps what comes until the next is begun.
    fn keep(&mut self);
    /// Takes bytes as they come; `true` once the response is complete.
    fn feed(&mut self, bytes: &[u8]) -> Result<bool, Malformed>;
    /// Whether the end of the connection completes it.
    fn ends_with_close(&self) -> bool;
    fn status(&self) -> u16;
    /// Whether the connection may serve another request after this one.
    fn reusable(&self) -> bool;
    /// Whether any byte of it has come.
    fn started(&self) -> bool;
}
