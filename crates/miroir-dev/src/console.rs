//! What a person sees: lines on the standard output, and a progress bar where the error output is a terminal.

use std::io::{IsTerminal, Write};

use indicatif::{ProgressBar, ProgressStyle};

/// Lines, and at most one progress bar. A closed output is no reason to stop a fleet: failures to write are ignored.
pub(crate) struct Console {
    bar: Option<ProgressBar>,
}

impl Console {
    pub(crate) fn new() -> Self {
        Self { bar: None }
    }

    /// Begins something long that consists of `steps`.
    pub(crate) fn begin(&mut self, steps: u64) {
        if !std::io::stderr().is_terminal() {
            return;
        }
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")
            .expect("the template names known fields");
        let bar = ProgressBar::new(steps).with_style(style);
        bar.enable_steady_tick(std::time::Duration::from_millis(200));
        self.bar = Some(bar);
    }

    /// What is being done now.
    pub(crate) fn doing(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.set_message(text.to_owned()),
            None => Self::line(text),
        }
    }

    /// One step is done.
    pub(crate) fn done(&self) {
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
    }

    /// The bar, if there is one, goes away.
    pub(crate) fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    /// A line that stays.
    pub(crate) fn say(&mut self, text: &str) {
        self.clear();
        Self::line(text);
    }

    /// A line on the error output.
    pub(crate) fn complain(text: &str) {
        let _ = writeln!(std::io::stderr(), "{text}");
    }

    fn line(text: &str) {
        let mut output = std::io::stdout().lock();
        let _ = writeln!(output, "{text}");
        let _ = output.flush();
    }
}
