<?php

declare(strict_types=1);

namespace GoGatewayWorker;

/**
 * Puts classes of this package in the place of GatewayWorker\Gateway and
 * GatewayWorker\Register.
 *
 * It is asked for the two classes before Composer is. It loads PHP's original
 * under another name, GatewayWorker\OriginalGateway, and a subclass of it under
 * the name that start files use: properties, constants, static properties and
 * instanceof are those of the original, and so is all that happens when a
 * Gateway stays PHP.
 */
final class Takeover
{
    /** The variable that takes the whole project back to PHP. */
    public const WAY_BACK = 'GATEWAYWORKER_PHP';

    private const CLASSES = ['GatewayWorker\\Gateway' => 'Gateway', 'GatewayWorker\\Register' => 'Register'];

    public static function install(): void
    {
        if (self::wayBack()) {
            return;
        }
        if (DIRECTORY_SEPARATOR !== '/') {
            self::remark('GatewayWorker stays PHP: on Windows the program cannot take the place of a PHP process');
            return;
        }
        foreach (self::CLASSES as $class => $name) {
            if (class_exists($class, false)) {
                self::remark("GatewayWorker stays PHP: $class was loaded before vendor/autoload.php, by opcache.preload or another autoloader");
                return;
            }
        }
        require_once __DIR__ . '/functions.php';
        spl_autoload_register([self::class, 'load'], true, true);
    }

    /** Whether the user wants PHP's own classes. */
    public static function wayBack(): bool
    {
        $value = getenv(self::WAY_BACK);
        return $value !== false && $value !== '' && $value !== '0';
    }

    /** The autoloader. */
    public static function load(string $class): void
    {
        if (!isset(self::CLASSES[$class])) {
            return;
        }
        $name = self::CLASSES[$class];
        $original = self::original($class);
        if ($original === null) {
            return; // GatewayWorker is not installed: the next autoloader says so
        }
        if (Command::starts()) {
            try {
                Environment::check();
            } catch (Refusal $e) {
                Command::refuse($e->getMessage());
            }
        }
        if (!self::declareOriginal($name, $original)) {
            self::remark("GatewayWorker stays PHP: $original does not declare class $name as expected");
            return;
        }
        require __DIR__ . "/takeover/$name.php";
    }

    /** The file of PHP's class, null if it is not there. */
    private static function original(string $class): ?string
    {
        foreach (spl_autoload_functions() as $loader) {
            if (is_array($loader) && is_object($loader[0]) && method_exists($loader[0], 'findFile')) {
                $file = $loader[0]->findFile($class);
                if (is_string($file)) {
                    return $file;
                }
            }
        }
        // Another autoloader: it stands beside a class that is not taken over.
        if (class_exists('GatewayWorker\\Protocols\\GatewayProtocol')) {
            $known = (string) (new \ReflectionClass('GatewayWorker\\Protocols\\GatewayProtocol'))->getFileName();
            $file = dirname($known, 2) . '/' . self::CLASSES[$class] . '.php';
            if (is_file($file)) {
                return $file;
            }
        }
        return null;
    }

    /** Declares PHP's class in a file as Original$name. */
    private static function declareOriginal(string $name, string $file): bool
    {
        $code = self::renamed((string) file_get_contents($file), $name);
        if ($code === null) {
            return false;
        }
        // The file is not changed, and nothing is written: as a part of this
        // process alone its class has another name.
        eval('?>' . $code);
        return class_exists("GatewayWorker\\Original$name", false);
    }

    /** The code of a class under its other name, null without such a class. */
    public static function renamed(string $code, string $name): ?string
    {
        $renamed = '';
        $found = 0;
        $after = null; // the token before, without white space
        foreach (token_get_all($code) as $token) {
            $text = is_array($token) ? $token[1] : $token;
            if (is_array($token) && $token[0] === T_STRING && $after === T_CLASS && $text === $name) {
                $text = "Original$name";
                $found++;
            }
            if (!is_array($token) || $token[0] !== T_WHITESPACE) {
                $after = is_array($token) ? $token[0] : $token;
            }
            $renamed .= $text;
        }
        return $found === 1 ? $renamed : null;
    }

    private static function remark(string $text): void
    {
        if (Command::starts()) {
            fwrite(STDERR, "$text\n");
        }
    }
}
