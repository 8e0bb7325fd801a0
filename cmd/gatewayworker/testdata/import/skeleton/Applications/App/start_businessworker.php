<?php
use \GatewayWorker\BusinessWorker;

$worker = new BusinessWorker();
$worker->name = 'AppBusinessWorker';
$worker->count = 4;
$worker->registerAddress = '127.0.0.1:1238';
