<?php
// Calls methods of GatewayClient\Gateway (or of CALL_CLASS) from outside a worker.
// One request per line on stdin, as JSON (see GatewayCalls.php); one answer per
// line on stdout: base64 of serialize([result, output, exception]).
// REGISTER_ADDRESS (comma-separated), SECRET_KEY, PERSISTENT (1: keep connections), CALL_CLASS.

require __DIR__ . '/autoload.php';

$class = Fixture::env('CALL_CLASS', 'GatewayClient\\Gateway');
$class::$registerAddress = Fixture::envList('REGISTER_ADDRESS', '127.0.0.1:1236');
$class::$secretKey = Fixture::env('SECRET_KEY');
$class::$persistentConnection = Fixture::env('PERSISTENT') === '1';
if (property_exists($class, 'addressesCacheDisable')) { // not in GatewayWorker before 3.0.24, nor in GatewayClient before 3.0.14
    $class::$addressesCacheDisable = true;
}

while (($line = fgets(STDIN)) !== false) {
    $request = json_decode($line, true);
    $answer = is_array($request) ? GatewayCalls::call($class, $request) : [null, '', 'bad request line'];
    fwrite(STDOUT, base64_encode(serialize($answer)) . "\n");
    fflush(STDOUT);
}
