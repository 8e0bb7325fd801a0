// Package compression tests permessage-deflate with the clients and workers that
// people have: Chromium and gorilla/websocket as clients, business workers in PHP and
// in Go.
package compression
