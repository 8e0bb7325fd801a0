<?php
// order_rounds with GatewayClient: REGISTER_ADDRESS, PERSISTENT (1: keep connections), CLIENT_ID, ROUNDS.
// The result is one line of JSON.

require __DIR__ . '/../../../php-fixtures/autoload.php';
require __DIR__ . '/order_rounds.php';

use GatewayClient\Gateway;

Gateway::$registerAddress = Fixture::env('REGISTER_ADDRESS');
Gateway::$persistentConnection = Fixture::env('PERSISTENT') === '1';
echo json_encode(order_rounds(Gateway::class, Fixture::env('CLIENT_ID'), (int)Fixture::env('ROUNDS'))), "\n";
