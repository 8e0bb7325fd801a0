<?php
$context = array(
    'ssl' => array(
        'local_cert'  => '/etc/ssl/a.crt',
        'local_pk'    => '/etc/ssl/a.key',
        'verify_peer' => true,
        'cafile'      => '/etc/ssl/ca.crt',
    )
);
$gateway = new \GatewayWorker\Gateway("websocket://0.0.0.0:8282", $context);
$gateway->transport = 'ssl';
$gateway->registerAddress = '127.0.0.1:1236';
$gateway->onConnect = function ($connection) {
    $connection->websocketType = \Workerman\Protocols\Websocket::BINARY_TYPE_ARRAYBUFFER;
};
\Workerman\Connection\TcpConnection::$maxPackageSize = 1024000;
