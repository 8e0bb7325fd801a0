<?php
// Business code that a test client drives: every callback is used, and a JSON
// message can make the worker call any method of Lib\Gateway or touch $_SESSION.
//
// EVENTS is a comma-separated list of what the callbacks say on their own:
//   connect    onConnect sends "connect <client_id>" to the client
//   websocket  onWebSocketConnect sends "websocket " and the base64 of the serialized handshake data
//   close      onClose sends "close <client_id>" to everybody left
//   session    onConnect and onWebSocketConnect also write to $_SESSION
//
// Messages: {"op": ..., ...}; answers to calls are "<id> <base64 of serialize([result, output, exception])>".
//   {"op":"call","id":1,"method":"isOnline","args":["…"]}   args may instead be "serialized":"<base64>"
//   {"op":"session-get","id":1}       the session as the worker sees it
//   {"op":"session-set","key":"k","value":…}  or  "serialized":"<base64>" for the whole $_SESSION
//   {"op":"session-unset"}            $_SESSION = null
//   {"op":"server","id":1}            $_SERVER
//   {"op":"exit"}                     the worker process ends
// Any other message is sent back as it is.

use GatewayWorker\Lib\Gateway;

class Events
{
    private static array $says = [];

    public static function onWorkerStart($worker): void
    {
        self::$says = array_flip(Fixture::envList('EVENTS'));
    }

    public static function onConnect($client_id): void
    {
        if (isset(self::$says['session'])) {
            $_SESSION['connected'] = true;
        }
        if (isset(self::$says['connect'])) {
            Gateway::sendToCurrentClient("connect $client_id");
        }
    }

    public static function onWebSocketConnect($client_id, $data): void
    {
        if (isset(self::$says['session'])) {
            $_SESSION['get'] = $data['get'];
        }
        if (isset(self::$says['websocket'])) {
            Gateway::sendToClient($client_id, 'websocket ' . base64_encode(serialize($data)));
        }
    }

    public static function onMessage($client_id, $message): void
    {
        $request = json_decode($message, true);
        if (!is_array($request) || !isset($request['op'])) {
            Gateway::sendToCurrentClient($message);
            return;
        }
        switch ($request['op']) {
            case 'call':
                self::answer($request, GatewayCalls::call(Gateway::class, $request));
                break;
            case 'session-get':
                self::answer($request, [$_SESSION, '', null]);
                break;
            case 'session-set':
                if (isset($request['serialized'])) {
                    $_SESSION = unserialize(base64_decode($request['serialized']));
                } else {
                    $_SESSION[$request['key']] = $request['value'];
                }
                break;
            case 'session-unset':
                $_SESSION = null;
                break;
            case 'server':
                self::answer($request, [$_SERVER, '', null]);
                break;
            case 'exit':
                posix_kill(posix_getpid(), SIGKILL);
        }
    }

    public static function onClose($client_id): void
    {
        if (isset(self::$says['close'])) {
            Gateway::sendToAll("close $client_id " . base64_encode(serialize($_SESSION)));
        }
    }

    public static function onWorkerStop($worker): void
    {
        self::$says = [];
    }

    private static function answer(array $request, array $answer): void
    {
        Gateway::sendToCurrentClient(($request['id'] ?? 0) . ' ' . base64_encode(serialize($answer)));
    }
}
