package gatewayclient

import "time"

// HoldFor has a Client that follows a Register hold for d the gateways that a list
// no longer names.
func HoldFor(c *Client, d time.Duration) {
	dir := c.transport.(*clusterTransport).dir.(*registerDirectory)
	dir.mu.Lock()
	defer dir.mu.Unlock()
	dir.hold = d
}
