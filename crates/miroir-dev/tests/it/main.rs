//! The command as a person uses it: start, look, Ctrl-C, start again.

#![expect(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

mod command;
mod start;
mod trouble;
