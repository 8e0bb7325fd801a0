<?php

declare(strict_types=1);

namespace GoGatewayWorker\Tests;

use GatewayWorker\Gateway;
use GatewayWorker\Register;
use GoGatewayWorker\Takeover;
use PHPUnit\Framework\TestCase;

final class TakeoverTest extends TestCase
{
    public function testStartFilesGetTheSubclass(): void
    {
        foreach (['Gateway' => new Gateway('websocket://127.0.0.1:8282'), 'Register' => new Register('text://127.0.0.1:1236')] as $name => $worker) {
            self::assertInstanceOf("GatewayWorker\\$name", $worker);
            self::assertInstanceOf("GatewayWorker\\Original$name", $worker);
            self::assertInstanceOf('Workerman\\Worker', $worker);
            self::assertSame("GatewayWorker\\Original$name", get_parent_class($worker));
        }
    }

    public function testStaticPropertiesAndConstantsAreTheOriginals(): void
    {
        if (!property_exists(Gateway::class, 'selectLoadBalancingMode')) { // GatewayWorker 3.0
            self::assertTrue(defined('GatewayWorker\\Gateway::VERSION'));
            return;
        }
        self::assertSame('router_random', Gateway::ROUTER_RANDOM);
        $before = Gateway::$selectLoadBalancingMode;
        Gateway::$selectLoadBalancingMode = Gateway::ROUTER_RANDOM;
        self::assertSame('router_random', \GatewayWorker\OriginalGateway::$selectLoadBalancingMode);
        Gateway::$selectLoadBalancingMode = $before;
    }

    public function testRenamesTheClassAndNothingElse(): void
    {
        $code = "<?php\nnamespace N;\n/** class Gateway */\nclass  Gateway extends Worker { const A = 'class Gateway'; function f() { return Gateway::class . self::class; } }\n";
        $want = "<?php\nnamespace N;\n/** class Gateway */\nclass  OriginalGateway extends Worker { const A = 'class Gateway'; function f() { return Gateway::class . self::class; } }\n";
        self::assertSame($want, Takeover::renamed($code, 'Gateway'));
        self::assertNull(Takeover::renamed("<?php class Other {}\n", 'Gateway'));
        self::assertNull(Takeover::renamed("<?php class Gateway {} class Gateway {}\n", 'Gateway'));
    }

    public function testTheWayBack(): void
    {
        $script = self::script('echo get_parent_class("GatewayWorker\\\\Gateway");');
        self::assertSame('GatewayWorker\\OriginalGateway', self::php($script, []));
        self::assertSame('Workerman\\Worker', self::php($script, ['GATEWAYWORKER_PHP' => '1']));
        self::assertSame('GatewayWorker\\OriginalGateway', self::php($script, ['GATEWAYWORKER_PHP' => '0']));
    }

    /** Signals for a process that has just become the program wait until it catches them. */
    public function testSignalsWait(): void
    {
        self::assertTrue(function_exists('Workerman\\posix_kill'));
        $process = proc_open(['sh', '-c', 'sleep 0.1; exec sleep 20', 'sh', '--workerman={}'], [], $pipes);
        self::assertIsResource($process);
        $pid = proc_get_status($process)['pid'];
        $line = static function () use ($pid): string {
            return (string) @file_get_contents("/proc/$pid/cmdline");
        };
        for ($until = microtime(true) + 30; strpos($line(), '--workerman={') === false && microtime(true) < $until;) {
            usleep(500); // it is not executed yet
        }
        $began = microtime(true);
        self::assertTrue(\Workerman\posix_kill($pid, SIGINT));
        $waited = microtime(true) - $began;
        self::assertTrue(strpos($line(), '--workerman={') === false || $waited >= 1, "the signal was sent after $waited s");
        self::assertTrue(\Workerman\posix_kill((int) getmypid(), 0));
        proc_close($process);
    }

    public function testAnUnknownClassStaysUnknown(): void
    {
        self::assertFalse(class_exists('GatewayWorker\\Nothing'));
    }

    /** A start without the program ends before anything is forked. */
    public function testAStartWithoutTheProgramIsRefused(): void
    {
        $script = self::script('new GatewayWorker\\Gateway("websocket://127.0.0.1:8282"); echo "went on";');
        $said = self::php($script, ['GATEWAYWORKER_BINARY' => '/nowhere/gatewayworker'], 'start', 1);
        self::assertStringContainsString('there is no such file', $said);
        self::assertStringContainsString('GATEWAYWORKER_PHP=1 starts', $said);
        self::assertStringNotContainsString('went on', $said);
        self::assertSame('went on', self::php($script, ['GATEWAYWORKER_BINARY' => '/nowhere/gatewayworker'], 'status'));
    }

    private static function script(string $code): string
    {
        $file = (string) tempnam(sys_get_temp_dir(), 'takeover');
        register_shutdown_function('unlink', $file);
        file_put_contents($file, '<?php require ' . var_export(__DIR__ . '/bootstrap.php', true) . "; $code");
        return $file;
    }

    /** @param array<string,string> $environment */
    private static function php(string $script, array $environment, string $argument = '', int $want = 0): string
    {
        $variables = '';
        foreach ($environment as $name => $value) {
            $variables .= "$name=" . escapeshellarg($value) . ' ';
        }
        exec('env ' . $variables . escapeshellarg(PHP_BINARY) . ' ' . escapeshellarg($script) . " $argument 2>&1", $lines, $code);
        self::assertSame($want, $code, implode("\n", $lines));
        return implode("\n", $lines);
    }
}
