// Package businessworker is the part of GatewayWorker where business code runs:
// it receives what clients do from all gateways of a cluster and answers, by
// sending to any client, user or group. It takes the place of PHP's
// BusinessWorker and works in one cluster with it: gateways give each client to
// one worker, whatever it is written in, and sessions are shared.
//
// # A worker
//
// Business code is a type with an OnMessage method, and any of the methods of
// the other handler interfaces:
//
//	type chat struct{}
//
//	func (chat) OnMessage(ctx context.Context, e *businessworker.Event, msg []byte) error {
//		return e.Gateway().SendToAll(ctx, msg)
//	}
//
//	w, err := businessworker.New(chat{}, businessworker.Options{Name: "chat"})
//	...
//	err = w.Run(ctx) // until ctx ends
//
// # From PHP to Go
//
//	Events::onWorkerStart($worker)             StartHandler.OnStart
//	Events::onConnect($client_id)              ConnectHandler.OnConnect
//	Events::onWebSocketConnect($id, $data)     WebSocketConnectHandler.OnWebSocketConnect
//	Events::onMessage($client_id, $message)    Handler.OnMessage
//	Events::onClose($client_id)                CloseHandler.OnClose
//	Events::onWorkerStop($worker)              StopHandler.OnStop
//	$client_id                                 Event.ClientID
//	$data['get'], ['server'], ['cookie']       Handshake.Query, .Server, .Cookies
//	$_SESSION                                  Event.Session
//	$_SESSION['name']                          Session.Get, String, Int; Set, Delete
//	array_replace_recursive($_SESSION, …)      Session.Update
//	$_SERVER['REMOTE_ADDR'], ['REMOTE_PORT']   Event.RemoteAddr
//	$_SERVER['GATEWAY_ADDR'], ['GATEWAY_PORT'] Event.GatewayAddr
//	Gateway::sendToCurrentClient               Event.Send
//	Gateway::closeCurrentClient                Event.Close
//	Gateway::destoryCurrentClient              Event.Destroy
//	Gateway::… (everything else)               Event.Gateway: see package gatewayclient
//	$worker->name, ->id                        Options.Name, .ID; Worker.Name, .ID
//	$worker->count                             one Worker uses all cores; see Options.Concurrency
//	$worker->registerAddress, ->secretKey      Options.RegisterAddresses, .SecretKey
//	$worker->sendToGatewayBufferSize           Options.SendToGatewayBufferSize
//
// # Order and concurrency
//
// The events of one client are handled one after another, in the order in which
// they happened; events of different clients are handled at the same time, by at
// most Options.Concurrency handlers. A handler may block, on a database for
// example: its own client waits, other clients do not. State that handlers share
// needs a lock.
//
// Commands for one gateway are executed in the order in which they were given,
// and a question sees the effect of every command given before it.
//
// # Bounds
//
// At most Options.QueueSize events of at most Options.QueueBytes wait for a
// handler; then the worker stops reading until there is room, and the gateways'
// buffers fill. At most Options.SendToGatewayBufferSize bytes wait for a gateway
// that does not read; then commands wait for Options.SendTimeout and fail with
// [ErrSendBufferFull]. Worker.Stats counts both.
//
// # Connections
//
// As in PHP (BusinessWorker.php), the worker follows all Registers and connects
// to every gateway that the latest list names. A list never ends a connection;
// one that ended is made again a second later if the latest list still has the
// gateway. Questions go over connections of their own, opened when first needed.
//
// A gateway knows a worker by its IP address and its key, "name:id", and drops
// the older of two connections with the same. Without Options.ID the key has a
// random number, so that a program can be started any number of times.
//
// # Stopping
//
// When the context of Run ends, the worker tells the gateways that it leaves,
// handles all events that they had sent by then, calls OnStop and closes its
// connections. Clients stay connected: gateways hand them to other workers.
// Options.ShutdownTimeout bounds all that; OnStop is called in any case.
package businessworker
