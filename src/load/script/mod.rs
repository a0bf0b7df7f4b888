//! Scripts written for wrk and wrk2, in Lua 5.1: `setup`, `init`, `request`, `response` and `done`, with the table `wrk`; opens no
//! connection. The thread that sends calls `request` for each request and `response` for each answer, where the script has them.

mod done;
mod thread;

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use mlua::{Function, Lua, Table, Value, Variadic};

use super::Request;
use super::response::{HttpResponse, Kept};
use super::target::{Protocol, Target};
use thread::ScriptThread;

const PRELUDE: &str = include_str!("prelude.lua");

/// A script as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScriptSource {
    pub(crate) path: PathBuf,
    pub(crate) text: Vec<u8>,
    /// What `init` is given.
    pub(crate) arguments: Vec<String>,
}

impl ScriptSource {
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn read(path: &Path, arguments: &[String]) -> Result<Self, ScriptError> {
        let text = fs::read(path).map_err(|source| ScriptError::Read {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self {
            path: path.to_owned(),
            text,
            arguments: arguments.to_vec(),
        })
    }
}

/// Why a script cannot go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ScriptError {
    #[error("{path}: not to be read")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{path}: {message}")]
    Lua { path: PathBuf, message: String },
    #[error("{0}: request() returned no string")]
    NoRequest(PathBuf),
    #[error("{0}: request() returned several requests at once, and uWSGI reads one; return one at a time")]
    Pipeline(PathBuf),
    #[error("{0}: request() returned no complete request of HTTP/1.1; wrk.format makes one")]
    Malformed(PathBuf),
    #[error(
        "{0}: delay() has no place in a schedule; say when requests leave with -R, as in -R 10:30s,50:10s"
    )]
    Delay(PathBuf),
    #[error("a script makes HTTP requests, to one http or https URL")]
    Target,
}

impl ScriptError {
    /// What Lua said, without its traceback.
    fn lua(path: &Path, error: &mlua::Error) -> Self {
        let said = error.to_string();
        let message = said.split("\nstack traceback").next().unwrap_or_default();
        Self::Lua {
            path: path.to_owned(),
            message: message.trim_start_matches("runtime error: ").to_owned(),
        }
    }
}

/// The scripts of a run: one state for `setup` and `done`, and one for each thread.
pub(crate) struct Scripts {
    source: ScriptSource,
    main: Lua,
    threads: Vec<ScriptThread>,
}

impl fmt::Debug for Scripts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Scripts")
            .field("source", &self.source.path)
            .finish_non_exhaustive()
    }
}

/// One thread's script.
pub(crate) struct Script {
    path: PathBuf,
    /// Nothing where each request is the same: then it is the second.
    request: Option<Function>,
    fixed: Vec<u8>,
    response: Option<Function>,
    lua: Lua,
}

impl fmt::Debug for Script {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Script")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Scripts {
    /// Loads the script once for itself and once for each thread, and calls `setup` and `init`. `stop` ends the run.
    ///
    /// # Errors
    /// A script that Lua refuses, or that fails; a request that cannot be sent.
    pub(crate) fn load(
        source: &ScriptSource,
        target: &Target,
        request: &Request,
        threads: usize,
        stop: &Arc<AtomicBool>,
    ) -> Result<(Self, Vec<Script>), ScriptError> {
        if target.protocol() != Protocol::Http || target.socket().is_some() {
            return Err(ScriptError::Target);
        }
        let failed = |error: mlua::Error| ScriptError::lua(&source.path, &error);
        let state = || state(source, target, request).map_err(failed);
        let main = state()?;
        if main
            .globals()
            .get::<Option<Function>>("delay")
            .map_err(failed)?
            .is_some()
        {
            return Err(ScriptError::Delay(source.path.clone()));
        }
        let setup: Option<Function> = main.globals().get("setup").map_err(failed)?;
        let (mut handles, mut scripts) = (Vec::new(), Vec::new());
        for _ in 0..threads {
            let lua = state()?;
            let handle = ScriptThread::new(&lua, target, Arc::clone(stop));
            if let Some(setup) = &setup {
                setup.call::<()>(handle.clone()).map_err(failed)?;
            }
            scripts.push(Script::begin(source, lua, &handle)?);
            handles.push(handle);
        }
        let scripts_of_run = Self {
            source: source.clone(),
            main,
            threads: handles,
        };
        Ok((scripts_of_run, scripts))
    }
}

