//! Document templates of embedders: on nodes they must not see the fields that Miroir injects.

/// The template of an embedder for which none is set.
pub const DEFAULT_TEMPLATE: &str = "{% for field in fields %}{% if field.is_searchable and field.value != nil %}{{ field.name }}: {{ field.value }}\n{% endif %}{% endfor %}";

/// The template with a skip of injected fields at the beginning of every loop over `fields`. What it renders for a
/// document without injected fields stays the same.
pub fn skip_injected_fields(template: &str) -> String {
    let mut out = String::with_capacity(template.len() + 64);
    let mut rest = template;
    while let Some(tag) = next_tag(rest) {
        out.push_str(&rest[..tag.end]);
        let code = &rest[tag.code_start..tag.code_end];
        rest = &rest[tag.end..];
        if code == "raw" {
            let verbatim = end_of_raw(rest);
            out.push_str(&rest[..verbatim]);
            rest = &rest[verbatim..];
        } else if let Some(variable) = loop_over_fields(code) {
            // Engines check a template on a field without a name, of which `contains` would be an error.
            out.push_str(&format!(
                "{{% if {variable}.name and {variable}.name contains \"_miroir_\" %}}{{% continue %}}{{% endif %}}"
            ));
        }
    }
    out.push_str(rest);
    out
}

struct Tag {
    code_start: usize,
    code_end: usize,
    end: usize,
}

/// The next `{% .. %}`, its code without white space and trimming dashes.
fn next_tag(text: &str) -> Option<Tag> {
    let open = text.find("{%")? + 2;
    let close = open + text[open..].find("%}")?;
    let inner = &text[open..close];
    let code = inner.strip_prefix('-').unwrap_or(inner);
    let code = code.strip_suffix('-').unwrap_or(code).trim();
    let code_start = open + inner.find(code).unwrap_or_default();
    Some(Tag {
        code_start,
        code_end: code_start + code.len(),
        end: close + 2,
    })
}

/// Where the tag that closes a raw block begins.
fn end_of_raw(text: &str) -> usize {
    let mut from = 0;
    while let Some(tag) = next_tag(&text[from..]) {
        if &text[from + tag.code_start..from + tag.code_end] == "endraw" {
            return from + tag.code_start;
        }
        from += tag.end;
    }
    text.len()
}

/// The loop variable of `for x in fields ..`.
fn loop_over_fields(code: &str) -> Option<&str> {
    let mut words = code.split_whitespace();
    match (words.next()?, words.next()?, words.next()?, words.next()?) {
        ("for", variable, "in", "fields") => Some(variable),
        _ => None,
    }
}
