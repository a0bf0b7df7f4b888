//! A headless Chromium for tests, told what to do through chromedriver; what to test is the tests' business.

mod driver;

pub(crate) use driver::{Browser, Programs, Screen};
