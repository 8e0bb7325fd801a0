<?php
// Says what the worker knows of a client when onWebSocketConnect comes, and sends
// messages back with the client's name.

use GatewayWorker\Lib\Gateway;

class Events
{
    public static function onWebSocketConnect($client_id, $data): void
    {
        Gateway::sendToClient($client_id, json_encode([
            'session' => $_SESSION,
            'uid' => Gateway::getUidByClientId($client_id),
            'online' => Gateway::isUidOnline(42),
            'group' => Gateway::getClientIdCountByGroup('everybody'),
            'get' => $data['get'],
        ]));
    }

    public static function onMessage($client_id, $message): void
    {
        Gateway::sendToClient($client_id, ($_SESSION['name'] ?? 'nobody') . ": $message");
    }
}
