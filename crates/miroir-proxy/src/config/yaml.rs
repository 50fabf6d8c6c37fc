//! From YAML text to a tree with places. The only file that knows the YAML library.
//!
//! The library's event stream is used, not its `serde` side: a deserializer stops at the first mistake, and we report
//! all of them with their places.

use std::collections::HashMap;

use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, Span};

use super::problem::{Origin, Problem};
use super::tree::{Member, Node, Scalar, Tree};

/// Aliases are copied; this many values in all keep a small file from becoming a large tree.
const MOST_VALUES: usize = 10_000;

/// The place that belongs to a line and a column, both counted from 1.
pub(super) type Place<'a> = &'a dyn Fn(usize, usize) -> Origin;

/// Reads one document. An empty one is nothing.
///
/// # Errors
/// The first violation of YAML's syntax; what follows it cannot be trusted.
pub(super) fn parse(text: &str, place: Place<'_>) -> Result<Option<Node>, Problem> {
    let mut events = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let origin = place(error.marker().line(), error.marker().col() + 1);
            Problem::of(&origin, format!("not valid YAML: {}", error.info()))
        })?;
        events.push((event, span));
    }
    let mut reader = Reader {
        events: events.into_iter(),
        anchors: HashMap::new(),
        values: 0,
        place,
    };
    reader.document()
}

struct Reader<'a> {
    events: std::vec::IntoIter<(Event<'a>, Span)>,
    /// By the number that the parser gave the anchor.
    anchors: HashMap<usize, Node>,
    values: usize,
    place: Place<'a>,
}

impl<'a> Reader<'a> {
    fn document(&mut self) -> Result<Option<Node>, Problem> {
        let mut root = None;
        while let Some((event, span)) = self.events.next() {
            match event {
                Event::DocumentStart(..) if root.is_some() => {
                    return Err(Problem::of(
                        &self.at(&span),
                        "a second document, expected one",
                    ));
                }
                event if event.is_node() => root = Some(self.node(event, &span)?),
                _ => {}
            }
        }
        Ok(root)
    }

    fn at(&self, span: &Span) -> Origin {
        (self.place)(span.start.line(), span.start.col() + 1)
    }

    /// The next event that carries data.
    fn next(&mut self) -> Result<(Event<'a>, Span), Problem> {
        self.events
            .by_ref()
            .find(|(event, _)| {
                event.is_node() || matches!(event, Event::SequenceEnd | Event::MappingEnd)
            })
            .ok_or_else(|| Problem::of(&(self.place)(0, 0), "not valid YAML: it ends too early"))
    }

    fn node(&mut self, event: Event<'a>, span: &Span) -> Result<Node, Problem> {
        self.values += 1;
        let origin = self.at(span);
        if self.values > MOST_VALUES {
            return Err(Problem::of(
                &origin,
                format!("more than {MOST_VALUES} values, aliases included"),
            ));
        }
        let (anchor, value) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let forced_text = tag
                    .as_ref()
                    .is_some_and(|tag| tag.core_suffix() == Some("str"));
                let quoted = style != ScalarStyle::Plain || forced_text;
                (
                    anchor,
                    Tree::Scalar(Scalar {
                        text: text.into_owned(),
                        quoted,
                    }),
                )
            }
            Event::SequenceStart(_, anchor, _) => (anchor, self.list()?),
            Event::MappingStart(_, anchor, _) => (anchor, self.map()?),
            Event::Alias(anchor) => return self.alias(anchor, origin),
            _ => return Err(Problem::of(&origin, "not a value")),
        };
        let node = Node { origin, value };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    /// A copy that stands where the alias stands.
    fn alias(&mut self, anchor: usize, origin: Origin) -> Result<Node, Problem> {
        let Some(target) = self.anchors.get(&anchor) else {
            return Err(Problem::of(&origin, "an alias of a value that contains it"));
        };
        self.values += count(target);
        Ok(Node {
            origin,
            value: target.value.clone(),
        })
    }

    fn list(&mut self) -> Result<Tree, Problem> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                return Ok(Tree::List(items));
            }
            items.push(self.node(event, &span)?);
        }
    }

    fn map(&mut self) -> Result<Tree, Problem> {
        let mut members = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                return Ok(Tree::Map(members));
            }
            let key = self.node(event, &span)?;
            let (event, span) = self.next()?;
            let node = self.node(event, &span)?;
            let Tree::Scalar(name) = key.value else {
                return Err(Problem::of(
                    &key.origin,
                    format!("got {} as a key, expected a text", key.describe()),
                ));
            };
            members.push(Member {
                name: name.text,
                origin: key.origin,
                node,
            });
        }
    }
}

fn count(node: &Node) -> usize {
    match &node.value {
        Tree::Scalar(_) => 1,
        Tree::List(items) => 1 + items.iter().map(count).sum::<usize>(),
        Tree::Map(members) => {
            1 + members
                .iter()
                .map(|member| count(&member.node))
                .sum::<usize>()
        }
    }
}
