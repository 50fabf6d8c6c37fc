//! Bodies as they were before the client compressed them, by the rules of a server: `gzip`, `deflate` (with a zlib header) and
//! `br`; every other encoding, and every list of several, is taken for none.

use std::io::{self, Write};

use brotli::DecompressorWriter;
use flate2::write::{GzDecoder, ZlibDecoder};
use http::HeaderMap;
use http::header::CONTENT_ENCODING;

/// As servers have it.
const BROTLI_BUFFER: usize = 8_096;

/// Turns what arrives into what was meant, and writes it to `W`.
pub(super) enum Decoder<W: Write> {
    Plain(W),
    Gzip(Box<GzDecoder<W>>),
    Deflate(Box<ZlibDecoder<W>>),
    Brotli(Box<DecompressorWriter<W>>),
}

impl<W: Write> Decoder<W> {
    pub(super) fn new(headers: &HeaderMap, sink: W) -> Self {
        let encoding = headers
            .get(CONTENT_ENCODING)
            .and_then(|value| value.to_str().ok());
        let encoding = encoding.unwrap_or_default().trim().to_ascii_lowercase();
        match encoding.as_str() {
            "gzip" => Self::Gzip(Box::new(GzDecoder::new(sink))),
            "deflate" => Self::Deflate(Box::new(ZlibDecoder::new(sink))),
            "br" => Self::Brotli(Box::new(DecompressorWriter::new(sink, BROTLI_BUFFER))),
            _ => Self::Plain(sink),
        }
    }

    /// Whether bytes are written as they come.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self, Self::Plain(_))
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(sink) => sink.write_all(bytes),
            Self::Gzip(decoder) => decoder.write_all(bytes),
            Self::Deflate(decoder) => decoder.write_all(bytes),
            Self::Brotli(decoder) => decoder.write_all(bytes),
        }
    }

    /// The end of the body. A cut off gzip body is an error; one in the other encodings is what there is of it.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(sink) => sink.flush(),
            Self::Gzip(decoder) => decoder.try_finish(),
            Self::Deflate(decoder) => decoder.try_finish(),
            Self::Brotli(decoder) => decoder.flush(),
        }
    }

    pub(super) fn sink(&mut self) -> &mut W {
        match self {
            Self::Plain(sink) => sink,
            Self::Gzip(decoder) => decoder.get_mut(),
            Self::Deflate(decoder) => decoder.get_mut(),
            Self::Brotli(decoder) => decoder.get_mut(),
        }
    }
}
