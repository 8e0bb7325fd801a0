<?php

use GatewayWorker\Lib\Gateway;

class Events
{
    private const ROOM = 'room:'; // in front of a room's name in its group's name

    public static function onWebSocketConnect($client_id, $data): void
    {
        $rooms = [];
        foreach (Gateway::getAllGroupIdList() as $group) {
            if (str_starts_with($group, self::ROOM)) {
                $rooms[] = substr($group, strlen(self::ROOM));
            }
        }
        self::reply(['type' => 'welcome', 'client_id' => $client_id, 'rooms' => $rooms]);
    }

    public static function onMessage($client_id, $message): void
    {
        $request = json_decode($message, true);
        $text = fn(string $key): string => is_string($request[$key] ?? null) ? trim($request[$key]) : '';
        match ($text('type')) {
            'login' => self::login($client_id, $text('name'), $text('room')),
            'leave' => self::leave($client_id),
            'say' => self::say($client_id, $text('text'), $text('to')),
            default => self::complain('This is not a message.'),
        };
    }

    public static function onClose($client_id): void
    {
        self::sayGoodbye($client_id, $_SESSION['room'] ?? '', $_SESSION['name'] ?? '');
    }

    private static function login(string $client_id, string $name, string $room): void
    {
        if (!self::fits($name, 24) || !self::fits($room, 32)) {
            self::complain('A name has 1 to 24 characters, a room 1 to 32.');
            return;
        }
        self::leave($client_id);
        // In this order of two who enter at the same time each learns of the other:
        // who is in the group has a name, and the list is asked for after joining.
        Gateway::setSession($client_id, ['name' => $name, 'room' => $room]);
        Gateway::joinGroup($client_id, self::ROOM . $room);
        self::sendToRoom($room, ['type' => 'joined', 'client_id' => $client_id, 'name' => $name], $client_id);
        $members = [];
        foreach (Gateway::getClientSessionsByGroup(self::ROOM . $room) as $id => $session) {
            $members[] = ['client_id' => (string)$id, 'name' => $session['name'] ?? ''];
        }
        self::reply(['type' => 'room', 'room' => $room, 'members' => $members]);
    }

    private static function leave(string $client_id): void
    {
        ['room' => $room, 'name' => $name] = (array)$_SESSION + ['room' => '', 'name' => ''];
        if ($room === '') {
            return;
        }
        Gateway::leaveGroup($client_id, self::ROOM . $room);
        Gateway::setSession($client_id, []);
        self::sayGoodbye($client_id, $room, $name);
    }

    private static function say(string $client_id, string $text, string $to): void
    {
        $room = $_SESSION['room'] ?? '';
        if ($room === '') {
            self::complain('Enter a room first.');
            return;
        }
        if (!self::fits($text, 2000)) {
            self::complain('A message has 1 to 2000 characters.');
            return;
        }
        $message = ['type' => 'say', 'client_id' => $client_id, 'name' => $_SESSION['name'], 'text' => $text];
        if ($to === '') {
            self::sendToRoom($room, $message);
            return;
        }
        // A private message goes to a member of the same room, and back to its author.
        if (!preg_match('/^[0-9a-f]{20}$/', $to)) {
            self::complain('Nobody has this client id.');
            return;
        }
        $session = Gateway::getSession($to);
        if (($session['room'] ?? '') !== $room) {
            self::complain('Nobody here has this client id; perhaps they just left.');
            return;
        }
        $message += ['to' => $to, 'to_name' => $session['name']];
        Gateway::sendToClient($to, json_encode($message));
        self::reply($message);
    }

    private static function sayGoodbye(string $client_id, string $room, string $name): void
    {
        if ($room !== '') {
            self::sendToRoom($room, ['type' => 'left', 'client_id' => $client_id, 'name' => $name]);
        }
    }

    private static function sendToRoom(string $room, array $message, $exclude = null): void
    {
        Gateway::sendToGroup(self::ROOM . $room, json_encode($message), $exclude);
    }

    private static function reply(array $message): void
    {
        Gateway::sendToCurrentClient(json_encode($message));
    }

    private static function complain(string $text): void
    {
        self::reply(['type' => 'error', 'text' => $text]);
    }

    private static function fits(string $text, int $limit): bool
    {
        return preg_match('/^.{1,' . $limit . '}$/us', $text) === 1;
    }
}
