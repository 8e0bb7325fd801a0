<?php

use Webman\GatewayWorker\Gateway;
use Webman\GatewayWorker\BusinessWorker;
use Webman\GatewayWorker\Register;

return [
    'gateway' => [
        'handler'     => Gateway::class,
        'listen'      => 'websocket://0.0.0.0:' . env('GATEWAY_PORT', 7272),
        'count'       => cpu_count(),
        'reloadable'  => false,
        'constructor' => ['config' => [
            'lanIp'           => '127.0.0.1',
            'startPort'       => 2300,
            'pingInterval'    => 25,
            'pingData'        => '{"type":"ping"}',
            'registerAddress' => env('REGISTER', '127.0.0.1:1236'),
            'onConnect'       => function(){},
        ]]
    ],
    'gateway-app' => [
        'handler'     => Gateway::class,
        'listen'      => 'websocket://0.0.0.0:7280',
        'context'     => ['ssl' => [
            'local_cert' => base_path() . '/ssl/a.pem',
        ]],
        'transport'   => 'ssl',
        'constructor' => ['config' => [
            'startPort'       => 2400,
            'registerAddress' => env('REGISTER', '127.0.0.1:1236'),
            'onConnect'       => function ($connection) { $connection->maxSendBufferSize = 10 * 1024 * 1024; },
        ]]
    ],
    'gateway-off' => [
        'enable'      => false,
        'handler'     => Gateway::class,
        'listen'      => 'websocket://0.0.0.0:7290',
    ],
    'worker' => [
        'handler'     => BusinessWorker::class,
        'count'       => cpu_count()*2,
        'constructor' => ['config' => [
            'eventHandler'    => plugin\webman\gateway\Events::class,
            'name'            => 'ChatBusinessWorker',
            'registerAddress' => env('REGISTER', '127.0.0.1:1236'),
        ]]
    ],
    'register' => [
        'handler'     => Register::class,
        'listen'      => 'text://10.1.1.1:1236',
        'count'       => 1, // Must be 1
        'constructor' => []
    ],
];
