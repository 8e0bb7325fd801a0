package main

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/sirupsen/logrus"
	"github.com/urfave/cli/v2"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/chat"
	"github.com/go-gatewayworker/gatewayworker/gateway"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// categoryChat is the category of chatFlags.
const categoryChat = "Chat"

const defaultChatListen = "127.0.0.1:8080"

// chatFlags are those of the built-in chat.
func chatFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "chat", Category: categoryChat, Usage: "serve a chat: a web page, and the worker behind it, which shares the clients with workers of yours; --chat=false leaves them all to those (default: true for websocket clients where Register and lan-ip are this machine's alone)", DefaultText: "see left", EnvVars: env("chat")},
		&cli.BoolFlag{Name: "chat-worker", Category: categoryChat, Usage: "run the chat's worker; false serves its page alone, for a worker of yours such as docs/chat/Events.php", Value: true, EnvVars: env("chat-worker")},
		&cli.StringFlag{Name: "chat-listen", Category: categoryChat, Usage: "`HOST:PORT` of the chat's page; empty is no chat", Value: defaultChatListen, EnvVars: env("chat-listen")},
		&cli.StringSliceFlag{Name: "chat-origin", Category: categoryChat, Usage: "`HOST` of other pages that may join, or their origin, as https://example.com; * is all; repeat it for several (default: pages of this machine where chat-listen is loopback, else those of the gateway's host)", EnvVars: env("chat-origin")},
	}
}

// chatWanted reports whether the flags ask for the chat. Its worker takes its
// share of the clients, so a cluster of several machines, or one that is there
// already, gets it only if it is asked for by name.
func chatWanted(c *cli.Context, opts gateway.Options) (bool, error) {
	listen, err := gatewayprotocol.ParseListenAddress(opts.Listen)
	if err != nil {
		return false, err
	}
	websocket := listen.Scheme == gatewayprotocol.SchemeWebSocket
	if c.IsSet("chat") || c.IsSet("chat-listen") {
		wanted := c.String("chat-listen") != "" && (c.Bool("chat") || !c.IsSet("chat"))
		if wanted && !websocket {
			return false, &flagError{"listen", opts.Listen, "the chat's page needs websocket://; see --chat"}
		}
		return wanted, nil
	}
	reg, err := gatewayprotocol.ParseListenAddress(c.String("register-listen"))
	alone := err == nil && isLoopback(reg.Host) && isLoopback(opts.LanIP) && len(opts.RegisterAddresses) == 0
	return websocket && alone, nil
}

func isLoopback(ip string) bool {
	a, err := netip.ParseAddr(ip)
	return err == nil && a.IsLoopback()
}

// listenChat opens the port of the chat's page.
func (p *process) listenChat(c *cli.Context) (net.Listener, error) {
	addr := c.String("chat-listen")
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return nil, &flagError{"chat-listen", addr, "want host:port, as in " + defaultChatListen}
	}
	for _, origin := range c.StringSlice("chat-origin") {
		if err := chat.CheckOrigin(origin); err != nil {
			return nil, &flagError{"chat-origin", origin, err.Error()}
		}
	}
	ln, err := p.open("chat-listen", addr, func() (net.Listener, error) { return net.Listen("tcp", addr) })
	if err != nil {
		return nil, fmt.Errorf("chat: %w (choose another --chat-listen, or --chat=false)", err)
	}
	return ln, nil
}

// chatServer is the chat of the process.
type chatServer struct{ *chat.Server }

// chatPart is what a chat is called between two processes.
const chatPart = "chat"

// newChat makes the chat of a gateway that has its ports.
func newChat(c *cli.Context, ln net.Listener, g gatewayServer, opts gateway.Options, log *logrus.Logger) (chatServer, error) {
	s, err := chat.New(chat.Options{
		Listener:          ln,
		Gateway:           g.clientAddr(),
		TLS:               opts.TLS != nil,
		RegisterAddresses: opts.RegisterAddresses,
		SecretKey:         opts.SecretKey,
		Origins:           c.StringSlice("chat-origin"),
		PageOnly:          !c.Bool("chat-worker"),
		Logger:            log,
	})
	return chatServer{s}, err
}
