// Command smoke does what an application does with the official Go SDK, step by step, against MEILISEARCH_URL with
// MEILISEARCH_KEY.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/meilisearch/meilisearch-go"
)

const uid = "smoke-go"

type movie struct {
	ID     int      `json:"id"`
	Title  string   `json:"title"`
	Genres []string `json:"genres"`
	Year   int      `json:"year"`
}

var movies = []movie{
	{1, "Winter Light", []string{"Drama"}, 1963},
	{2, "Winter's Bone", []string{"Drama", "Crime"}, 2010},
	{3, "The Winter Guest", []string{"Drama"}, 1997},
	{4, "Summer Hours", []string{"Drama"}, 2008},
	{5, "A Summer's Tale", []string{"Comedy", "Romance"}, 1996},
	{6, "Autumn Tale", []string{"Comedy"}, 1998},
}

var (
	url    = os.Getenv("MEILISEARCH_URL")
	client = connect(os.Getenv("MEILISEARCH_KEY"))
	index  = client.Index(uid)
)

func connect(key string) meilisearch.ServiceManager {
	return meilisearch.New(url, meilisearch.WithAPIKey(key))
}

// must ends the step that it is called in.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

func value[T any](got T, err error) T {
	must(err)
	return got
}

func equal(actual, expected any) {
	if !reflect.DeepEqual(actual, expected) {
		panic(fmt.Errorf("expected %v, got %v", expected, actual))
	}
}

func ids(hits meilisearch.Hits) []int {
	found := []int{}
	for _, hit := range hits {
		var id int
		must(json.Unmarshal(hit["id"], &id))
		found = append(found, id)
	}
	return found
}

func wait(task *meilisearch.TaskInfo, err error) *meilisearch.Task {
	must(err)
	return value(client.WaitForTask(task.TaskUID, 20*time.Millisecond))
}

func done(task *meilisearch.TaskInfo, err error) *meilisearch.Task {
	finished := wait(task, err)
	if finished.Status != meilisearch.TaskStatusSucceeded {
		panic(fmt.Errorf("task %d: %s %s", finished.UID, finished.Status, finished.Error.Message))
	}
	return finished
}

func refused(err error, code string) {
	var failure *meilisearch.Error
	if !errors.As(err, &failure) {
		panic(fmt.Errorf("%s was expected, got %v", code, err))
	}
	equal(failure.MeilisearchApiError.Code, code)
}

func server() {
	equal(value(client.Health()).Status, "available")
	equal(strings.HasPrefix(value(client.Version()).PkgVersion, "1."), true)
}

func create() {
	// The rest of an earlier run, if there is one.
	wait(client.DeleteIndex(uid))
	task := done(client.CreateIndex(&meilisearch.IndexConfig{Uid: uid, PrimaryKey: "id"}))
	equal(task.Type, meilisearch.TaskTypeIndexCreation)
	equal(task.IndexUID, uid)
	equal(value(client.GetIndex(uid)).PrimaryKey, "id")
}

func settings() {
	done(index.UpdateSettings(&meilisearch.Settings{
		SearchableAttributes: []string{"title"},
		FilterableAttributes: []string{"genres", "year"},
		SortableAttributes:   []string{"year"},
	}))
	equal(*value(index.GetSearchableAttributes()), []string{"title"})
	equal(*value(index.GetSortableAttributes()), []string{"year"})
}

func documents() {
	equal(done(index.AddDocuments(movies, nil)).Details.IndexedDocuments, int64(6))
	var found movie
	must(index.GetDocument("2", nil, &found))
	equal(found, movies[1])
	equal(value(index.GetStats(nil)).NumberOfDocuments, int64(6))
}

