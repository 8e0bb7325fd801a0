// Package composer tests the Composer package as its users have it: workerman-chat,
// unmodified, with the package required, is started, talked to in a browser,
// asked, reloaded, killed and stopped by Workerman's own commands, with PHP's
// Gateway and Register and with the program. What is shown must be the same, apart
// from figures. Nothing is fetched: Workerman and GatewayWorker come from
// directories, as path repositories.
//
//	GATEWAYWORKER_CHAT_DIR=/path/to/workerman-chat
//	GATEWAYWORKER_PHP_SOURCES=/path/to/workerman:/path/to/GatewayWorker:/path/to/coroutine
//	go test ./compat-tests/composer -v
//
// It needs composer, php, and root for namespaces of its own, as the chat has fixed
// ports; chromium for the page. Without them it is skipped, and says so.
package composer
