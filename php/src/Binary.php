<?php

declare(strict_types=1);

namespace GoGatewayWorker;

/** The program, gatewayworker. */
final class Binary
{
    /** The version of what this package and the program say to each other. */
    public const PROTOCOL = 1;

    /** The variable that names the program. */
    public const VARIABLE = 'GATEWAYWORKER_BINARY';

    private const HOW = 'Install the one that belongs to this package with vendor/bin/gatewayworker-install, or name it in ' . self::VARIABLE;

    /** ELF's numbers of processors. */
    private const MACHINES = [3 => '386', 40 => 'arm', 62 => 'amd64', 183 => 'arm64', 243 => 'riscv64', 258 => 'loong64', 22 => 's390x', 21 => 'ppc64le'];

    private string $path;

    private static ?self $found = null;

    public function __construct(string $path)
    {
        $this->path = $path;
    }

    /** The program that this project uses. */
    public static function find(): self
    {
        return self::$found ??= new self(self::look());
    }

    /** Where the installer puts the program. */
    public static function installed(): string
    {
        return dirname(__DIR__) . '/bin/gatewayworker';
    }

    private static function look(): string
    {
        $named = (string) getenv(self::VARIABLE);
        if ($named !== '') {
            if (!is_file($named)) {
                throw new Refusal(self::VARIABLE . " is $named, and there is no such file");
            }
            return $named;
        }
        if (is_file(self::installed())) {
            return self::installed();
        }
        foreach (explode(':', (string) getenv('PATH')) as $directory) {
            if ($directory !== '' && is_file("$directory/gatewayworker")) {
                return "$directory/gatewayworker";
            }
        }
        throw new Refusal('the program gatewayworker is neither in ' . self::installed() . ' nor in PATH. ' . self::HOW);
    }

    public function path(): string
    {
        return $this->path;
    }

    /** Throws a Refusal if this is not the program of this package. */
    public function check(): void
    {
        if (!is_executable($this->path)) {
            throw new Refusal("$this->path cannot be executed by this user: chmod +x, and a file system without noexec");
        }
        $other = self::otherProcessor((string) file_get_contents($this->path, false, null, 0, 20), php_uname('m'));
        if ($other !== null) {
            throw new Refusal("$this->path is for $other, and this machine is " . php_uname('m') . '. ' . self::HOW);
        }
        [$code, $out, $err] = $this->run(['workerman']);
        $says = json_decode($out, true);
        if ($code !== 0 || !is_array($says) || !isset($says['protocol'], $says['version'])) {
            throw new Refusal("$this->path is not a gatewayworker that knows this package (" . (trim($err) ?: "exit code $code") . '). ' . self::HOW);
        }
        if ($says['protocol'] !== self::PROTOCOL) {
            throw new Refusal("$this->path, version {$says['version']}, and this package do not belong together. " . self::HOW);
        }
        $package = self::packageVersion();
        if ($package !== null && self::isRelease($says['version']) && ltrim($says['version'], 'v') !== $package) {
            throw new Refusal("$this->path is version {$says['version']}, and this package is version $package. " . self::HOW);
        }
    }

    /** What processor a program is for, null if it is the machine's, or not known. */
    public static function otherProcessor(string $head, string $machine): ?string
    {
        if (strlen($head) < 20) {
            return 'no processor at all (it is empty)';
        }
        if (strncmp($head, "\x7fELF", 4) !== 0) {
            return PHP_OS_FAMILY === 'Linux' && strncmp($head, '#!', 2) !== 0 ? 'another system' : null;
        }
        $number = unpack(ord($head[5]) === 2 ? 'n' : 'v', substr($head, 18, 2))[1];
        $is = self::MACHINES[$number] ?? "processor number $number";
        return $is === self::goName($machine) || self::goName($machine) === 'amd64' && $is === '386' ? null : $is;
    }

    /** Go's name of a machine of uname's. */
    public static function goName(string $machine): string
    {
        $names = ['x86_64' => 'amd64', 'aarch64' => 'arm64', 'i386' => '386', 'i686' => '386', 'armv6l' => 'arm', 'armv7l' => 'arm', 'loongarch64' => 'loong64'];
        return $names[strtolower($machine)] ?? strtolower($machine);
    }

    /** The version of this package if it is a release, else null. */
    public static function packageVersion(): ?string
    {
        if (!class_exists('Composer\\InstalledVersions') || !\Composer\InstalledVersions::isInstalled('go-gatewayworker/gateway')) {
            return null;
        }
        $version = (string) \Composer\InstalledVersions::getPrettyVersion('go-gatewayworker/gateway');
        return self::isRelease($version) ? ltrim($version, 'v') : null;
    }

    private static function isRelease(string $version): bool
    {
        return preg_match('/^v?\d+\.\d+\.\d+(-[\w.]+)?$/', $version) === 1 && strpos($version, '-0.') === false;
    }

    /**
     * Runs the program to its end.
     *
     * @param string[]             $arguments
     * @param array<string,string> $environment
     * @return array{int,string,string} exit code, stdout, stderr
     */
    public function run(array $arguments, ?array $environment = null): array
    {
        // Its output goes to files: two pipes that are read in turn can block.
        $out = tmpfile();
        $err = tmpfile();
        if (!$out || !$err) {
            throw new Refusal('no temporary file can be made in ' . sys_get_temp_dir());
        }
        $pipes = [];
        $process = @proc_open(array_merge([$this->path], $arguments), [['file', '/dev/null', 'r'], $out, $err], $pipes, null, $environment);
        if (!is_resource($process)) {
            throw new Refusal("$this->path cannot be executed: " . (error_get_last()['message'] ?? 'proc_open fails'));
        }
        $code = proc_close($process);
        rewind($out);
        rewind($err);
        return [$code, (string) stream_get_contents($out), (string) stream_get_contents($err)];
    }
}
