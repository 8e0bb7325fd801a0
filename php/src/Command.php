<?php

declare(strict_types=1);

namespace GoGatewayWorker;

/** The command line of Workerman, as php start.php start -d. */
final class Command
{
    /** Whether the project is being started, and not asked or stopped. */
    public static function starts(): bool
    {
        foreach ($_SERVER['argv'] ?? [] as $argument) {
            if (in_array($argument, ['start', 'restart'], true)) {
                return true;
            }
            if (in_array($argument, ['stop', 'reload', 'status', 'connections'], true)) {
                return false;
            }
        }
        return false;
    }

    /** Ends the start, before anything is forked. */
    public static function refuse(string $why): void
    {
        fwrite(STDERR, "go-gatewayworker/gateway: $why\n"
            . 'Nothing was started. ' . Takeover::WAY_BACK . "=1 starts the project with PHP's own Gateway and Register.\n");
        exit(1);
    }
}
