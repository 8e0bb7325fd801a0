<?php
// Runs Events.php behind the gateway and the page of "gatewayworker start --chat-worker=false":
//
//     cd php-fixtures && composer install && php ../docs/chat/start_businessworker.php start

use GatewayWorker\BusinessWorker;
use Workerman\Worker;

require getenv('GATEWAYWORKER_PHP_AUTOLOAD') ?: __DIR__ . '/../../php-fixtures/vendor/autoload.php';
require __DIR__ . '/Events.php';

$worker = new BusinessWorker();
$worker->name = 'ChatBusinessWorker';
$worker->registerAddress = '127.0.0.1:1236';
Worker::runAll();