func search() {
	result := value(index.Search("winter", &meilisearch.SearchRequest{
		Filter:                "year > 1990",
		Facets:                []string{"genres"},
		AttributesToHighlight: []string{"title"},
		AttributesToRetrieve:  []string{"id", "title"},
	}))
	equal(slices.Sorted(slices.Values(ids(result.Hits))), []int{2, 3})
	var facets map[string]map[string]int
	must(json.Unmarshal(result.FacetDistribution, &facets))
	equal(facets, map[string]map[string]int{"genres": {"Crime": 1, "Drama": 2}})
	bone := result.Hits[slices.Index(ids(result.Hits), 2)]
	equal(len(bone), 3)
	var formatted struct{ Title string }
	must(json.Unmarshal(bone["_formatted"], &formatted))
	equal(formatted.Title, "<em>Winter</em>'s Bone")

	newest := &meilisearch.SearchRequest{Sort: []string{"year:desc"}, Limit: 2}
	equal(ids(value(index.Search("", newest)).Hits), []int{2, 4})
	_, err := index.Search("", &meilisearch.SearchRequest{Filter: "title = x"})
	refused(err, "invalid_search_filter")
}

func multiSearch() {
	answer := value(client.MultiSearch(&meilisearch.MultiSearchRequest{Queries: []*meilisearch.SearchRequest{
		{IndexUID: uid, Query: "autumn"},
		{IndexUID: uid, Filter: "genres = Comedy", Sort: []string{"year:asc"}},
	}}))
	equal(len(answer.Results), 2)
	equal(ids(answer.Results[0].Hits), []int{6})
	equal(ids(answer.Results[1].Hits), []int{5, 6})
}

func keys() {
	key := value(client.CreateKey(&meilisearch.Key{Name: "smoke", Actions: []string{"search"}, Indexes: []string{uid}}))
	limited := connect(key.Key).Index(uid)
	equal(ids(value(limited.Search("autumn", &meilisearch.SearchRequest{})).Hits), []int{6})
	_, err := limited.DeleteAllDocuments(nil)
	refused(err, "invalid_api_key")

	// A tenant sees what the token's filter lets it see.
	rules := map[string]any{uid: map[string]string{"filter": "genres = Crime"}}
	token := value(client.GenerateTenantToken(key.UID, rules, &meilisearch.TenantTokenOptions{APIKey: key.Key}))
	equal(ids(value(connect(token).Index(uid).Search("", &meilisearch.SearchRequest{})).Hits), []int{2})
	equal(value(client.DeleteKey(key.UID)), true)
	_, err = limited.Search("", &meilisearch.SearchRequest{})
	refused(err, "invalid_api_key")
}

func tasks() {
	done(index.DeleteDocument("1", nil))
	newest := value(client.GetTasks(&meilisearch.TasksQuery{IndexUIDS: []string{uid}, Limit: 2})).Results
	equal(len(newest), 2)
	equal(newest[0].Type, meilisearch.TaskTypeDocumentDeletion)
	equal(newest[1].Type, meilisearch.TaskTypeDocumentAdditionOrUpdate)
	equal(value(client.GetTask(newest[0].UID)).Details.DeletedDocuments, int64(1))
}

func remove() {
	done(client.DeleteIndex(uid))
	_, err := client.GetIndex(uid)
	refused(err, "index_not_found")
}

func main() {
	without := strings.Split(os.Getenv("SMOKE_WITHOUT"), ",")
	for _, step := range []struct {
		name string
		run  func()
	}{
		{"server", server}, {"create", create}, {"settings", settings}, {"documents", documents}, {"search", search},
		{"multi_search", multiSearch}, {"keys", keys}, {"tasks", tasks}, {"delete", remove},
	} {
		if slices.Contains(without, step.name) {
			fmt.Printf("go: %s: skipped, this server does not have it\n", step.name)
			continue
		}
		if err := attempt(step.run); err != nil {
			fmt.Fprintf(os.Stderr, "go: %s: %v\n", step.name, err)
			os.Exit(1)
		}
		fmt.Printf("go: %s: ok\n", step.name)
	}
}

func attempt(run func()) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("%v", reason)
		}
	}()
	run()
	return nil
}
