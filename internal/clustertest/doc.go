// Package clustertest runs small clusters for tests: a Register and gateways on
// free ports of 127.0.0.1, either of this module, in the test's own process, or
// the PHP originals. A test body is run against both by [Each].
//
// The PHP originals are used where the environment variable
// GATEWAYWORKER_PHP_AUTOLOAD names an autoload.php that finds them; elsewhere
// those runs are skipped, and [Main] prints how many.
package clustertest
