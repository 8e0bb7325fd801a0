<?php
// Says back what a client says; what begins with "all " to all.

use GatewayWorker\Lib\Gateway;

class Events
{
    public static function onMessage($client, $message)
    {
        if (str_starts_with($message, 'all ')) {
            Gateway::sendToAll(substr($message, 4));
        } else {
            Gateway::sendToCurrentClient($message);
        }
    }
}
