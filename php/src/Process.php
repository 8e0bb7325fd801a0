<?php

declare(strict_types=1);

namespace GoGatewayWorker;

use Workerman\Worker;

/** A worker process that becomes the program. */
final class Process
{
    /** Signals that the Go runtime lets through at once, blocked or not: they are ignored until then. */
    private const IGNORED = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGIOT];

    /** Signals that wait until the program catches them. */
    private const BLOCKED = [SIGTSTP, SIGUSR1, SIGUSR2, SIGIO];

    /**
     * Waits, a second at most, while a process is the program and does not catch
     * signals yet: it takes the title of PHP's process when it does.
     */
    public static function awaitReady(int $pid): void
    {
        for ($until = microtime(true) + 1; microtime(true) < $until; usleep(500)) {
            $line = (string) @file_get_contents("/proc/$pid/cmdline");
            if (strpos($line, "\0--workerman={") === false) {
                return;
            }
        }
    }

    /**
     * Opens what Workerman's daemon has closed, stderr, so that the program's own
     * files do not get its number.
     */
    public static function openStandardFiles(): void
    {
        static $open = [];
        $file = @fopen(Worker::$daemonize && Worker::$stdoutFile !== '' ? Worker::$stdoutFile : '/dev/null', 'a');
        if ($file) {
            $open[] = $file;
        }
    }

    /**
     * Replaces the process. It returns only if the process is to stop: a signal
     * has come already.
     */
    public static function become(Plan $plan, Master $master): void
    {
        pcntl_sigprocmask(SIG_BLOCK, array_merge(self::IGNORED, self::BLOCKED));
        pcntl_signal_dispatch(); // what has come so far is PHP's to handle
        if (Worker::getStatus() === Worker::STATUS_SHUTDOWN) {
            pcntl_sigprocmask(SIG_UNBLOCK, array_merge(self::IGNORED, self::BLOCKED));
            return;
        }
        foreach (self::IGNORED as $signal) {
            pcntl_signal($signal, SIG_IGN);
        }
        pcntl_sigprocmask(SIG_UNBLOCK, self::IGNORED);
        $path = Binary::find()->path();
        @pcntl_exec($path, array_merge($plan->arguments(), ['--workerman=' . $master->json($plan, false)]), $plan->environment());
        Worker::log("GatewayWorker: $path cannot be executed: " . pcntl_strerror(pcntl_get_last_error()));
        sleep(1); // the master starts another one at once
        exit(250);
    }
}
