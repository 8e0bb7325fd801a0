package main

import (
	"fmt"
	"net"

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
		&cli.BoolFlag{Name: "chat", Category: categoryChat, Usage: "serve a chat: a web page, and the worker behind it; --chat=false leaves all clients to workers of yours (default: true, false with --register-address or a --listen that is not websocket://)", DefaultText: " ", EnvVars: env("chat")},
		&cli.StringFlag{Name: "chat-listen", Category: categoryChat, Usage: "`HOST:PORT` of the chat's page; empty is no chat", Value: defaultChatListen, EnvVars: env("chat-listen")},
	}
}

// chatWanted reports whether the flags ask for the chat. In a cluster that
// exists already its worker would take clients from those that are there, so
// there it must be asked for by name.
func chatWanted(c *cli.Context, opts gateway.Options) (bool, error) {
	a, err := gatewayprotocol.ParseListenAddress(opts.Listen)
	if err != nil {
		return false, err
	}
	websocket := a.Scheme == gatewayprotocol.SchemeWebSocket
	if c.IsSet("chat") || c.IsSet("chat-listen") {
		wanted := c.String("chat-listen") != "" && (c.Bool("chat") || !c.IsSet("chat"))
		if wanted && !websocket {
			return false, &flagError{"listen", opts.Listen, "the chat's page needs websocket://; see --chat"}
		}
		return wanted, nil
	}
	return websocket && len(opts.RegisterAddress) == 0, nil
}

// listenChat opens the port of the chat's page.
func listenChat(c *cli.Context) (net.Listener, error) {
	addr := c.String("chat-listen")
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return nil, &flagError{"chat-listen", addr, "want host:port, as in " + defaultChatListen}
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("chat: %w (choose another --chat-listen, or --chat=false)", err)
	}
	return ln, nil
}

// newChat makes the chat of a gateway that has its ports.
func newChat(ln net.Listener, g gatewayServer, opts gateway.Options, log *logrus.Logger) (server, error) {
	return chat.New(chat.Options{
		Listener:          ln,
		Gateway:           g.client.Addr().(*net.TCPAddr),
		TLS:               opts.TLS != nil,
		RegisterAddresses: opts.RegisterAddress,
		SecretKey:         opts.SecretKey,
		Logger:            log,
	})
}
