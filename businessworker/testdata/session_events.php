<?php
// Business code for TestSessionWrites: a message is a JSON list of steps, each
// [name, argument ...]. After the steps the client is told its id and what
// $_SESSION is.

use GatewayWorker\Lib\Gateway;

class Events
{
    public static function onMessage($client_id, $message): void
    {
        foreach (json_decode($message, true) as $step) {
            $a = $step[1] ?? null;
            $b = $step[2] ?? null;
            match ($step[0]) {
                'read' => isset($_SESSION['a']),
                'set' => $_SESSION[$a] = $b,
                'delete' => self::delete($a),
                'replace' => $_SESSION = $a,
                'update' => $_SESSION = array_replace_recursive((array)$_SESSION, $a),
                'clear' => $_SESSION = null,
                'setSession' => Gateway::setSession($b ?? $client_id, $a),
                'updateSession' => Gateway::updateSession($b ?? $client_id, $a),
                'setSocketSession' => Gateway::setSocketSession($client_id, serialize($a)),
                'getSession' => Gateway::getSession($client_id),
            };
        }
        Gateway::sendToCurrentClient("$client_id " . json_encode($_SESSION));
    }

    private static function delete($key): void
    {
        unset($_SESSION[$key]);
    }
}
