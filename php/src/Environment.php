<?php

declare(strict_types=1);

namespace GoGatewayWorker;

/** What the package needs of PHP and of the machine, whatever the project is. */
final class Environment
{
    private const FUNCTIONS = ['pcntl_exec', 'pcntl_signal', 'pcntl_signal_dispatch', 'pcntl_sigprocmask', 'proc_open', 'proc_close'];

    public static function check(): void
    {
        $missing = array_filter(self::FUNCTIONS, static function (string $f): bool {
            return !function_exists($f);
        });
        if ($missing) {
            $ini = php_ini_loaded_file() ?: 'php.ini';
            throw new Refusal('PHP has no ' . implode(', ', $missing) . ": install the extension pcntl, and take what is named out of disable_functions in $ini");
        }
        Binary::find()->check();
    }
}
