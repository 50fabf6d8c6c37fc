"""What an application does with the official Python SDK, step by step, against MEILISEARCH_URL with MEILISEARCH_KEY."""

import os
import sys

import meilisearch
from meilisearch.errors import MeilisearchApiError

URL = os.environ["MEILISEARCH_URL"]
KEY = os.environ["MEILISEARCH_KEY"]
WITHOUT = os.environ.get("SMOKE_WITHOUT", "").split(",")
UID = "smoke-python"

MOVIES = [
    {"id": 1, "title": "Winter Light", "genres": ["Drama"], "year": 1963},
    {"id": 2, "title": "Winter's Bone", "genres": ["Drama", "Crime"], "year": 2010},
    {"id": 3, "title": "The Winter Guest", "genres": ["Drama"], "year": 1997},
    {"id": 4, "title": "Summer Hours", "genres": ["Drama"], "year": 2008},
    {"id": 5, "title": "A Summer's Tale", "genres": ["Comedy", "Romance"], "year": 1996},
    {"id": 6, "title": "Autumn Tale", "genres": ["Comedy"], "year": 1998},
]

client = meilisearch.Client(URL, KEY)
index = client.index(UID)


def equal(actual, expected):
    if actual != expected:
        raise AssertionError(f"expected {expected!r}, got {actual!r}")


def ids(result):
    return [hit["id"] for hit in result["hits"]]


def done(task):
    task = client.wait_for_task(task.task_uid, timeout_in_ms=60_000)
    equal((task.status, task.error), ("succeeded", None))
    return task


def refused(call, code):
    try:
        call()
    except MeilisearchApiError as error:
        equal(error.code, code)
    else:
        raise AssertionError(f"{code} was expected, and there was no error")


def server():
    equal(client.health(), {"status": "available"})
    equal(client.get_version()["pkgVersion"].split(".")[0], "1")


def create():
    # The rest of an earlier run, if there is one.
    client.wait_for_task(index.delete().task_uid, timeout_in_ms=60_000)
    task = done(client.create_index(UID, {"primaryKey": "id"}))
    equal((task.type, task.index_uid), ("indexCreation", UID))
    equal(client.get_index(UID).primary_key, "id")


def settings():
    done(
        index.update_settings(
            {
                "searchableAttributes": ["title"],
                "filterableAttributes": ["genres", "year"],
                "sortableAttributes": ["year"],
            }
        )
    )
    equal(index.get_searchable_attributes(), ["title"])
    equal(index.get_sortable_attributes(), ["year"])


def documents():
    equal(done(index.add_documents(MOVIES)).details["indexedDocuments"], 6)
    equal(index.get_document(2).title, "Winter's Bone")
    equal(index.get_stats().number_of_documents, 6)


def search():
    result = index.search(
        "winter",
        {
            "filter": "year > 1990",
            "facets": ["genres"],
            "attributesToHighlight": ["title"],
            "attributesToRetrieve": ["id", "title"],
        },
    )
    equal(sorted(ids(result)), [2, 3])
    equal(result["facetDistribution"], {"genres": {"Crime": 1, "Drama": 2}})
    bone = next(hit for hit in result["hits"] if hit["id"] == 2)
    equal(set(bone), {"id", "title", "_formatted"})
    equal(bone["_formatted"]["title"], "<em>Winter</em>'s Bone")
    equal(ids(index.search("", {"sort": ["year:desc"], "limit": 2})), [2, 4])
    refused(lambda: index.search("", {"filter": "title = x"}), "invalid_search_filter")


def multi_search():
    results = client.multi_search(
        [
            {"indexUid": UID, "q": "autumn"},
            {"indexUid": UID, "q": "", "filter": "genres = Comedy", "sort": ["year:asc"]},
        ]
    )["results"]
    equal([ids(result) for result in results], [[6], [5, 6]])


def keys():
    key = client.create_key(
        {"actions": ["search"], "indexes": [UID], "expiresAt": None, "name": "smoke"}
    )
    limited = meilisearch.Client(URL, key.key).index(UID)
    equal(ids(limited.search("autumn")), [6])
    refused(limited.delete_all_documents, "invalid_api_key")

    # A tenant sees what the token's filter lets it see.
    token = client.generate_tenant_token(
        key.uid, {UID: {"filter": "genres = Crime"}}, api_key=key.key
    )
    equal(ids(meilisearch.Client(URL, token).index(UID).search("")), [2])
    equal(client.delete_key(key.uid), 204)
    refused(lambda: limited.search(""), "invalid_api_key")


def tasks():
    done(index.delete_document(1))
    newest = client.get_tasks({"indexUids": UID, "limit": 2}).results
    equal([task.type for task in newest], ["documentDeletion", "documentAdditionOrUpdate"])
    equal(client.get_task(newest[0].uid).details["deletedDocuments"], 1)


def delete():
    done(client.delete_index(UID))
    refused(lambda: client.get_index(UID), "index_not_found")


for step in [server, create, settings, documents, search, multi_search, keys, tasks, delete]:
    if step.__name__ in WITHOUT:
        print(f"python: {step.__name__}: skipped, this server does not have it")
        continue
    try:
        step()
    except Exception as error:
        sys.exit(f"python: {step.__name__}: {error}")
    print(f"python: {step.__name__}: ok")
