<?php
return [
    'protocol'              => 'websocket',
    'host'                  => '0.0.0.0',
    'port'                  => 2348,
    'socket'                => '',
    'context'               => [],
    'register_deploy'       => true,
    'businessWorker_deploy' => true,
    'gateway_deploy'        => true,
    'registerAddress'       => '127.0.0.1:1236',
    'name'                  => 'thinkphp',
    'count'                 => 1,
    'lanIp'                 => '127.0.0.1',
    'startPort'             => 2000,
    'daemonize'             => false,
    'pingInterval'          => 30,
    'pingNotResponseLimit'  => 0,
    'pingData'              => '{"type":"ping"}',
    'businessWorker'        => [
        'name'         => 'BusinessWorker',
        'eventHandler' => '\think\worker\Events',
    ],
];
