<?php
// What all start_*.php share: settings from environment variables, Workerman's
// files in a directory of the caller's, and an end with the caller.

use Workerman\Timer;
use Workerman\Worker;

final class Fixture
{
    /** The value of an environment variable, or $default where it is unset or empty. */
    public static function env(string $name, string $default = ''): string
    {
        $value = getenv($name);
        return $value === false || $value === '' ? $default : $value;
    }

    /** A comma-separated variable as a list. */
    public static function envList(string $name, string $default = ''): array
    {
        $value = self::env($name, $default);
        return $value === '' ? [] : explode(',', $value);
    }

    /** Workerman's pid, log and status files go to FIXTURE_DIR; without it, to a directory of this process. */
    public static function prepare(string $role): void
    {
        $dir = self::env('FIXTURE_DIR', sys_get_temp_dir() . '/gatewayworker-fixture-' . getmypid());
        if (!is_dir($dir)) {
            mkdir($dir, 0700, true);
        }
        Worker::$pidFile = "$dir/$role.pid";
        Worker::$logFile = "$dir/$role.log";
        if (property_exists(Worker::class, 'statusFile')) { // not in Workerman before 4.0.29
            Worker::$statusFile = "$dir/$role.status";
        }
        Worker::$stdoutFile = "$dir/$role.out";
    }

    /**
     * The onWorkerStart of every fixture: tells with a file FIXTURE_DIR/up that the process serves (its port
     * answers earlier, while Workerman tries whether it is free), and makes it end when its master is gone,
     * so that a killed test leaves nothing behind.
     */
    public static function started(): void
    {
        touch(dirname(Worker::$logFile) . '/up');
        Timer::add(1, static function (): void {
            if (posix_getppid() === 1) {
                posix_kill(posix_getpid(), SIGKILL);
            }
        });
    }

    /** Starts Workerman in the foreground, whatever the command line says. */
    public static function run(): void
    {
        global $argv;
        $argv = [$argv[0], 'start', '-q'];
        Worker::runAll();
    }
}
