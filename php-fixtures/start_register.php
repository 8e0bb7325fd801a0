<?php
// A Register. REGISTER_LISTEN (127.0.0.1:1236), SECRET_KEY.

use GatewayWorker\Register;

require __DIR__ . '/autoload.php';

Fixture::prepare('register');
$register = new Register('text://' . Fixture::env('REGISTER_LISTEN', '127.0.0.1:1236'));
$register->secretKey = Fixture::env('SECRET_KEY');
if (!getenv('FIXTURE_PACKAGE')) { // with a callback it would stay PHP
    $register->onWorkerStart = [Fixture::class, 'started'];
}
Fixture::run();
