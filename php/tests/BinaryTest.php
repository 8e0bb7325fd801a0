<?php

declare(strict_types=1);

namespace GoGatewayWorker\Tests;

use GoGatewayWorker\Binary;
use GoGatewayWorker\Installer;
use GoGatewayWorker\Refusal;
use PHPUnit\Framework\TestCase;

final class BinaryTest extends TestCase
{
    private string $directory;

    protected function setUp(): void
    {
        $this->directory = sys_get_temp_dir() . '/gatewayworker-' . bin2hex(random_bytes(6));
        mkdir($this->directory);
    }

    protected function tearDown(): void
    {
        array_map('unlink', (array) glob("$this->directory/*"));
        rmdir($this->directory);
    }

    /** A program that answers the package's question. */
    private function program(string $answer, int $mode = 0755): string
    {
        $file = "$this->directory/gatewayworker";
        file_put_contents($file, "#!/bin/sh\n$answer\n");
        chmod($file, $mode);
        return $file;
    }

    public static function answers(): array
    {
        return [
            'ours' => ['echo \'{"protocol":1,"version":"(devel)"}\'', ''],
            'older' => ['echo "unknown command workerman" >&2; exit 2', 'is not a gatewayworker that knows this package (unknown command workerman)'],
            'another program' => ['echo hello', 'is not a gatewayworker'],
            'another version' => ['echo \'{"protocol":2,"version":"v9.9.9"}\'', 'version v9.9.9, and this package do not belong together'],
        ];
    }

    /** @dataProvider answers */
    public function testCheck(string $answer, string $complaint): void
    {
        $binary = new Binary($this->program($answer));
        if ($complaint !== '') {
            $this->expectException(Refusal::class);
            $this->expectExceptionMessage($complaint);
        }
        $binary->check();
        self::assertSame('', $complaint);
    }

    public function testNotExecutable(): void
    {
        $this->expectException(Refusal::class);
        $this->expectExceptionMessage('cannot be executed by this user');
        (new Binary($this->program('', 0644)))->check();
    }

    public function testProcessors(): void
    {
        $elf = static function (int $machine): string {
            return "\x7fELF\2\1\1" . str_repeat("\0", 9) . pack('vv', 2, $machine);
        };
        self::assertNull(Binary::otherProcessor($elf(62), 'x86_64'));
        self::assertNull(Binary::otherProcessor($elf(3), 'x86_64'));
        self::assertNull(Binary::otherProcessor($elf(183), 'aarch64'));
        self::assertSame('arm64', Binary::otherProcessor($elf(183), 'x86_64'));
        self::assertSame('amd64', Binary::otherProcessor($elf(62), 'aarch64'));
        self::assertNotNull(Binary::otherProcessor('', 'x86_64'));
        self::assertNull(Binary::otherProcessor('#!/bin/sh and more of it', 'x86_64'));
    }

    /** A release as a folder: archive and checksums. */
    private function release(string $program): string
    {
        $name = Installer::archiveName('0.1.0');
        $header = str_pad("gatewayworker_0.1.0/gatewayworker", 100, "\0") . "0000755\0" . "0000000\0" . "0000000\0" . sprintf("%011o\0", strlen($program)) . "00000000000\0";
        $header = str_pad($header . '        ' . '0', 512, "\0");
        $tar = $header . str_pad($program, (int) (ceil(strlen($program) / 512) * 512), "\0") . str_repeat("\0", 1024);
        $archive = (string) gzencode($tar);
        file_put_contents("$this->directory/$name", $archive);
        file_put_contents("$this->directory/SHA256SUMS", str_repeat('0', 64) . "  other.tar.gz\n" . hash('sha256', $archive) . "  $name\n");
        return $name;
    }

    public function testInstall(): void
    {
        $name = $this->release("#!/bin/sh\necho '{\"protocol\":1,\"version\":\"v0.1.0\"}'\n");
        foreach ([$this->directory, "$this->directory/", "$this->directory/$name", "file://$this->directory"] as $source) {
            $target = "$this->directory/installed";
            self::assertSame($target, Installer::install($source, '0.1.0', $target));
            self::assertTrue(is_executable($target));
            unlink($target);
        }
    }

    public function testInstallRefuses(): void
    {
        $name = $this->release("#!/bin/sh\necho '{\"protocol\":1,\"version\":\"v0.1.0\"}'\n");
        $target = "$this->directory/installed";
        $complaint = function (string $source, ?string $version) use ($target): string {
            try {
                Installer::install($source, $version, $target);
            } catch (Refusal $e) {
                self::assertFileDoesNotExist($target);
                return $e->getMessage();
            }
            return 'installed';
        };
        self::assertStringContainsString('cannot be read', $complaint($this->directory, '0.2.0'));
        self::assertStringContainsString('say which version', $complaint($this->directory, null));
        file_put_contents("$this->directory/$name", 'x', FILE_APPEND);
        self::assertStringContainsString('damaged or was changed', $complaint($this->directory, '0.1.0'));
        file_put_contents("$this->directory/SHA256SUMS", '');
        self::assertStringContainsString('SHA256SUMS does not have', $complaint($this->directory, '0.1.0'));
        $this->release("#!/bin/sh\necho no program of ours\n");
        self::assertStringContainsString('is not a gatewayworker', $complaint($this->directory, '0.1.0'));
    }
}
