<?php

declare(strict_types=1);

namespace GoGatewayWorker;

/** Takes the program out of a release archive, from where the user says. */
final class Installer
{
    /** The variable that names a folder or a URL with release archives. */
    public const MIRROR = 'GATEWAYWORKER_MIRROR';

    private const USAGE = <<<'TEXT'
        Usage: gatewayworker-install SOURCE [--version=VERSION]

        Puts the program gatewayworker beside the Composer package.

        SOURCE  a folder or a URL that holds gatewayworker_VERSION_OS_ARCH.tar.gz and
                SHA256SUMS, or such an archive itself (SHA256SUMS stands beside it).
                Without it: the variable GATEWAYWORKER_MIRROR.
        --version=VERSION  default: the package's; needed where that is no release

        TEXT;

    /** @param string[] $arguments */
    public static function main(array $arguments): int
    {
        $source = (string) getenv(self::MIRROR);
        $version = null;
        foreach ($arguments as $argument) {
            if ($argument === '--help' || $argument === '-h') {
                fwrite(STDOUT, self::USAGE);
                return 0;
            }
            if (strncmp($argument, '--version=', 10) === 0) {
                $version = ltrim(substr($argument, 10), 'v');
            } elseif (strncmp($argument, '-', 1) === 0) {
                fwrite(STDERR, "gatewayworker-install: there is no option $argument\n" . self::USAGE);
                return 2;
            } else {
                $source = $argument;
            }
        }
        if ($source === '') {
            fwrite(STDERR, "gatewayworker-install: no source\n" . self::USAGE);
            return 2;
        }
        try {
            $path = self::install($source, $version, Binary::installed());
        } catch (Refusal $e) {
            fwrite(STDERR, 'gatewayworker-install: ' . $e->getMessage() . "\n");
            return 1;
        }
        fwrite(STDOUT, "$path is installed\n");
        return 0;
    }

    /** Installs the program as $target, and returns that. */
    public static function install(string $source, ?string $version, string $target): string
    {
        $source = rtrim($source, '/');
        if (substr($source, -7) === '.tar.gz') {
            $archive = $source;
        } else {
            $version ??= Binary::packageVersion();
            if ($version === null) {
                throw new Refusal('this package is no release: say which version to take, as in --version=0.1.0');
            }
            $archive = "$source/" . self::archiveName($version);
        }
        $data = self::read($archive);
        self::verify($data, basename($archive), self::read(dirname($archive) . '/SHA256SUMS'));
        $program = self::member((string) @gzdecode($data), 'gatewayworker');
        if ($program === null) {
            throw new Refusal("$archive has no gatewayworker in it");
        }
        $directory = dirname($target);
        if (!is_dir($directory) && !@mkdir($directory, 0755, true) && !is_dir($directory)) {
            throw new Refusal("$directory cannot be made");
        }
        // Beside its place first, so that what is there stays until the new one is
        // found good. A program that runs is not written to.
        $new = "$target." . getmypid();
        if (@file_put_contents($new, $program) !== strlen($program) || !@chmod($new, 0755)) {
            @unlink($new);
            throw new Refusal("$new cannot be written");
        }
        try {
            (new Binary($new))->check();
        } catch (Refusal $e) {
            @unlink($new);
            throw $e;
        }
        if (!@rename($new, $target)) {
            @unlink($new);
            throw new Refusal("$target cannot be written");
        }
        return $target;
    }

    public static function archiveName(string $version): string
    {
        return "gatewayworker_{$version}_" . strtolower(PHP_OS_FAMILY) . '_' . Binary::goName(php_uname('m')) . '.tar.gz';
    }

    private static function read(string $from): string
    {
        $data = @file_get_contents($from);
        if ($data === false) {
            throw new Refusal("$from cannot be read: " . (error_get_last()['message'] ?? 'no reason given'));
        }
        return $data;
    }

    private static function verify(string $data, string $name, string $sums): void
    {
        if (!preg_match('/^([0-9a-f]{64}) [ *]' . preg_quote($name, '/') . '\r?$/m', $sums, $m)) {
            throw new Refusal("SHA256SUMS does not have $name");
        }
        $sum = hash('sha256', $data);
        if (!hash_equals($m[1], $sum)) {
            throw new Refusal("$name has the checksum $sum, and SHA256SUMS says $m[1]: it is damaged or was changed");
        }
    }

    /** The content of a file in a tar archive, whatever folder it is in; null without one. */
    public static function member(string $tar, string $name): ?string
    {
        for ($at = 0; $at + 512 <= strlen($tar);) {
            $path = rtrim(substr($tar, $at, 100), "\0");
            if ($path === '') {
                return null;
            }
            $size = (int) octdec(trim(substr($tar, $at + 124, 12), " \0"));
            $type = $tar[$at + 156];
            if (basename($path) === $name && ($type === '0' || $type === "\0")) {
                $content = substr($tar, $at + 512, $size);
                return strlen($content) === $size ? $content : null;
            }
            $at += 512 + (int) (ceil($size / 512) * 512);
        }
        return null;
    }
}
