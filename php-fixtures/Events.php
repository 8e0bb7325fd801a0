<?php
// Business code that a test client drives: every callback is used, and a JSON
// message can make the worker call any method of Lib\Gateway or touch $_SESSION.
//
// EVENTS is a comma-separated list of what the callbacks say on their own:
//   connect    onConnect sends "connect <client_id>" to the client
//   websocket  onWebSocketConnect sends "websocket " and the serialized handshake data
//   close      onClose sends "close <client_id>" to all clients that are left
//   session    onConnect and onWebSocketConnect also write to $_SESSION
//
// A message is JSON, or serialize()d, {"op": ..., ...}; answers are "answer " and serialize([result, output, exception]).
//   {"op":"call","method":"isOnline","args":["…"]}  with "quiet":true there is no answer
//   {"op":"session-get"}              the session as the worker sees it
//   {"op":"session-set","key":"k","value":…}  or without "key": the whole $_SESSION
//   {"op":"session-unset"}            $_SESSION = null
//   {"op":"server"}                   $_SERVER
//   {"op":"exit"}                     the worker process ends
// Any other message is sent back as it is.
//
// CONTROL_LISTEN (text://…) is an address where the worker sends every line back:
// when it comes, the events before it have been dealt with.

use GatewayWorker\Lib\Gateway;
use Workerman\Worker;

class Events
{
    private static array $says = [];

    public static function onWorkerStart($worker): void
    {
        self::$says = array_flip(Fixture::envList('EVENTS'));
        if (($listen = Fixture::env('CONTROL_LISTEN')) !== '') {
            $control = new Worker($listen);
            $control->onMessage = static fn ($connection, $line) => $connection->send($line);
            $control->listen();
        }
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
            Gateway::sendToClient($client_id, 'websocket ' . serialize($data));
        }
    }

    public static function onMessage($client_id, $message): void
    {
        $request = str_starts_with($message, 'a:') ? unserialize($message) : json_decode($message, true);
        if (!is_array($request) || !isset($request['op'])) {
            Gateway::sendToCurrentClient($message);
            return;
        }
        switch ($request['op']) {
            case 'call':
                $answer = GatewayCalls::call(Gateway::class, $request);
                if (empty($request['quiet'])) {
                    self::answer($answer);
                }
                break;
            case 'session-get':
                self::answer([$_SESSION, '', null]);
                break;
            case 'session-set':
                if (isset($request['key'])) {
                    $_SESSION[$request['key']] = $request['value'];
                } else {
                    $_SESSION = $request['value'];
                }
                break;
            case 'session-unset':
                $_SESSION = null;
                break;
            case 'server':
                self::answer([$_SERVER, '', null]);
                break;
            case 'exit':
                posix_kill(posix_getpid(), SIGKILL);
        }
    }

    public static function onClose($client_id): void
    {
        if (isset(self::$says['close'])) {
            Gateway::sendToAll("close $client_id " . serialize($_SESSION));
        }
    }

    public static function onWorkerStop($worker): void
    {
        self::$says = [];
    }

    private static function answer(array $answer): void
    {
        Gateway::sendToCurrentClient('answer ' . serialize($answer));
    }
}
