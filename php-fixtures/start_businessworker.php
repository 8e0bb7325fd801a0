<?php
// A BusinessWorker with Events.php. WORKER_NAME (FixtureWorker), WORKER_COUNT (1),
// REGISTER_ADDRESS (comma-separated), SECRET_KEY, and EVENTS (see Events.php).
// EVENTS_FILE names another file with a class Events.

use GatewayWorker\BusinessWorker;

require __DIR__ . '/autoload.php';
require Fixture::env('EVENTS_FILE', __DIR__ . '/Events.php');

Fixture::prepare('businessworker');
$worker = new BusinessWorker();
$worker->name = Fixture::env('WORKER_NAME', 'FixtureWorker');
$worker->count = (int)Fixture::env('WORKER_COUNT', '1');
$worker->registerAddress = Fixture::envList('REGISTER_ADDRESS', '127.0.0.1:1236');
$worker->secretKey = Fixture::env('SECRET_KEY');
$worker->onWorkerStart = [Fixture::class, 'started'];
Fixture::run();
