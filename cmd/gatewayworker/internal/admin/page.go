package admin

import (
	"embed"
	"io/fs"
	"net/http"
)

//go:embed page
var pageFiles embed.FS

// newPage returns the handler of the page's files. They hold nothing of the
// process: what the page shows it asks for.
func newPage() http.Handler {
	files, err := fs.Sub(pageFiles, "page")
	if err != nil {
		panic(err) // the directory is there, or the program was not built
	}
	serve := http.FileServerFS(files)
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", serve)
	for _, name := range []string{"admin.css", "admin.js", "api.js", "charts.js", "format.js", "inside.js", "process.js", "words.js", "icon.svg"} {
		mux.Handle("GET /"+name, serve)
	}
	return mux
}
