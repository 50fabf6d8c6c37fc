//! What an application does with the official Rust SDK, step by step, against `MEILISEARCH_URL` with
//! `MEILISEARCH_KEY`.

use std::env;
use std::error::Error;
use std::fmt::Debug;
use std::process::ExitCode;
use std::time::Duration;

use meilisearch_sdk::client::Client;
use meilisearch_sdk::errors::Error as SdkError;
use meilisearch_sdk::indexes::Index;
use meilisearch_sdk::key::{Action, KeyBuilder};
use meilisearch_sdk::search::{SearchResults, Selectors};
use meilisearch_sdk::settings::Settings;
use meilisearch_sdk::task_info::TaskInfo;
use meilisearch_sdk::tasks::{Task, TaskType, TasksSearchQuery};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const UID: &str = "smoke-rust";
const STEPS: [&str; 9] = [
    "server",
    "create",
    "settings",
    "documents",
    "search",
    "multi_search",
    "keys",
    "tasks",
    "delete",
];

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Movie {
    id: u32,
    title: String,
    genres: Vec<String>,
    year: u32,
}

/// What a search shows.
#[derive(Debug, Deserialize)]
struct Shown {
    id: u32,
}

fn movies() -> Vec<Movie> {
    let movie = |id, title: &str, genres: &[&str], year| Movie {
        id,
        title: title.to_owned(),
        genres: genres.iter().map(|genre| (*genre).to_owned()).collect(),
        year,
    };
    vec![
        movie(1, "Winter Light", &["Drama"], 1963),
        movie(2, "Winter's Bone", &["Drama", "Crime"], 2010),
        movie(3, "The Winter Guest", &["Drama"], 1997),
        movie(4, "Summer Hours", &["Drama"], 2008),
        movie(5, "A Summer's Tale", &["Comedy", "Romance"], 1996),
        movie(6, "Autumn Tale", &["Comedy"], 1998),
    ]
}

fn equal<T: PartialEq + Debug>(actual: T, expected: T) -> Outcome {
    if actual == expected {
        Ok(())
    } else {
        Err(format!("expected {expected:?}, got {actual:?}").into())
    }
}

fn refused<T>(result: Result<T, SdkError>, code: &str) -> Outcome {
    match result {
        Err(SdkError::Meilisearch(error)) => {
            let told = serde_json::to_value(&error.error_code)?;
            equal(told, Value::from(code))
        }
        Err(error) => Err(error.into()),
        Ok(_) => Err(format!("{code} was expected, and there was no error").into()),
    }
}

fn ids(results: &SearchResults<Shown>) -> Vec<u32> {
    results.hits.iter().map(|hit| hit.result.id).collect()
}

struct Smoke {
    url: String,
    client: Client,
    index: Index,
}

impl Smoke {
    fn new() -> Outcome<Self> {
        let url = env::var("MEILISEARCH_URL")?;
        let client = Client::new(&url, Some(env::var("MEILISEARCH_KEY")?))?;
        let index = client.index(UID);
        Ok(Self { url, client, index })
    }

    async fn step(&self, name: &str) -> Outcome {
        match name {
            "server" => self.server().await,
            "create" => self.create().await,
            "settings" => self.settings().await,
            "documents" => self.documents().await,
            "search" => self.search().await,
            "multi_search" => self.multi_search().await,
            "keys" => self.keys().await,
            "tasks" => self.tasks().await,
            _ => self.delete().await,
        }
    }

    async fn wait(&self, task: TaskInfo) -> Outcome<Task> {
        let pause = Duration::from_millis(20);
        let limit = Duration::from_secs(60);
        Ok(self
            .client
            .wait_for_task(task, Some(pause), Some(limit))
            .await?)
    }

    async fn done(&self, task: TaskInfo) -> Outcome<TaskType> {
        match self.wait(task).await? {
            Task::Succeeded { content } => Ok(content.update_type),
            other => Err(format!("{other:?}").into()),
        }
    }

    async fn server(&self) -> Outcome {
        equal(self.client.health().await?.status.as_str(), "available")?;
        let version = self.client.get_version().await?.pkg_version;
        equal(version.starts_with("1."), true)
    }

    async fn create(&self) -> Outcome {
        // The rest of an earlier run, if there is one.
        self.wait(self.client.delete_index(UID).await?).await?;
        let task = self.client.create_index(UID, Some("id")).await?;
        let made = self.done(task).await?;
        equal(matches!(made, TaskType::IndexCreation { .. }), true)?;
        let index = self.client.get_index(UID).await?;
        equal(index.primary_key.as_deref(), Some("id"))
    }

    async fn settings(&self) -> Outcome {
        let settings = Settings::new()
            .with_searchable_attributes(["title"])
            .with_filterable_attributes(["genres", "year"])
            .with_sortable_attributes(["year"]);
        self.done(self.index.set_settings(&settings).await?).await?;
        let searchable = self.index.get_searchable_attributes().await?;
        equal(searchable, vec!["title".to_owned()])?;
        let sortable = self.index.get_sortable_attributes().await?;
        equal(sortable, vec!["year".to_owned()])
    }

