<?php
return [
    'register' => ['192.168.1.2:1236', '192.168.1.3:1236'],
    'key'      => "it's " . 'secret',
    'ssl'      => [
        'local_cert'        => '/etc/nginx/conf.d/ssl/server.pem',
        'local_pk'          => '/etc/nginx/conf.d/ssl/server.key',
        'verify_peer'       => false,
        'allow_self_signed' => true,
        'passphrase'        => 'abc',
    ],
];
