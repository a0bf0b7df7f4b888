//! The web page: its files inside the binary and how they are served; who may see them is the server's business.

mod assets;
mod site;

pub(super) use site::{application, asset, login_page, secured};
