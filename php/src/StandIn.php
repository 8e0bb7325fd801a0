<?php

declare(strict_types=1);

namespace GoGatewayWorker;

use Workerman\Timer;
use Workerman\Worker;

/**
 * The second and further processes of a Gateway with count > 1. One process of the
 * program serves all cores; the others stay, so that the master, `status` and
 * whoever counts processes find as many as before. Each holds the inner port that
 * would be its own open, for those who watch ports and for the way back to
 * PHP. No worker is told of these ports.
 */
final class StandIn
{
    public static function run(Plan $plan, int $id): void
    {
        Timer::add(86400, static function (): void {
        }); // an event loop without anything to wait for would end
        $address = $plan->innerAddress($id);
        if ($address === null) {
            return;
        }
        $inner = new Worker("tcp://$address");
        $inner->name = 'GatewayInnerWorker';
        $inner->reusePort = false;
        $inner->onConnect = static function ($connection): void {
            $connection->close();
        };
        try {
            set_error_handler(static function (): bool {
                return true;
            });
            $inner->listen();
        } catch (\Throwable $e) {
            Worker::log("GatewayWorker: process $id of the Gateway does not hold $address: " . $e->getMessage());
        } finally {
            restore_error_handler();
        }
    }
}
