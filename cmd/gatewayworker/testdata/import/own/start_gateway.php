<?php
class PushGateway extends \GatewayWorker\Gateway
{
    public $lanIp = '10.0.0.1';
    public $startPort = 2500;
    const KEY = 'k';
}

$gateway = new PushGateway('Frame://[::]:8282');
$gateway->secretKey = PushGateway::KEY;
$gateway->registerAddress = match (true) {
    is_file('/nonexistent') => 'a',
    default => '10.0.0.1:1236',
};

$json = new \GatewayWorker\Gateway('JsonNL://0.0.0.0:9000');
$json->startPort = $gateway->startPort + 100;
$json->protocol = '\App\Protocols\JsonNL';
