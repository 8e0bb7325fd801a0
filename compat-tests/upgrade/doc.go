// Package upgrade replaces the running program again and again while clients,
// workers and GatewayClients are busy with it, and checks that nothing is lost,
// comes twice or out of order, and that nobody is disconnected:
//
//   - TestLoad: the loads of "gatewayworker bench" go on meanwhile.
//   - TestWithPHP: PHP's BusinessWorker answers, and PHP's GatewayClient asks, with
//     connections that stay and without.
//   - TestChatInABrowser: two pages of the built-in chat, in Chromium.
//   - TestPause: how long nothing is read or written, by the number of clients.
//
// Each test replaces the program twice or so; longer with
//
//	go test ./compat-tests/upgrade -run 'TestLoad|TestWithPHP' -upgrades 50
//	go test ./compat-tests/upgrade -run TestPause -v -clients 100,10000,19000
//
// On Linux only. What needs PHP or Chromium is skipped without it, and says so.
package upgrade
