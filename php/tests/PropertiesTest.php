<?php

declare(strict_types=1);

namespace GoGatewayWorker\Tests;

use GatewayWorker\Gateway;
use GatewayWorker\Register;
use GoGatewayWorker\GatewayPlan;
use GoGatewayWorker\Plan;
use GoGatewayWorker\RegisterPlan;
use PHPUnit\Framework\TestCase;
use Workerman\Connection\TcpConnection;

/** What becomes of every public property; the table of docs/composer.md. */
final class PropertiesTest extends TestCase
{
    /** The flags of a Gateway whose start file sets nothing. */
    private const DEFAULTS = [
        'gateway', '--listen=websocket://0.0.0.0:8282', '--lan-ip=127.0.0.1', '--start-port=2000', '--register-address=127.0.0.1:1236',
        '--ping-interval=0', '--ping-not-response-limit=0', '--ping-data=', '--router=router_least_connections',
        '--send-to-worker-buffer-size=10240000', '--send-to-client-buffer-size=1024000', '--handshake-data=4', '--max-package-size=10485760',
    ];

    /**
     * Property, value, and what the program gets in the place of its default: flags,
     * or the reason for which the Gateway stays PHP.
     */
    public static function gateway(): iterable
    {
        $closure = static function ($connection) {
            $connection->close();
        };
        $empty = static function () {
        };
        foreach (['onConnect', 'onMessage', 'onClose', 'onError', 'onBufferFull', 'onBufferDrain', 'onWorkerStart', 'onWorkerStop', 'onWorkerReload',
            'onWebSocketConnect', 'onWebSocketConnected', 'onBusinessWorkerConnected', 'onBusinessWorkerClose'] as $callback) {
            yield $callback => [$callback, $closure, "$callback is set"];
            yield "$callback, empty" => [$callback, $empty, []];
            yield "$callback, a function" => [$callback, 'strlen', "$callback is set"];
        }
        yield 'lanIp' => ['lanIp', '10.1.2.3', ['--lan-ip=10.1.2.3']];
        yield 'lanIp, a name' => ['lanIp', 'localhost', []];
        yield 'lanIp, IPv6' => ['lanIp', '::1', 'lanIp ::1'];
        yield 'lanIp, nothing' => ['lanIp', 'no such host', 'lanIp no such host'];
        yield 'innerTcpWorkerListen' => ['innerTcpWorkerListen', '0.0.0.0', ['--inner-listen=0.0.0.0']];
        yield 'innerTcpWorkerListen, a name' => ['innerTcpWorkerListen', 'here', 'innerTcpWorkerListen here'];
        yield 'startPort' => ['startPort', 2900, ['--start-port=2900']];
        yield 'startPort, a text' => ['startPort', '2900', ['--start-port=2900']];
        yield 'startPort 0' => ['startPort', 0, 'startPort is no port'];
        yield 'lanPort' => ['lanPort', 77, []];
        yield 'registerAddress' => ['registerAddress', '10.0.0.1:1236', ['--register-address=10.0.0.1:1236']];
        yield 'registerAddress, several' => ['registerAddress', ['a:1', 'b:2'], ['--register-address=a:1', '--register-address=b:2']];
        yield 'registerAddress, bad' => ['registerAddress', 'a', 'registerAddress a is not'];
        yield 'registerAddress, none' => ['registerAddress', [], 'registerAddress is empty'];
        yield 'pingInterval' => ['pingInterval', 55, ['--ping-interval=55']];
        yield 'pingInterval, a fraction' => ['pingInterval', 0.5, ['--ping-interval=0.5']];
        yield 'pingInterval, negative' => ['pingInterval', -1, []];
        yield 'pingNotResponseLimit' => ['pingNotResponseLimit', 2, ['--ping-not-response-limit=2']];
        yield 'pingData' => ['pingData', '{"type":"ping"}', ['--ping-data={"type":"ping"}']];
        yield 'pingData, empty for PHP' => ['pingData', '0', []];
        yield 'pingData, lines and quotes' => ['pingData', "a\nb'\"\\ü", ["--ping-data=a\nb'\"\\ü"]];
        yield 'pingData, a zero byte' => ['pingData', "a\0b", 'zero byte'];
        yield 'pingData, an array' => ['pingData', ['a'], 'pingData is no text'];
        yield 'secretKey' => ['secretKey', 'secret', []];
        yield 'secretKey, a zero byte' => ['secretKey', "a\0", 'secretKey'];
        yield 'router' => ['router', ['\\GatewayWorker\\Gateway', 'routerRand'], 'router is set'];
        yield 'router, a closure' => ['router', $empty, 'router is set'];
        yield 'router, the same' => ['router', ['GatewayWorker\\Gateway', 'routerBind'], []];
        yield 'sendToWorkerBufferSize' => ['sendToWorkerBufferSize', 1, ['--send-to-worker-buffer-size=1']];
        yield 'sendToWorkerBufferSize, none' => ['sendToWorkerBufferSize', 0, 'sendToWorkerBufferSize is no'];
        yield 'sendToClientBufferSize' => ['sendToClientBufferSize', 2, ['--send-to-client-buffer-size=2']];
        yield 'protocolAccelerate' => ['protocolAccelerate', true, []];
        yield 'name' => ['name', 'ChatGateway', []];
        yield 'count' => ['count', 4, []];
        yield 'user' => ['user', 'www-data', []];
        yield 'group' => ['group', 'www-data', []];
        yield 'reusePort' => ['reusePort', true, []];
        yield 'reloadable' => ['reloadable', true, []];
        yield 'transport' => ['transport', 'unix', 'transport is unix'];
        yield 'protocol' => ['protocol', 'Protocols\\Mine', []]; // the address says websocket, which overrides it
        yield 'eventLoop' => ['eventLoop', 'Workerman\\Events\\Select', []];
        yield 'id' => ['id', 0, []];
        yield 'connections' => ['connections', [], []];
        yield 'stopping' => ['stopping', false, []];
        yield 'onWorkerExit' => ['onWorkerExit', $closure, []]; // the master's, which is PHP
        yield 'workerId' => ['workerId', 'x', []];
    }

