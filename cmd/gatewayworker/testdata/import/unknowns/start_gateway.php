<?php
use GatewayWorker\Gateway;
use Workerman\Worker;

require_once __DIR__ . '/bootstrap.php';

$gateway = new Gateway('websocket://0.0.0.0:8282');
$gateway->lanIp = lan_ip();
if (app()->isProduction()) {
    $gateway->pingInterval = 55;
}
$gateway->startPort = 2900;
exit(0);
$gateway->startPort = 1;
