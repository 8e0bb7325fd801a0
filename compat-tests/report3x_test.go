package compattests

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// report3x writes the section about GatewayWorker 3.x, from its text in a
// language.
func report3x(section string) (string, error) {
	recorded := 0
	for _, sc := range sortedScenarios() {
		if !sc.in3x() {
			continue
		}
		switch _, err := loadTranscript(sc.name, kind3x); {
		case err == nil:
			recorded++
		case !errors.Is(err, fs.ErrNotExist):
			return "", err
		}
	}
	return strings.Replace(section, "RECORDED", fmt.Sprint(recorded), 1), nil
}

// section3x is what came of running GatewayWorker 3.x, and Workerman before 5,
// against the suite.
const section3x = "## GatewayWorker 3.x\n" + `
PHP workers and GatewayClients from GatewayWorker 3.0.16 on (2020) work here as those of 4.0 do: what they send is the same, byte for byte, and so is what they are sent,
with one exception: the data of onWebSocketConnect.

**What decides is the Workerman that the PHP gateway ran on.** ` + "`composer show workerman/workerman`" + ` tells:

| Workerman | GatewayWorker that allows it | set |
|---|---|---|
| 5 | 3.1.2 to 3.1.4, 4.0 (older ones do not load) | nothing |
| 4 | 3.0.16 to 3.1.1, 3.1.5 to 3.1.18, 4.0 | ` + "`--handshake-data 3`, in Go `HandshakeData: gateway.HandshakeData3`" + ` |
| 3.5 | 3.0.16 to 3.0.22 | the same |

### What differs

` + "RECORDED conversations about the handshake were recorded from 3.0.28 and from 3.1.18, on Workerman 4.2.1; the two are equal, and with `--handshake-data 3` ours says the same in all of them." + `
3.1.2 and 3.1.4 on Workerman 5.2.2 make the default's. The data of the event were compared with Workerman 3.5.35 and 4.2.1 for 5,153 more request heads, and with nine versions from 3.5.0 to 4.1.17 for 173: all make the same of them.

| | ` + "Workerman 5 (`4`, the default) | Workerman 3.5 and 4 (`3`)" + ` |
|---|---|---|
| ` + "`Cookie: a=b%20c` | `b%20c` | `b c`: names and values are url-decoded, `+` is a blank" + ` |
| ` + "`Cookie: a=1;b=2` | two cookies | one: only `; ` separates (and `&`); `a[]=1` makes an array" + ` |
| two Cookie headers | joined by a comma | the last counts |
| ` + "`server`, order | QUERY_STRING, REQUEST_METHOD, REQUEST_URI, SERVER_PROTOCOL, SERVER_NAME, CONTENT_TYPE, REMOTE_ADDR, REMOTE_PORT, SERVER_PORT, `HTTP_*` | REQUEST_METHOD, REQUEST_URI, SERVER_PROTOCOL, `HTTP_*` with SERVER_NAME and SERVER_PORT behind HTTP_HOST, QUERY_STRING" + ` |
| SERVER_NAME | Host with its port; null without Host | Host up to the first colon; not there without Host |
| SERVER_PORT | the port that the gateway listens on, an integer | the port in Host, a string; not there without one |
| REMOTE_ADDR, REMOTE_PORT, CONTENT_TYPE | there | not there |
| SERVER_PROTOCOL, REQUEST_URI | ` + "from `HTTP/` on, else `HTTP/1.0`; `/` if missing | the third and second word as they were sent; null if missing" + ` |
| headers with one name | joined by commas | the last counts |
| a header line without a colon | left out | an empty value |
| Sec-WebSocket-Version | must be 13: 400 or 426 | not asked for |
| the 101 | ` + "`Switching Protocol` | `Switching Protocols`, and `Server: workerman/4.2.1`" + ` |
| refused requests | ` + "`HTTP/1.1 400` | `HTTP/1.0 400` with `Server: workerman`" + ` |

The answers to clients are those of Workerman 4.2.1. Others name their own version in ` + "`Server`" + `; those before 4.1.16, but for 4.0.47, refuse requests with other texts, most with the status 200, and those before 4.1.5 answer a request for Flash's policy file.

### Nothing tells a gateway

A gateway cannot know which of the two its workers expect. In 67 conversations, which make every call, workers and libraries of 3.1.18 on Workerman 4.2.1 send the same bytes as those of 4.0 on Workerman 5.
The greeting, the lines for the Register and their pings were compared for seven versions from 3.0.16 to 4.0, over 56 seconds: one byte sequence. The code that writes them has not changed.
(Libraries before 3.0.26 make a connection for each question, but so does a newer one whose ` + "`$persistentConnection`" + ` is off; and it would tell the version of the library, not that of the gateway that the worker had before.)

So it must be set. Where it is not, the gateway's log says so at the first cookie that the two read differently; ` + "`--handshake-data 4`" + ` confirms the default, and the line is gone. ` + "`gatewayworker status`" + ` asks by the inner protocol, which has no question for it.

### Workers and GatewayClients of 3.x

All 67 conversations were run with these workers and libraries on our Register and gateways; ` + "`TestActors3x`" + ` repeats it:

| GatewayWorker | Workerman | GatewayClient | |
|---|---|---|---|
| 3.1.18 | 4.2.1 | 3.1.1 | the same bytes as 4.0 |
| 3.0.28 | 4.2.1 | 3.0.17 | the same bytes; the library has no ` + "`batchGetClientIdCountByGroup`" + ` |
| 3.0.23 | 4.0.47 | 3.0.14 | the same frames over more connections; no batches, no raw ` + "`sendToUid`" + ` |
| 3.0.22 | 3.5.35 | 3.0.13 | the same |
| 3.0.16 | 3.5.35, 4.0.0 | 3.0.13 | the same; no raw messages at all |

workerman-chat, and the clusters in which each of Register, gateway, worker and GatewayClient is PHP or Go, ran with 3.1.18 as well; the chat with 3.0.28 and 3.0.16 too.

### What PHP's gateways of 3.x do otherwise, and ours does not

Apart from the handshake, ours does what 4.0 on Workerman 5 does. The rest of the suite was run with 3.1.18 on Workerman 4.2.1:
of 620 more conversations ours with ` + "`--handshake-data 3`" + ` is equal in 573, 23 show a [deliberate difference](#deliberate-differences), and in 24 an array or null sent over websocket ends that gateway.
(Left out are what kills a gateway, ` + "`gatewayclient`" + `, and TLS with raw tcp or client certificates, where Workerman 4 hangs.)

| PHP | here |
|---|---|
| Workerman 4: an array or null that is sent over websocket ends the gateway process | it is sent as JSON, as from Workerman 5 |
| Workerman 4: a line from a Register, and damaged deflate data, do not end the process | nor here |
| Workerman 4: null and numbers on text, frame and tcp are sent as text | they are refused: [body-no-text](#body-no-text) |
| before 3.1.18: a second worker of one name is refused | it replaces the first |
| before 3.1.3: clients are given to workers at random | to the one with the fewest; ` + "`--router random`" + ` |
| before 3.1.17: commands 16 and 28 (batches) are not known | they are answered |
`