    /**
     * @dataProvider gateway
     * @param mixed        $value
     * @param string|array $want
     */
    public function testGateway(string $property, $value, $want): void
    {
        $g = new Gateway('Websocket://0.0.0.0:8282');
        if (!property_exists($g, $property) && in_array($property, ['onWorkerExit', 'workerId', 'eventLoop', 'innerTcpWorkerListen'], true)) {
            self::assertArrayHasKey($property, GatewayPlan::PROPERTIES); // of other versions
            return;
        }
        if (property_exists($g, $property) && !(new \ReflectionProperty($g, $property))->isPublic()) {
            self::assertSame('workerId', $property);
            return;
        }
        @$g->$property = $value;
        $plan = new GatewayPlan($g, []);
        if (is_string($want)) {
            self::assertCount(1, $plan->reasons(), implode('; ', $plan->reasons()));
            self::assertStringContainsString($want, $plan->reasons()[0]);
            self::assertStringContainsString('stays PHP: ', $plan->remark());
            return;
        }
        self::assertSame([], $plan->reasons());
        $flags = array_map(static function (string $f): string {
            return explode('=', $f)[0];
        }, $want);
        $expected = array_filter(self::defaults(), static function (string $f) use ($flags): bool {
            return !in_array(explode('=', $f)[0], $flags, true);
        });
        self::assertEqualsCanonicalizing(array_merge($expected, $want), $plan->arguments());
    }

    private static function defaults(): array
    {
        $defaults = self::DEFAULTS;
        if (version_compare(\Workerman\Worker::VERSION, '5.0.0', '<')) {
            $defaults = str_replace('--handshake-data=4', '--handshake-data=3', $defaults);
        }
        if (!property_exists(Gateway::class, 'selectLoadBalancingMode')) { // GatewayWorker 3.0
            $defaults = str_replace('=router_least_connections', '=random', $defaults);
        }
        return $defaults;
    }

