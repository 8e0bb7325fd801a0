<?php
// A Gateway. GATEWAY_LISTEN (websocket://127.0.0.1:8282), LAN_IP, START_PORT, INNER_LISTEN,
// REGISTER_ADDRESS (comma-separated), SECRET_KEY, PING_INTERVAL, PING_NOT_RESPONSE_LIMIT, PING_DATA,
// SEND_TO_CLIENT_BUFFER_SIZE, SEND_TO_WORKER_BUFFER_SIZE, PROTOCOL_ACCELERATE, ROUTER (least or random),
// WEBSOCKET_TYPE (text or binary), TLS_CERT and TLS_KEY (transport ssl), TLS_CA (client certificates).

use GatewayWorker\Gateway;
use Workerman\Protocols\Websocket;

require __DIR__ . '/autoload.php';

Fixture::prepare('gateway');

$context = [];
if (($cert = Fixture::env('TLS_CERT')) !== '') {
    $context['ssl'] = ['local_cert' => $cert, 'local_pk' => Fixture::env('TLS_KEY'), 'verify_peer' => false];
    if (($ca = Fixture::env('TLS_CA')) !== '') {
        $context['ssl'] = ['verify_peer' => true, 'cafile' => $ca] + $context['ssl'];
    }
}

$gateway = new Gateway(Fixture::env('GATEWAY_LISTEN', 'websocket://127.0.0.1:8282'), $context);
if ($context) {
    $gateway->transport = 'ssl';
}
$gateway->name = 'FixtureGateway';
$gateway->count = 1;
$gateway->lanIp = Fixture::env('LAN_IP', '127.0.0.1');
$gateway->startPort = (int)Fixture::env('START_PORT', '2900');
$gateway->innerTcpWorkerListen = Fixture::env('INNER_LISTEN');
$gateway->registerAddress = Fixture::envList('REGISTER_ADDRESS', '127.0.0.1:1236');
$gateway->secretKey = Fixture::env('SECRET_KEY');
$gateway->pingInterval = (float)Fixture::env('PING_INTERVAL', '0');
$gateway->pingNotResponseLimit = (int)Fixture::env('PING_NOT_RESPONSE_LIMIT', '0');
$gateway->pingData = Fixture::env('PING_DATA');
$gateway->sendToClientBufferSize = (int)Fixture::env('SEND_TO_CLIENT_BUFFER_SIZE', '1024000');
$gateway->sendToWorkerBufferSize = (int)Fixture::env('SEND_TO_WORKER_BUFFER_SIZE', '10240000');
$gateway->protocolAccelerate = Fixture::env('PROTOCOL_ACCELERATE') === '1';
if (Fixture::env('ROUTER') === 'random') {
    Gateway::$selectLoadBalancingMode = Gateway::ROUTER_RANDOM;
}
if (Fixture::env('WEBSOCKET_TYPE') === 'binary') {
    $gateway->onConnect = static function ($connection): void {
        $connection->websocketType = Websocket::BINARY_TYPE_ARRAYBUFFER;
    };
}
if (!getenv('FIXTURE_PACKAGE')) { // with a callback it would stay PHP
    $gateway->onWorkerStart = [Fixture::class, 'started'];
}
Fixture::run();
