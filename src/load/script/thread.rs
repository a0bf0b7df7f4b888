//! A thread as scripts see it: its global variables from outside, and a way to end the run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mlua::{Lua, Table, UserData, UserDataFields, UserDataMethods, Value};

use crate::load::target::Target;

/// What `setup` is given, what `wrk.thread` is, and what `done` may ask for the variables of.
#[derive(Clone)]
pub(super) struct ScriptThread {
    lua: Lua,
    address: String,
    stop: Arc<AtomicBool>,
}

impl ScriptThread {
    pub(super) fn new(lua: &Lua, target: &Target, stop: Arc<AtomicBool>) -> Self {
        Self {
            lua: lua.clone(),
            address: target.authority().to_owned(),
            stop,
        }
    }
}

impl UserData for ScriptThread {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field_method_get("addr", |_, thread| Ok(thread.address.clone()));
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("get", |lua, thread, name: String| {
            carried(&thread.lua.globals().get(name)?, lua)
        });
        methods.add_method("set", |_, thread, (name, value): (String, Value)| {
            thread.lua.globals().set(name, carried(&value, &thread.lua)?)
        });
        methods.add_method("stop", |_, thread, ()| {
            thread.stop.store(true, Ordering::Relaxed);
            Ok(())
        });
    }
}

/// A value of one state in another: numbers, strings and tables of them; what cannot go over, as functions, is nothing there.
fn carried(value: &Value, into: &Lua) -> mlua::Result<Value> {
    Ok(match value {
        Value::Boolean(_) | Value::Integer(_) | Value::Number(_) => value.clone(),
        Value::String(text) => Value::String(into.create_string(text.as_bytes())?),
        Value::Table(table) => Value::Table(carried_table(table, into, 0)?),
        _ => Value::Nil,
    })
}

/// Deeper than this tables are left out: one may hold itself.
const DEEPEST: usize = 16;

fn carried_table(table: &Table, into: &Lua, depth: usize) -> mlua::Result<Table> {
    let copy = into.create_table()?;
    for pair in table.pairs::<Value, Value>() {
        let (key, value) = pair?;
        let value = match &value {
            Value::Table(_) if depth >= DEEPEST => Value::Nil,
            Value::Table(inner) => Value::Table(carried_table(inner, into, depth + 1)?),
            other => carried(other, into)?,
        };
        copy.set(carried(&key, into)?, value)?;
    }
    Ok(copy)
}
