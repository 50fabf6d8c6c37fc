//! A sample corpus for trying Miroir out: some five hundred movies that do not exist.
//!
//! Pure: the same call gives the same bytes, on every machine and in every version that does not change the word lists
//! ([`words`]). Titles and overviews read like the real thing, numbers and categories invite filters, sorting and
//! facets, some fields are missing on purpose, and about a third of the movies has a place.

mod draw;
#[cfg(test)]
mod tests;
mod words;

use draw::Draw;
use serde_json::{Map, Value, json};
use words::{
    ADJECTIVES, COUNTRIES, DEEDS, FIRST_NAMES, GENRES, HEROES, LAST_NAMES, NOUNS, PLACES, SEASONS,
    TIMES, TROUBLES,
};

/// Uid of the index that the corpus is made for.
pub(crate) const INDEX: &str = "movies";
/// Its primary key.
pub(crate) const PRIMARY_KEY: &str = "id";
/// How many movies there are.
pub(crate) const COUNT: u64 = 500;

/// The movies as newline-delimited JSON, one object per line, the last line ended too.
#[must_use]
pub(crate) fn documents() -> Vec<u8> {
    let mut text = String::new();
    for id in 1..=COUNT {
        text.push_str(&Value::Object(movie(id)).to_string());
        text.push('\n');
    }
    text.into_bytes()
}

/// The settings that make everything in the corpus usable, as a JSON body for `PATCH /indexes/movies/settings`.
#[must_use]
pub(crate) fn settings() -> Vec<u8> {
    json!({
        "searchableAttributes": ["title", "overview", "director", "cast", "genres"],
        "filterableAttributes": ["genres", "year", "rating", "runtime", "country", "director", "cast", "_geo"],
        "sortableAttributes": ["title", "year", "rating", "runtime", "_geo"],
        "synonyms": { "sea": ["ocean"], "ocean": ["sea"], "film": ["movie"], "movie": ["film"] },
        "faceting": { "sortFacetValuesBy": { "*": "alpha", "genres": "count" } },
    })
    .to_string()
    .into_bytes()
}

/// One movie. It depends on its id alone, so a longer corpus would begin with the same movies.
fn movie(id: u64) -> Map<String, Value> {
    let mut draw = Draw::new(id);
    let mut movie = Map::new();
    let mut set = |name: &str, value: Value| movie.insert(name.to_owned(), value);
    set("id", json!(id));
    set("title", json!(title(&mut draw)));
    set("overview", json!(overview(&mut draw)));
    let count = draw.between(1, 3);
    set("genres", json!(draw.several(GENRES, count)));
    set("year", json!(draw.between(1950, 2025)));
    set("runtime", json!(draw.between(68, 198)));
    if draw.chance(85) {
        // One decimal: 2.0 to 9.8.
        let tenths = u32::try_from(draw.between(20, 98)).unwrap_or(20);
        set("rating", json!(f64::from(tenths) / 10.0));
    }
    set("director", json!(person(&mut draw)));
    let size = draw.between(2, 5);
    let cast: Vec<String> = (0..size).map(|_| person(&mut draw)).collect();
    set("cast", json!(cast));
    if draw.chance(70) {
        set("country", json!(draw.one(COUNTRIES)));
    } else if draw.chance(30) {
        set("country", Value::Null);
    }
    if draw.chance(35) {
        let (name, lat, lng) = *draw.one(PLACES);
        set("filmed_in", json!(name));
        set("_geo", json!({ "lat": lat, "lng": lng }));
    }
    movie
}

fn title(draw: &mut Draw) -> String {
    let (adjective, noun, other) = (*draw.one(ADJECTIVES), *draw.one(NOUNS), *draw.one(NOUNS));
    match draw.between(0, 5) {
        0 => format!("The {adjective} {noun}"),
        1 => format!("{noun} of the {other}"),
        2 => format!("{} {noun}", draw.one(SEASONS)),
        3 => format!("{}'s {noun}", draw.one(FIRST_NAMES)),
        4 => format!("A {noun} in {}", draw.one(PLACES).0),
        _ => format!("{adjective} {noun}"),
    }
}

fn overview(draw: &mut Draw) -> String {
    let (hero, other) = (*draw.one(HEROES), *draw.one(HEROES));
    let place = draw.one(PLACES).0;
    let name = *draw.one(FIRST_NAMES);
    let season = *draw.one(TIMES);
    let first = match draw.between(0, 3) {
        0 => format!(
            "{name}, {hero}, comes to {place} in {season} and must {}.",
            draw.one(DEEDS)
        ),
        1 => format!(
            "One {season} in {place}, {hero} and {other} decide to {}.",
            draw.one(DEEDS)
        ),
        2 => format!(
            "Nobody in {place} believes {name}, {hero}, who wants to {}.",
            draw.one(DEEDS)
        ),
        _ => format!(
            "When {} reaches {place}, {hero} has to {}.",
            draw.one(TROUBLES),
            draw.one(DEEDS)
        ),
    };
    let second = match draw.between(0, 3) {
        0 => format!("Then {} changes everything.", draw.one(TROUBLES)),
        1 => format!("Only {other} knows how to {}.", draw.one(DEEDS)),
        2 => format!("But {} and {} stand in the way.", draw.one(TROUBLES), other),
        _ => format!(
            "What begins as a plan to {} ends with {}.",
            draw.one(DEEDS),
            draw.one(TROUBLES)
        ),
    };
    format!("{first} {second}")
}

fn person(draw: &mut Draw) -> String {
    format!("{} {}", draw.one(FIRST_NAMES), draw.one(LAST_NAMES))
}
