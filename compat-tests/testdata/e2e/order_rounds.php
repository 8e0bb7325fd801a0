<?php
// Rounds of writes, each followed at once by the question that must see it.

/**
 * $class is GatewayClient\Gateway or GatewayWorker\Lib\Gateway. Returns what was wrong, by what was
 * written, and how often no answer came: after 5 s the libraries return what an empty cluster would.
 */
function order_rounds(string $class, string $client_id, int $rounds): array
{
    $wrong = ['bindUid' => 0, 'joinGroup' => 0, 'leaveGroup' => 0];
    $silent = 0;
    $ask = static function (string $method, string $name) use ($class, &$silent) {
        $start = microtime(true);
        $answer = $class::$method($name);
        $silent += microtime(true) - $start > 4.5 ? 1 : 0;
        return $answer;
    };
    $start = microtime(true);
    for ($i = 0; $i < $rounds; $i++) {
        $class::bindUid($client_id, "uid$i");
        if ($ask('getClientIdByUid', "uid$i") !== [$client_id]) {
            $wrong['bindUid']++;
        }
        $class::joinGroup($client_id, "group$i");
        if ($ask('getClientIdCountByGroup', "group$i") !== 1) {
            $wrong['joinGroup']++;
        }
        $class::leaveGroup($client_id, "group$i");
        if ($ask('getClientIdCountByGroup', "group$i") !== 0) {
            $wrong['leaveGroup']++;
        }
    }
    return ['rounds' => $rounds, 'wrong' => $wrong, 'silent' => $silent, 'seconds' => microtime(true) - $start];
}
