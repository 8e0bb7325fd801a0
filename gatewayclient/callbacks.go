package gatewayclient

import (
	"context"
	"slices"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// tell wakes the goroutine of the callbacks, if there is one.
func (d *registerDirectory) tell() {
	select {
	case d.news <- struct{}{}:
	default:
	}
}

// callBack calls Options.OnGatewayUp and OnGatewayDown until ctx ends. It
// compares the list with what it told last, so that a callback that takes its
// time holds up nothing and nothing is queued for it.
func (d *registerDirectory) callBack(ctx context.Context) {
	var told []gatewayprotocol.GatewayAddress
	each := func(f func(GatewayAddress), in, notIn []gatewayprotocol.GatewayAddress) {
		for _, addr := range in {
			if f != nil && !slices.Contains(notIn, addr) && ctx.Err() == nil {
				f(addr)
			}
		}
	}
	for {
		select {
		case <-d.news:
		case <-ctx.Done():
			return
		}
		d.mu.Lock()
		now := d.addrs // never changed, only replaced
		d.mu.Unlock()
		each(d.opts.OnGatewayUp, now, told)
		each(d.opts.OnGatewayDown, told, now)
		told = now
	}
}
