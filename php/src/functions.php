<?php

declare(strict_types=1);

namespace Workerman;

if (!function_exists('Workerman\\posix_kill')) {
    /**
     * What Workerman 5's master calls to send a signal (Workerman 4 calls PHP's
     * function by its full name). A process that has just become the program gets
     * its signal when it can take it, some milliseconds later.
     */
    function posix_kill(int $process_id, int $signal): bool
    {
        if ($signal === SIGIOT || $signal === SIGQUIT || $signal === SIGINT) {
            \GoGatewayWorker\Process::awaitReady($process_id);
        }
        return \posix_kill($process_id, $signal);
    }
}
