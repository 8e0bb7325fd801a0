package startfile

// defaultOf is the value that a property has in PHP before it is set.
func defaultOf(kind Kind, name string) any {
	if v, ok := workerDefaults[name]; ok {
		return v
	}
	if kind == KindGateway {
		if v, ok := gatewayDefaults[name]; ok {
			return v
		}
	}
	return nil
}

var workerDefaults = map[string]any{
	"name": "none", "count": int64(1), "user": "", "group": "", "reloadable": true, "reusePort": false, "transport": "tcp", "protocol": nil,
}

var gatewayDefaults = map[string]any{
	"lanIp": "127.0.0.1", "innerTcpWorkerListen": "", "lanPort": int64(0), "startPort": int64(2000),
	"registerAddress": "127.0.0.1:1236", "pingInterval": int64(0), "pingNotResponseLimit": int64(0), "pingData": "",
	"secretKey": "", "sendToWorkerBufferSize": int64(10240000), "sendToClientBufferSize": int64(1024000), "protocolAccelerate": false,
}
