<?php
// A BusinessWorker with the business code of EVENTS_FILE. WORKER_NAME, WORKER_COUNT (1),
// REGISTER_ADDRESS (comma-separated), SECRET_KEY. Each process connects to READY_ADDRESS
// once it is connected to GATEWAYS (1) gateways.

use GatewayWorker\BusinessWorker;
use Workerman\Timer;

require __DIR__ . '/../../../php-fixtures/autoload.php';
require Fixture::env('EVENTS_FILE');

Fixture::prepare('businessworker');
$worker = new BusinessWorker();
$worker->name = Fixture::env('WORKER_NAME', 'E2EWorker');
$worker->count = (int)Fixture::env('WORKER_COUNT', '1');
$worker->registerAddress = Fixture::envList('REGISTER_ADDRESS', '127.0.0.1:1236');
$worker->secretKey = Fixture::env('SECRET_KEY');
$worker->onWorkerStart = static function (BusinessWorker $worker): void {
    Fixture::started();
    $timer = Timer::add(0.01, static function () use ($worker, &$timer): void {
        if (count($worker->gatewayConnections) >= (int)Fixture::env('GATEWAYS', '1')) {
            Timer::del($timer);
            fclose(stream_socket_client('tcp://' . Fixture::env('READY_ADDRESS')));
        }
    });
};
Fixture::run();
