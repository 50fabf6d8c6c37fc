//! The log: one JSON object per line on stdout, every field flat.

use std::cell::RefCell;
use std::fmt::{self, Write as _};
use std::io::{self, Write as _};
use std::sync::LazyLock;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

use crate::clock;
use crate::telemetry::request;

/// The log, and nothing beside it. What is not logged is not even looked at.
pub(super) fn only(filter: EnvFilter) -> impl Subscriber + Send + Sync {
    tracing_subscriber::fmt()
        // It would report a line that cannot be written (the disk is full) on the error output, and panic when that fails too.
        .log_internal_errors(false)
        .with_writer(|| Output)
        .fmt_fields(SpanFields)
        .event_format(Lines)
        .with_env_filter(filter)
        .finish()
}

/// The same as one of several layers.
pub(super) fn layer<S>() -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    tracing_subscriber::fmt::layer()
        .log_internal_errors(false)
        .with_writer(|| Output)
        .fmt_fields(SpanFields)
        .event_format(Lines)
}

/// Lines of a thread are written when they are so many bytes, at the latest.
const GATHERED: usize = 16 * 1024;

thread_local! {
    /// Lines that this thread has not written yet; `None` on threads that write each of them at once.
    static LINES: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// Lines of this thread are written together, by [`write_gathered`]: one call of the kernel for each costs a tenth of what reading a
/// document does.
pub(crate) fn gather() {
    LINES.set(Some(Vec::with_capacity(GATHERED)));
}

/// Writes what this thread has gathered. To be called before it rests.
pub(crate) fn write_gathered() {
    LINES.with_borrow_mut(|lines| {
        if let Some(lines) = lines.as_mut().filter(|lines| !lines.is_empty()) {
            // A full disk is no reason to stop.
            let _ = io::stdout().lock().write_all(lines);
            lines.clear();
        }
    });
}

/// Where a line goes, which comes in one piece.
struct Output;

impl io::Write for Output {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let is_due = LINES.with_borrow_mut(|lines| match lines {
            None => io::stdout().lock().write_all(line).map(|()| false),
            Some(lines) => {
                lines.extend_from_slice(line);
                Ok(lines.len() >= GATHERED)
            }
        })?;
        if is_due {
            write_gathered();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// `POD_NAME`, else the name of the host.
fn pod_id() -> String {
    let host = || std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    std::env::var("POD_NAME")
        .ok()
        .filter(|name| !name.is_empty())
        .or_else(host)
        .map_or_else(|| "miroir".to_owned(), |name| name.trim().to_owned())
}

/// What every line says of the process.
pub(super) static POD_ID: LazyLock<String> = LazyLock::new(pod_id);

fn begin(line: &mut impl fmt::Write, level: Level) -> fmt::Result {
    // Piece by piece where the compiler knows them: to interpret a format takes longer than all else here.
    line.write_str(r#"{"timestamp":""#)?;
    write!(line, "{}", clock::now())?;
    line.write_str(r#"","level":""#)?;
    line.write_str(word(level))?;
    line.write_str(r#"","message":""#)
}

/// What follows the message, up to the first field.
fn go_on(line: &mut impl fmt::Write, target: &str, request_id: Option<&str>) -> fmt::Result {
    for (name, value) in [
        (r#"","target":""#, Some(target)),
        (r#"","pod_id":""#, Some(POD_ID.as_str())),
        (r#"","request_id":""#, request_id),
    ] {
        if let Some(value) = value {
            line.write_str(name)?;
            Escaped(line).write_str(value)?;
        }
    }
    line.write_char('"')
}

/// Writes events as lines. The fields of the spans around an event are fields of its line, as is the id of its request.
struct Lines;

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let metadata = event.metadata();
        begin(&mut writer, *metadata.level())?;
        let mut message = Message {
            text: Escaped(&mut writer),
            result: Ok(()),
        };
        event.record(&mut message);
        message.result?;
        request::with_id(|id| go_on(&mut writer, metadata.target(), id))?;
        for span in context
            .event_scope()
            .into_iter()
            .flat_map(|scope| scope.from_root())
        {
            if let Some(fields) = span.extensions().get::<FormattedFields<N>>() {
                writer.write_str(&fields.fields)?;
            }
        }
        let mut members = Members::of(&mut writer);
        event.record(&mut members);
        members.result?;
        writer.write_str("}\n")
    }
}

/// A line that every request leaves, put together by hand: as an event it would cost a twentieth of what the request does.
pub(super) struct Line(String);

impl Line {
    /// At `info`.
    pub(super) fn new(message: &str, target: &str, request_id: &str) -> Self {
        let mut line = String::with_capacity(512);
        let begun = begin(&mut line, Level::INFO)
            .and_then(|()| Escaped(&mut line).write_str(message))
            .and_then(|()| go_on(&mut line, target, Some(request_id)));
        begun.expect("a text takes everything");
        Self(line)
    }

    pub(super) fn text(mut self, name: &str, value: &str) -> Self {
        self.name(name);
        self.0.push('"');
        Escaped(&mut self.0)
            .write_str(value)
            .expect("a text takes everything");
        self.0.push('"');
        self
    }

    pub(super) fn number(mut self, name: &str, value: u64) -> Self {
        self.name(name);
        write!(self.0, "{value}").expect("a text takes everything");
        self
    }

    pub(super) fn truth(mut self, name: &str, value: bool) -> Self {
        self.name(name);
        self.0.push_str(if value { "true" } else { "false" });
        self
    }

    pub(super) fn write(mut self) {
        self.0.push_str("}\n");
        // A full disk is no reason to stop.
        let _ = Output.write_all(self.0.as_bytes());
    }

    fn name(&mut self, name: &str) {
        for piece in [",\"", name, "\":"] {
            self.0.push_str(piece);
        }
    }
}

fn word(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

/// Writes the fields of a span once, as they are to stand in every line below it.
struct SpanFields;

impl<'writer> FormatFields<'writer> for SpanFields {
    fn format_fields<R: RecordFields>(
        &self,
        mut writer: Writer<'writer>,
        fields: R,
    ) -> fmt::Result {
        let mut members = Members::of(&mut writer);
        fields.record(&mut members);
        members.result
    }
}

/// Writes the text of an event, which is no field of its line.
struct Message<'a, 'writer> {
    text: Escaped<'a, Writer<'writer>>,
    result: fmt::Result,
}

const MESSAGE: &str = "message";

impl Visit for Message<'_, '_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == MESSAGE {
            self.result = self.text.write_str(value);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == MESSAGE {
            self.result = write!(self.text, "{value:?}");
        }
    }
}

/// Writes fields as members of a JSON object that has begun, a comma before each.
struct Members<'a, 'writer> {
    writer: &'a mut Writer<'writer>,
    result: fmt::Result,
}

impl<'a, 'writer> Members<'a, 'writer> {
    fn of(writer: &'a mut Writer<'writer>) -> Self {
        Self {
            writer,
            result: Ok(()),
        }
    }

    fn member(&mut self, field: &Field, value: impl FnOnce(&mut Writer<'writer>) -> fmt::Result) {
        // Those that begin so are for traces.
        if field.name() == MESSAGE || field.name().starts_with("otel.") || self.result.is_err() {
            return;
        }
        self.result = [",\"", field.name(), "\":"]
            .into_iter()
            .try_for_each(|piece| self.writer.write_str(piece))
            .and_then(|()| value(self.writer));
    }
}

impl Visit for Members<'_, '_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.member(field, |writer| match value.is_finite() {
            true => write!(writer, "{value}"),
            false => writer.write_str("null"),
        });
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.member(field, |writer| write!(writer, "{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.member(field, |writer| write!(writer, "{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.member(field, |writer| {
            writer.write_str(if value { "true" } else { "false" })
        });
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.member(field, |writer| {
            writer.write_char('"')?;
            Escaped(writer).write_str(value)?;
            writer.write_char('"')
        });
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.member(field, |writer| {
            writer.write_char('"')?;
            write!(Escaped(writer), "{value:?}")?;
            writer.write_char('"')
        });
    }
}

/// Writes text so that it can stand between the quotes of a JSON string.
struct Escaped<'a, W>(&'a mut W);

impl<W: fmt::Write> fmt::Write for Escaped<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let is_special = |byte| matches!(byte, b'"' | b'\\' | 0..0x20);
        // Nearly always none is; all at once, because the compiler then looks at many at a time.
        if !text.bytes().fold(false, |any, byte| any | is_special(byte)) {
            return self.0.write_str(text);
        }
        let mut plain = 0;
        for (at, byte) in text.bytes().enumerate() {
            if !is_special(byte) {
                continue;
            }
            self.0.write_str(&text[plain..at])?;
            match byte {
                b'\n' => self.0.write_str("\\n")?,
                b'"' | b'\\' => write!(self.0, "\\{}", char::from(byte))?,
                _ => write!(self.0, "\\u{byte:04x}")?,
            }
            plain = at + 1;
        }
        self.0.write_str(&text[plain..])
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;

    use parking_lot::Mutex;
    use serde_json::Value;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_by_hand_is_json_too() {
        let line = Line::new("a \"message\"", "here", "7")
            .text("path", "a\\b")
            .number("status", 200)
            .truth("degraded", false);
        let line: Value = serde_json::from_str(&format!("{}}}", line.0)).unwrap();
        assert_eq!(line["level"], "info");
        assert_eq!(line["message"], "a \"message\"");
        assert_eq!(line["target"], "here");
        assert_eq!(line["request_id"], "7");
        assert_eq!(line["path"], "a\\b");
        assert_eq!(line["status"], 200);
        assert_eq!(line["degraded"], false);
    }

    #[test]
    fn a_line_is_json_whatever_its_fields_hold() {
        let kept = Kept::default();
        let writer = kept.clone();
        let subscriber = tracing_subscriber::registry().with(
            tracing_subscriber::fmt::layer()
                .with_writer(move || writer.clone())
                .fmt_fields(SpanFields)
                .event_format(Lines),
        );
        tracing::subscriber::with_default(subscriber, || {
            let span = tracing::info_span!("request", request_id = "7\\f");
            let _entered = span.enter();
            let error = "two\nlines\u{1}, \"quoted\", \u{e9}";
            tracing::warn!(error, status = 503, share = 0.5, degraded = true, node_id = %"n", "a {}", 1);
        });
        let text = String::from_utf8(kept.0.lock().clone()).unwrap();
        let line: Value = serde_json::from_str(text.trim_end()).unwrap();
        assert_eq!(text.lines().count(), 1);
        assert_eq!(line["level"], "warn");
        assert_eq!(line["message"], "a 1");
        assert_eq!(line["pod_id"], POD_ID.as_str());
        assert_eq!(line["request_id"], "7\\f");
        assert_eq!(line["error"], "two\nlines\u{1}, \"quoted\", \u{e9}");
        assert_eq!(line["status"], 503);
        assert_eq!(line["share"], 0.5);
        assert_eq!(line["degraded"], true);
        assert_eq!(line["node_id"], "n");
    }
}