    async fn documents(&self) -> Outcome {
        let task = self.index.add_documents(&movies(), None).await?;
        let TaskType::DocumentAdditionOrUpdate {
            details: Some(details),
        } = self.done(task).await?
        else {
            return Err("the task has another type".into());
        };
        equal(details.indexed_documents, Some(6))?;
        let found: Movie = self.index.get_document("2").await?;
        equal(found, movies()[1].clone())?;
        equal(self.index.get_stats().await?.number_of_documents, 6)
    }

    async fn search(&self) -> Outcome {
        let result: SearchResults<Shown> = self
            .index
            .search()
            .with_query("winter")
            .with_filter("year > 1990")
            .with_facets(Selectors::Some(&["genres"]))
            .with_attributes_to_highlight(Selectors::Some(&["title"]))
            .with_attributes_to_retrieve(Selectors::Some(&["id", "title"]))
            .execute()
            .await?;
        let mut found = ids(&result);
        found.sort_unstable();
        equal(found, vec![2, 3])?;
        let facets = serde_json::to_value(&result.facet_distribution)?;
        equal(facets, json!({ "genres": { "Crime": 1, "Drama": 2 } }))?;
        let bone = result.hits.iter().find(|hit| hit.result.id == 2);
        let title = bone.and_then(|hit| hit.formatted_result.as_ref()?.get("title"));
        let expected = Value::from("<em>Winter</em>'s Bone");
        equal(title, Some(&expected))?;

        let newest: SearchResults<Shown> = self
            .index
            .search()
            .with_sort(&["year:desc"])
            .with_limit(2)
            .execute()
            .await?;
        equal(ids(&newest), vec![2, 4])?;
        let mut bad = self.index.search();
        bad.with_filter("title = x");
        refused(bad.execute::<Shown>().await, "invalid_search_filter")
    }

    async fn multi_search(&self) -> Outcome {
        let mut first = self.index.search();
        let mut second = self.index.search();
        first.with_query("autumn");
        second
            .with_filter("genres = Comedy")
            .with_sort(&["year:asc"]);
        let mut queries = self.client.multi_search();
        queries.with_search_query(first.build());
        queries.with_search_query(second.build());
        let answer = queries.execute::<Shown>().await?;
        let found: Vec<Vec<u32>> = answer.results.iter().map(ids).collect();
        equal(found, vec![vec![6], vec![5, 6]])
    }

    async fn keys(&self) -> Outcome {
        let mut wanted = KeyBuilder::new();
        wanted
            .with_name("smoke")
            .with_action(Action::Search)
            .with_index(UID);
        let key = self.client.create_key(&wanted).await?;
        let limited = Client::new(&self.url, Some(&key.key))?.index(UID);
        let found = limited.search().with_query("autumn").execute().await?;
        equal(ids(&found), vec![6])?;
        refused(limited.delete_all_documents().await, "invalid_api_key")?;

        // A tenant sees what the token's filter lets it see.
        let rules = json!({ UID: { "filter": "genres = Crime" } });
        let uid = key.uid.clone();
        let token = self
            .client
            .generate_tenant_token(uid.clone(), rules, Some(&key.key), None)?;
        let tenant = Client::new(&self.url, Some(token))?.index(UID);
        equal(ids(&tenant.search().execute().await?), vec![2])?;
        self.client.delete_key(uid).await?;
        let search = limited.search().execute::<Shown>().await;
        refused(search, "invalid_api_key")
    }

    async fn tasks(&self) -> Outcome {
        self.done(self.index.delete_document(1).await?).await?;
        let mut query = TasksSearchQuery::new(&self.client);
        query.with_index_uids([UID]).with_limit(2);
        let newest = self.client.get_tasks_with(&query).await?.results;
        let types: Vec<String> = newest.iter().map(kind).collect();
        equal(
            types,
            vec![
                "DocumentDeletion".to_owned(),
                "DocumentAdditionOrUpdate".to_owned(),
            ],
        )
    }

    async fn delete(&self) -> Outcome {
        self.done(self.client.delete_index(UID).await?).await?;
        refused(self.client.get_index(UID).await, "index_not_found")
    }
}

/// The name of a finished task's type.
fn kind(task: &Task) -> String {
    let Task::Succeeded { content } = task else {
        return format!("{task:?}");
    };
    let text = format!("{:?}", content.update_type);
    text.split([' ', '{']).next().unwrap_or_default().to_owned()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<ExitCode> {
    let smoke = Smoke::new()?;
    let without = env::var("SMOKE_WITHOUT").unwrap_or_default();
    for name in STEPS {
        if without.split(',').any(|step| step == name) {
            println!("rust: {name}: skipped, this server does not have it");
            continue;
        }
        if let Err(error) = smoke.step(name).await {
            eprintln!("rust: {name}: {error}");
            return Ok(ExitCode::FAILURE);
        }
        println!("rust: {name}: ok");
    }
    Ok(ExitCode::SUCCESS)
}
