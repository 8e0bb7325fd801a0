<?php
// order_rounds with Lib\Gateway inside of a worker: a message is the number of
// rounds, the answer the result as JSON. A client that connects is told its id.

use GatewayWorker\Lib\Gateway;

require __DIR__ . '/order_rounds.php';

class Events
{
    public static function onWebSocketConnect($client_id, $data): void
    {
        Gateway::sendToCurrentClient($client_id);
    }

    public static function onMessage($client_id, $message): void
    {
        Gateway::sendToCurrentClient(json_encode(order_rounds(Gateway::class, $client_id, (int)$message)));
    }
}