/// A state in which the script has been run.
fn state(source: &ScriptSource, target: &Target, request: &Request) -> mlua::Result<Lua> {
    let lua = Lua::new();
    lua.load(PRELUDE).set_name("=wrk").exec()?;
    let wrk: Table = lua.globals().get("wrk")?;
    let (host, port) = target.host_and_port();
    wrk.set(
        "scheme",
        if target.tls_name().is_some() {
            "https"
        } else {
            "http"
        },
    )?;
    wrk.set("host", host)?;
    wrk.set("port", port)?;
    wrk.set("authority", target.authority())?;
    wrk.set("path", target.path())?;
    wrk.set("method", request.method.as_str())?;
    let headers: Table = wrk.get("headers")?;
    for header in &request.headers {
        headers.set(header.name.as_str(), header.value.as_str())?;
    }
    if let Some(body) = &request.body {
        wrk.set("body", lua.create_string(body)?)?;
    }
    let name = format!("={}", source.path.display());
    lua.globals().set(
        "print",
        lua.create_function(|lua, values: Variadic<Value>| {
            say(lua, &(words(&values)?.join("\t") + "\n"));
            Ok(())
        })?,
    )?;
    let io: Table = lua.globals().get("io")?;
    io.set(
        "write",
        lua.create_function(|lua, values: Variadic<Value>| {
            say(lua, &words(&values)?.concat());
            Ok(())
        })?,
    )?;
    lua.load(source.text.as_slice()).set_name(name).exec()?;
    Ok(lua)
}

fn words(values: &[Value]) -> mlua::Result<Vec<String>> {
    values.iter().map(Value::to_string).collect()
}

/// What `done` says is part of the report; what a script says while the run goes on is not.
fn say(lua: &Lua, text: &str) {
    match lua.app_data_mut::<done::Printed>() {
        Some(mut printed) => printed.0.push_str(text),
        None => tracing::warn!("{}", text.trim_end()),
    }
}

impl Script {
    fn begin(source: &ScriptSource, lua: Lua, thread: &ScriptThread) -> Result<Self, ScriptError> {
        let path = source.path.clone();
        let failed = |error: mlua::Error| ScriptError::lua(&path, &error);
        let globals = lua.globals();
        let wrk: Table = globals.get("wrk").map_err(failed)?;
        wrk.set("thread", thread.clone()).map_err(failed)?;
        if let Some(init) = globals.get::<Option<Function>>("init").map_err(failed)? {
            init.call::<()>(source.arguments.clone()).map_err(failed)?;
        }
        let request: Option<Function> = globals.get("request").map_err(failed)?;
        let format: Function = wrk.get("format").map_err(failed)?;
        let response = globals.get("response").map_err(failed)?;
        let mut script = Self {
            path: path.clone(),
            request: None,
            fixed: Vec::new(),
            response,
            lua,
        };
        // As in wrk, the first call is a trial.
        let mut trial = Vec::new();
        script.request = Some(request.clone().unwrap_or(format));
        script.write(&mut trial)?;
        one_request(&trial, &path)?;
        if request.is_none() {
            script.request = None;
            script.fixed = trial;
        }
        Ok(script)
    }

    /// Writes the next request into `out`.
    ///
    /// # Errors
    /// A script that fails.
    pub(crate) fn write(&self, out: &mut Vec<u8>) -> Result<(), ScriptError> {
        out.clear();
        let Some(request) = &self.request else {
            out.extend_from_slice(&self.fixed);
            return Ok(());
        };
        let said: Value = request
            .call(())
            .map_err(|error| ScriptError::lua(&self.path, &error))?;
        match said {
            Value::String(bytes) => out.extend_from_slice(&bytes.as_bytes()),
            _ => return Err(ScriptError::NoRequest(self.path.clone())),
        }
        Ok(())
    }

    /// Whether the script looks at answers.
    pub(crate) fn looks_at_answers(&self) -> bool {
        self.response.is_some()
    }

    /// Shows the script an answer.
    ///
    /// # Errors
    /// A script that fails.
    pub(crate) fn answered(&self, response: &HttpResponse) -> Result<(), ScriptError> {
        let Some(function) = &self.response else {
            return Ok(());
        };
        let failed = |error: mlua::Error| ScriptError::lua(&self.path, &error);
        let Kept {
            status,
            headers,
            body,
        } = response.kept();
        let table = self.lua.create_table().map_err(failed)?;
        for (name, value) in headers {
            let value = self.lua.create_string(value).map_err(failed)?;
            table.set(name, value).map_err(failed)?;
        }
        let body = self.lua.create_string(body).map_err(failed)?;
        function.call::<()>((status, table, body)).map_err(failed)
    }
}

/// # Errors
/// Bytes that are not exactly one request.
fn one_request(bytes: &[u8], path: &Path) -> Result<(), ScriptError> {
    let mut headers = [httparse::EMPTY_HEADER; 100];
    let mut request = httparse::Request::new(&mut headers);
    let Ok(httparse::Status::Complete(head)) = request.parse(bytes) else {
        return Err(ScriptError::Malformed(path.to_owned()));
    };
    let length = request
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("content-length"))
        .and_then(|header| {
            std::str::from_utf8(header.value)
                .ok()?
                .trim()
                .parse::<usize>()
                .ok()
        });
    match bytes.len().checked_sub(head + length.unwrap_or(0)) {
        Some(0) => Ok(()),
        Some(_) => Err(ScriptError::Pipeline(path.to_owned())),
        None => Err(ScriptError::Malformed(path.to_owned())),
    }
}
