<?php
// The business code of the end-to-end runs; talkHandler in e2e_talk_test.go is the same in Go.

use GatewayWorker\Lib\Gateway;

class Events
{
    public static function onConnect($client_id): void
    {
        $_SESSION['from'] = 'connect';
    }

    public static function onWebSocketConnect($client_id, $data): void
    {
        $name = $data['get']['name'];
        $_SESSION['name'] = $name;
        $_SESSION['agent'] = $data['server']['HTTP_X_AGENT'];
        Gateway::sendToGroup('room', "join $name");
        Gateway::bindUid($client_id, "u-$name");
        Gateway::joinGroup($client_id, 'room');
        Gateway::sendToCurrentClient("welcome $name, " . Gateway::getClientIdCountByGroup('room') . ' here');
    }

    public static function onMessage($client_id, $message): void
    {
        [$verb, $first, $rest] = explode(' ', $message, 3) + ['', '', ''];
        $name = $_SESSION['name'];
        switch ($verb) {
            case 'say':
                Gateway::sendToGroup('room', "$name: $first");
                break;
            case 'tell':
                Gateway::sendToUid($first, "$name whispers: $rest");
                Gateway::sendToCurrentClient('told');
                break;
            case 'shout':
                Gateway::sendToAll("$name shouts: $first", null, [$client_id]);
                Gateway::sendToCurrentClient('shouted');
                break;
            case 'set':
                $_SESSION[$first] = $rest;
                Gateway::sendToCurrentClient('set');
                break;
            case 'session':
                Gateway::sendToCurrentClient(json_encode($_SESSION));
                break;
            case 'count':
                Gateway::sendToCurrentClient(json_encode([
                    Gateway::getAllClientIdCount(),
                    Gateway::getClientIdCountByGroup('room'),
                    count(Gateway::getClientIdByUid("u-$name")),
                    (bool)Gateway::isUidOnline('u-nobody'),
                ]));
                break;
            case 'names':
                $names = array_column(Gateway::getClientSessionsByGroup('room'), 'name');
                sort($names);
                Gateway::sendToCurrentClient(json_encode($names));
                break;
            case 'quit':
                Gateway::closeCurrentClient('bye');
        }
    }

    public static function onClose($client_id): void
    {
        Gateway::sendToGroup('room', 'left ' . $_SESSION['name']);
    }
}
