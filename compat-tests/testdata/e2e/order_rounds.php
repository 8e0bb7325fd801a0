<?php
// Rounds of writes, each followed at once by the question that must see it.

/** $class is GatewayClient\Gateway or GatewayWorker\Lib\Gateway. Returns what was wrong, by question. */
function order_rounds(string $class, string $client_id, int $rounds): array
{
    $wrong = ['bindUid' => 0, 'joinGroup' => 0, 'leaveGroup' => 0];
    $start = microtime(true);
    for ($i = 0; $i < $rounds; $i++) {
        $class::bindUid($client_id, "uid$i");
        if ($class::getClientIdByUid("uid$i") !== [$client_id]) {
            $wrong['bindUid']++;
        }
        $class::joinGroup($client_id, "group$i");
        if ($class::getClientIdCountByGroup("group$i") !== 1) {
            $wrong['joinGroup']++;
        }
        $class::leaveGroup($client_id, "group$i");
        if ($class::getClientIdCountByGroup("group$i") !== 0) {
            $wrong['leaveGroup']++;
        }
    }
    return ['rounds' => $rounds, 'wrong' => $wrong, 'seconds' => microtime(true) - $start];
}
