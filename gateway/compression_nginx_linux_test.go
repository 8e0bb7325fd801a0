package gateway

import (
	"testing"
	"time"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// TestCompressionBehindNginx: nginx passes offer, answer and frames on as they are.
func TestCompressionBehindNginx(t *testing.T) {
	g := startGateway(t, Options{Compression: true})
	at := nginx(t, `http { access_log off; server { listen HERE; location / {
		proxy_pass http://`+g.client+`; proxy_http_version 1.1;
		proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; } } }`)
	w := g.worker("w:0")
	g.client = at
	ws, counted := g.dialCompressed()
	_ = ws.SetReadDeadline(time.Now().Add(patience))
	w.event(gp.CmdOnConnect)
	id := w.event(gp.CmdOnWebSocketConnect).ConnectionID
	before := counted.read
	w.send(withBody(gp.CmdSendToOne, id, jsonOf(10_000)))
	wantText(t, ws, jsonOf(10_000))
	if n := counted.read - before; n > 5000 {
		t.Errorf("10,000 bytes of JSON came as %d", n)
	}
}
