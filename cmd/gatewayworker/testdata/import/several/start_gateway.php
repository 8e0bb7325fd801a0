<?php
namespace App\Push;

use Workerman\{Worker, Connection\TcpConnection};
use GatewayWorker\Gateway;

if (!defined('LAN_IP')) {
    define('LAN_IP', '10.0.0.' . (2 + 5));
}
const FIRST_PORT = 2300;
$config = require __DIR__ . '/config.php';
$debug = getenv('IMPORT_TEST_NOT_SET') ?: false;

TcpConnection::$defaultMaxPackageSize = 2 * 1024 * 1024;
Gateway::$selectLoadBalancingMode = Gateway::ROUTER_RANDOM;
Worker::$logFile = __DIR__ . '/workerman.log';
Worker::$daemonize = true;

$listen = ['websocket' => 8282, 'text' => 8283];
foreach ($listen as $protocol => $port) {
    $gateway = new Gateway("$protocol://0.0.0.0:{$port}");
    $gateway->startPort = FIRST_PORT + 100 * ($port - 8282);
    $gateway->count = $debug ? 1 : 4;
    setUp($gateway, $config);
}

// wss
$gateway = new Gateway('websocket://0.0.0.0:443', ['ssl' => $config['ssl'], 'socket' => ['backlog' => 102400]]);
$gateway->transport = 'ssl';
$gateway->startPort = 2700;
$gateway->user = 'www';
setUp($gateway, $config);
$gateway->onConnect = function ($connection) {
    $connection->onWebSocketConnect = function ($connection) {
        if ($_SERVER['HTTP_ORIGIN'] != 'https://example.com') {
            $connection->close();
        }
    };
};
$gateway->onWorkerStart = fn() => \Workerman\Timer::add(1, 'tick');
$gateway->tokenTable = [];
$gateway->router = function ($worker_connections) {
    return array_rand($worker_connections);
};

function setUp(Gateway $gateway, array $config): void
{
    $gateway->lanIp = \LAN_IP;
    $gateway->registerAddress = $config['register'];
    $gateway->secretKey = $config['key'];
    $gateway->pingInterval = 27.5;
    $gateway->pingData = json_encode(['type' => 'ping', 'at' => null]);
    $gateway->sendToClientBufferSize = 1 << 20;
}

Worker::runAll();