    /** No public property of the classes at hand is missing, here or in the package. */
    public function testEveryPropertyHasItsPlace(): void
    {
        $tested = [];
        foreach (self::gateway() as $case) {
            $tested[$case[0]] = true;
        }
        foreach (['OriginalGateway' => GatewayPlan::PROPERTIES, 'OriginalRegister' => RegisterPlan::PROPERTIES] as $class => $known) {
            foreach ([new Gateway('websocket://127.0.0.1:1'), new Register('text://127.0.0.1:1')] as $loaded) {
                self::assertNotNull($loaded);
            }
            foreach ((new \ReflectionClass("GatewayWorker\\$class"))->getProperties(\ReflectionProperty::IS_PUBLIC) as $p) {
                if (!$p->isStatic()) {
                    self::assertArrayHasKey($p->getName(), $known, "$class has a property without a place");
                    self::assertArrayHasKey($p->getName(), $tested, 'a property without a test');
                }
            }
        }
        self::assertSame([], array_diff(array_keys(GatewayPlan::PROPERTIES), array_keys($tested)));
    }

    public function testSecretKeyIsInTheEnvironment(): void
    {
        $g = new Gateway('websocket://0.0.0.0:8282');
        $g->secretKey = 'very secret';
        $plan = new GatewayPlan($g, []);
        self::assertSame('very secret', $plan->environment()['GATEWAYWORKER_SECRET_KEY']);
        self::assertStringNotContainsString('very secret', implode(' ', $plan->arguments()));
        putenv('GATEWAYWORKER_SECRET_KEY=of the user');
        putenv('GATEWAYWORKER_BINARY=x');
        try {
            $g->secretKey = '';
            $environment = (new GatewayPlan($g, []))->environment();
            self::assertArrayNotHasKey('GATEWAYWORKER_SECRET_KEY', $environment);
            self::assertArrayNotHasKey('GATEWAYWORKER_BINARY', $environment);
            self::assertArrayHasKey('PATH', $environment);
        } finally {
            putenv('GATEWAYWORKER_SECRET_KEY');
            putenv('GATEWAYWORKER_BINARY');
        }
    }

    public static function addresses(): array
    {
        return [
            ['Websocket://0.0.0.0:7272', 'websocket://0.0.0.0:7272', 'Websocket'],
            ['text://[::]:8283', 'text://[::]:8283', 'Text'],
            ['frame://127.0.0.1:1', 'frame://127.0.0.1:1', 'Frame'],
            ['tcp://127.0.0.1:1', 'tcp://127.0.0.1:1', 'tcp'],
            ['http://127.0.0.1:1', null, 'the protocol of its address, http,'],
            ['udp://127.0.0.1:1', null, 'the protocol of its address, udp,'],
            ['unix:///tmp/x.sock', null, 'is not protocol://host:port'],
        ];
    }

    /** @dataProvider addresses */
    public function testAddresses(string $address, ?string $flag, string $says): void
    {
        $plan = new GatewayPlan(new Gateway($address), []);
        if ($flag === null) {
            self::assertStringContainsString($says, implode('; ', $plan->reasons()));
            return;
        }
        self::assertSame([], $plan->reasons());
        self::assertContains("--listen=$flag", $plan->arguments());
        self::assertSame($says, $plan->protocol());
    }

    public function testProtocolOfATcpAddress(): void
    {
        $g = new Gateway('tcp://127.0.0.1:1');
        $g->protocol = '\\Workerman\\Protocols\\Frame';
        self::assertContains('--listen=frame://127.0.0.1:1', (new GatewayPlan($g, []))->arguments());
        $g->protocol = 'Protocols\\Mine';
        self::assertSame(['protocol is Protocols\\Mine, a class of PHP'], (new GatewayPlan($g, []))->reasons());
    }

