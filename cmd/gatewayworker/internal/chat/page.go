package chat

import (
	"bytes"
	"embed"
	"html/template"
	"io/fs"
	"net"
	"net/http"
	"strconv"
)

//go:embed page
var pageFiles embed.FS

// gatewayData is what index.html tells the script. Where Host is empty it takes
// the one that the page came from.
type gatewayData struct {
	Host   string
	Port   string
	Secure bool
}

// newPage returns the handler of the page's files.
func newPage(gateway *net.TCPAddr, secure bool) (http.Handler, error) {
	files, err := fs.Sub(pageFiles, "page")
	if err != nil {
		return nil, err
	}
	index, err := template.ParseFS(files, "index.html")
	if err != nil {
		return nil, err
	}
	data := gatewayData{Port: strconv.Itoa(gateway.Port), Secure: secure}
	if ip := gateway.IP; len(ip) > 0 && !ip.IsUnspecified() {
		data.Host = ip.String()
		if ip.To4() == nil {
			data.Host = "[" + data.Host + "]"
		}
	}
	var text bytes.Buffer
	if err := index.Execute(&text, data); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(text.Bytes())
	})
	serve := http.FileServerFS(files)
	for _, name := range []string{"chat.css", "chat.js", "words.js", "icon.svg"} {
		mux.Handle("GET /"+name, serve)
	}
	return protected(mux), nil
}

// protected lets the page load its own files and talk to gateways, and nothing
// else.
func protected(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		head := w.Header()
		head.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		head.Set("X-Content-Type-Options", "nosniff")
		head.Set("Referrer-Policy", "no-referrer")
		head.Set("Cache-Control", "no-cache")
		h.ServeHTTP(w, r)
	})
}
