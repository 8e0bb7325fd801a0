// Package tlsscan looks at a gateway's TLS port as scanners such as testssl.sh do:
// which versions and ciphers it takes, what it makes of records that no client
// sends. Its test says what this project's gateway has to answer, and prints where
// PHP's, with the same certificate, answers otherwise:
//
//	GATEWAYWORKER_PHP_AUTOLOAD=... go test -v ./compat-tests/tlsscan
package tlsscan