    public function testStaticProperties(): void
    {
        $g = new Gateway('websocket://0.0.0.0:8282');
        if (property_exists(Gateway::class, 'selectLoadBalancingMode')) {
            Gateway::$selectLoadBalancingMode = 'router_random';
            self::assertContains('--router=router_random', (new GatewayPlan($g, []))->arguments());
            Gateway::$selectLoadBalancingMode = 'other';
            self::assertStringContainsString('selectLoadBalancingMode', (new GatewayPlan($g, []))->remark());
            Gateway::$selectLoadBalancingMode = 'router_least_connections';
        }
        $before = TcpConnection::$defaultMaxPackageSize;
        TcpConnection::$defaultMaxPackageSize = 2000;
        self::assertContains('--max-package-size=2000', (new GatewayPlan($g, []))->arguments());
        TcpConnection::$defaultMaxPackageSize = 10;
        self::assertStringContainsString('defaultMaxPackageSize is 10', (new GatewayPlan($g, []))->remark());
        TcpConnection::$defaultMaxPackageSize = $before;
    }

    public function testASubclass(): void
    {
        $same = new class ('websocket://0.0.0.0:8282') extends Gateway {
            public $mine = 1;

            public function mine(): int
            {
                return $this->mine;
            }
        };
        self::assertSame([], (new GatewayPlan($same, []))->reasons());
        $other = new class ('websocket://0.0.0.0:8282') extends Gateway {
            public function onClientConnect($connection)
            {
            }
        };
        self::assertStringContainsString('overrides onClientConnect()', (new GatewayPlan($other, []))->remark());
    }

    public function testRegister(): void
    {
        $r = new Register('text://127.0.0.1:1236');
        self::assertSame(['register', '--listen=text://127.0.0.1:1236'], (new RegisterPlan($r, []))->arguments());
        $r->onClose = static function () {
            echo 'closed';
        };
        self::assertSame(['onClose is set, which only PHP can run'], (new RegisterPlan($r, []))->reasons());
        self::assertStringContainsString('is not text://host:port', (new RegisterPlan(new Register('http://127.0.0.1:1'), []))->remark());
        $r = new Register('text://127.0.0.1:1236');
        $r->transport = 'ssl';
        self::assertSame(['transport is ssl'], (new RegisterPlan($r, []))->reasons());
    }

    public function testTimersAndInnerAddresses(): void
    {
        $g = new Gateway('websocket://0.0.0.0:8282');
        self::assertSame(0, (new GatewayPlan($g, []))->timers());
        self::assertSame('127.0.0.1:2003', (new GatewayPlan($g, []))->innerAddress(3));
        $g->pingInterval = 10;
        $g->lanIp = '10.0.0.1';
        $g->registerAddress = ['127.0.0.1:1', '10.0.0.2:1'];
        self::assertSame(3, (new GatewayPlan($g, []))->timers());
        $g->innerTcpWorkerListen = '0.0.0.0';
        if (property_exists(Gateway::class, 'innerTcpWorkerListen')) {
            self::assertSame('0.0.0.0:2001', (new GatewayPlan($g, []))->innerAddress(1));
        }
    }

    /** A framework's Worker listens, and hands the Gateway its callbacks. */
    public function testAGatewayThatAnotherWorkerListensFor(): void
    {
        $g = new Gateway('websocket://0.0.0.0:1');
        $host = new \Workerman\Worker('websocket://0.0.0.0:7272');
        $host->name = 'plugin.gateway';
        $host->onWorkerStart = static function () {
            echo 'this makes the Gateway';
        };
        $host->onConnect = [$g, 'onClientConnect'];
        $plan = new GatewayPlan($g, [], $host);
        self::assertSame([], $plan->reasons());
        self::assertContains('--listen=websocket://0.0.0.0:7272', $plan->arguments());
        $plan->callback('onConnect', static function () {
        });
        self::assertSame([], $plan->reasons());
        $plan->callback('onConnect', static function () {
            echo 'of the user';
        });
        self::assertSame('GatewayWorker: plugin.gateway websocket://0.0.0.0:7272 stays PHP: onConnect is set, which only PHP can run', $plan->remark());
    }

    public function testOneRemarkNamesEveryReason(): void
    {
        $g = new Gateway('websocket://0.0.0.0:8282');
        $g->name = 'Chat';
        $g->router = 'strlen';
        $g->onConnect = 'strlen';
        self::assertSame('GatewayWorker: Chat websocket://0.0.0.0:8282 stays PHP: router is set, which only PHP can run; onConnect is set, which only PHP can run', (new GatewayPlan($g, []))->remark());
    }
}
