//! Documents, which here are their ids, and literals with what they mean: the engine's equality, written down a second time.

use std::fmt;

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

/// As many documents as a word has bits, so that any other condition is a word.
const MOST: usize = 64;

/// The engine compares only so much of a string.
const COMPARED_BYTES: usize = 468;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Id {
    Number(i128),
    Text(String),
}

/// Something that an id is compared with.
#[derive(Debug, Clone)]
pub(super) struct Literal {
    pub(super) text: String,
    /// Trimmed, decomposed, lower-cased.
    form: String,
    number: Option<f64>,
}

const NUMBERS: [i128; 14] = [
    0,
    1,
    2,
    7,
    -5,
    100,
    1_000_000,
    (1 << 53) - 1,
    1 << 53,
    (1 << 53) + 1,
    -(1 << 53),
    -(1 << 53) - 1,
    i64::MIN as i128,
    u64::MAX as i128,
];

const TEXTS: [&str; 16] = [
    "1",
    "01",
    "1e2",
    "100",
    "abc",
    "ABC",
    "aBc",
    "a-b_c",
    "A-b",
    "-0",
    "inf",
    "NaN",
    "_",
    "9007199254740993",
    "AND",
    "x1Y2",
];

/// Different documents of one index.
pub(super) fn draw(random: &mut StdRng) -> Vec<Id> {
    let folded = random.random_ratio(1, 2);
    let mut documents: Vec<Id> = Vec::new();
    for _ in 0..random.random_range(0..MOST) {
        let id = match random.random_range(0..5) {
            0 => Id::Number(*NUMBERS.choose(random).expect("not empty")),
            1 => Id::Number(random.random_range(-20..150)),
            2 => Id::Text(text(random)),
            3 => Id::Text("q".repeat(random.random_range(460..=511))),
            _ => Id::Text((*TEXTS.choose(random).expect("not empty")).to_owned()),
        };
        let id = match id {
            Id::Text(text) if folded => Id::Text(text.to_ascii_lowercase()),
            id => id,
        };
        if documents
            .iter()
            .all(|other| other.canonical() != id.canonical())
        {
            documents.push(id);
        }
    }
    documents
}

fn text(random: &mut StdRng) -> String {
    let length = random.random_range(1..4);
    (0..length)
        .map(|_| char::from(*b"aAbB01-_".choose(random).expect("not empty")))
        .collect()
}

impl Id {
    /// `1` and `"1"` are one document.
    pub(super) fn canonical(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }

    pub(super) fn is_folded(&self) -> bool {
        !self
            .canonical()
            .bytes()
            .any(|byte| byte.is_ascii_uppercase())
    }

    pub(super) fn equals(&self, literal: &Literal) -> bool {
        match self {
            Self::Number(number) => literal.number == Some(*number as f64),
            Self::Text(text) => {
                let compared = &text[..text.len().min(COMPARED_BYTES)];
                compared.to_ascii_lowercase() == literal.form
            }
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "{text:?}"),
        }
    }
}

impl Literal {
    fn new(text: String) -> Self {
        let form = text
            .trim()
            .chars()
            .map(decomposed)
            .collect::<String>()
            .to_lowercase();
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
        Self { text, form, number }
    }

    /// Often one that some document equals, in another spelling.
    pub(super) fn draw(random: &mut StdRng, documents: &[Id]) -> Self {
        let base = match documents.choose(random) {
            Some(id) if random.random_ratio(4, 5) => id.canonical(),
            _ => text(random),
        };
        Self::new(match random.random_range(0..12) {
            0 => base.to_ascii_uppercase(),
            1 => base.to_ascii_lowercase(),
            2 => format!("  {base}\t"),
            3 => format!("{base}.0"),
            4 => format!("{base}e0"),
            5 => format!("0{base}"),
            6 => format!("+{base}"),
            7 => base.chars().map(wide).collect(),
            8 => (*[
                "1.5", "", "é", "no id", "1e400", "-0", "1e-400", "AND", "ﬁ", "\u{212A}",
            ]
            .choose(random)
            .expect("not empty"))
            .to_owned(),
            9 => base.chars().take(COMPARED_BYTES).collect(),
            _ => base,
        })
    }
}

/// The compatibility decomposition of the symbols that literals here have: full-width ones, a ligature, the Kelvin sign.
fn decomposed(symbol: char) -> String {
    match symbol {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(symbol) - 0xFEE0)
            .into_iter()
            .collect(),
        'ﬁ' => "fi".to_owned(),
        '\u{212A}' => "K".to_owned(),
        'é' => "e\u{301}".to_owned(),
        other => other.to_string(),
    }
}

fn wide(symbol: char) -> char {
    char::from_u32(u32::from(symbol) + 0xFEE0)
        .filter(|_| symbol.is_ascii_graphic())
        .unwrap_or(symbol)
}
