// What an application does with the official JavaScript SDK, step by step, against MEILISEARCH_URL with MEILISEARCH_KEY.

import assert from "node:assert/strict";
import process from "node:process";
import { Meilisearch } from "meilisearch";
import { generateTenantToken } from "meilisearch/token";

const { MEILISEARCH_URL: host, MEILISEARCH_KEY: apiKey, SMOKE_WITHOUT = "" } = process.env;
const UID = "smoke-javascript";
const MOVIES = [
  { id: 1, title: "Winter Light", genres: ["Drama"], year: 1963 },
  { id: 2, title: "Winter's Bone", genres: ["Drama", "Crime"], year: 2010 },
  { id: 3, title: "The Winter Guest", genres: ["Drama"], year: 1997 },
  { id: 4, title: "Summer Hours", genres: ["Drama"], year: 2008 },
  { id: 5, title: "A Summer's Tale", genres: ["Comedy", "Romance"], year: 1996 },
  { id: 6, title: "Autumn Tale", genres: ["Comedy"], year: 1998 },
];

const client = new Meilisearch({ host, apiKey });
const index = client.index(UID);

const ids = (result) => result.hits.map((hit) => hit.id);

async function done(enqueued) {
  const task = await enqueued.waitTask({ timeout: 60_000 });
  assert.deepEqual([task.status, task.error], ["succeeded", null]);
  return task;
}

const refused = (promise, code) => assert.rejects(promise, (error) => error.cause?.code === code);

const steps = {
  async server() {
    assert.deepEqual(await client.health(), { status: "available" });
    assert.match((await client.getVersion()).pkgVersion, /^1\./);
  },

  async create() {
    // The rest of an earlier run, if there is one.
    await client.deleteIndex(UID).waitTask({ timeout: 60_000 });
    const task = await done(client.createIndex(UID, { primaryKey: "id" }));
    assert.deepEqual([task.type, task.indexUid], ["indexCreation", UID]);
    assert.equal((await client.getRawIndex(UID)).primaryKey, "id");
  },

  async settings() {
    await done(
      index.updateSettings({
        searchableAttributes: ["title"],
        filterableAttributes: ["genres", "year"],
        sortableAttributes: ["year"],
      }),
    );
    assert.deepEqual(await index.getSearchableAttributes(), ["title"]);
    assert.deepEqual(await index.getSortableAttributes(), ["year"]);
  },

  async documents() {
    assert.equal((await done(index.addDocuments(MOVIES))).details.indexedDocuments, 6);
    assert.equal((await index.getDocument(2)).title, "Winter's Bone");
    assert.equal((await index.getStats()).numberOfDocuments, 6);
  },

  async search() {
    const result = await index.search("winter", {
      filter: "year > 1990",
      facets: ["genres"],
      attributesToHighlight: ["title"],
      attributesToRetrieve: ["id", "title"],
    });
    assert.deepEqual(ids(result).sort(), [2, 3]);
    assert.deepEqual(result.facetDistribution, { genres: { Crime: 1, Drama: 2 } });
    const bone = result.hits.find((hit) => hit.id === 2);
    assert.deepEqual(Object.keys(bone).sort(), ["_formatted", "id", "title"]);
    assert.equal(bone._formatted.title, "<em>Winter</em>'s Bone");
    assert.deepEqual(ids(await index.search("", { sort: ["year:desc"], limit: 2 })), [2, 4]);
    await refused(index.search("", { filter: "title = x" }), "invalid_search_filter");
  },

  async multi_search() {
    const { results } = await client.multiSearch({
      queries: [
        { indexUid: UID, q: "autumn" },
        { indexUid: UID, q: "", filter: "genres = Comedy", sort: ["year:asc"] },
      ],
    });
    assert.deepEqual(results.map(ids), [[6], [5, 6]]);
  },

  async keys() {
    const key = await client.createKey({
      actions: ["search"],
      indexes: [UID],
      expiresAt: null,
      name: "smoke",
    });
    const limited = new Meilisearch({ host, apiKey: key.key }).index(UID);
    assert.deepEqual(ids(await limited.search("autumn")), [6]);
    await refused(limited.deleteAllDocuments(), "invalid_api_key");

    // A tenant sees what the token's filter lets it see.
    const token = await generateTenantToken({
      apiKey: key.key,
      apiKeyUid: key.uid,
      searchRules: { [UID]: { filter: "genres = Crime" } },
    });
    const tenant = new Meilisearch({ host, apiKey: token }).index(UID);
    assert.deepEqual(ids(await tenant.search("")), [2]);
    await client.deleteKey(key.uid);
    await refused(limited.search(""), "invalid_api_key");
  },

  async tasks() {
    await done(index.deleteDocument(1));
    const { results } = await client.tasks.getTasks({ indexUids: [UID], limit: 2 });
    assert.deepEqual(
      results.map((task) => task.type),
      ["documentDeletion", "documentAdditionOrUpdate"],
    );
    assert.equal((await client.tasks.getTask(results[0].uid)).details.deletedDocuments, 1);
  },

  async delete() {
    await done(client.deleteIndex(UID));
    await refused(client.getRawIndex(UID), "index_not_found");
  },
};

for (const [name, step] of Object.entries(steps)) {
  if (SMOKE_WITHOUT.split(",").includes(name)) {
    console.log(`javascript: ${name}: skipped, this server does not have it`);
    continue;
  }
  try {
    await step();
  } catch (error) {
    console.error(`javascript: ${name}:`, error);
    process.exit(1);
  }
  console.log(`javascript: ${name}: ok`);
}
