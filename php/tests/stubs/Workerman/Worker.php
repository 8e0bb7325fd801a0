<?php

namespace Workerman;

/** What the package uses of Workerman's class. */
class Worker
{
    public const VERSION = '5.2.2';
    public const STATUS_STARTING = 1;
    public const STATUS_RUNNING = 2;
    public const STATUS_SHUTDOWN = 4;

    public int $id = 0;
    public string $name = 'none';
    public int $count = 1;
    public string $user = '';
    public string $group = '';
    public bool $reloadable = true;
    public bool $reusePort = false;
    public $onWorkerStart = null;
    public $onConnect = null;
    public $onWebSocketConnect = null;
    public $onWebSocketConnected = null;
    public $onMessage = null;
    public $onClose = null;
    public $onError = null;
    public $onBufferFull = null;
    public $onBufferDrain = null;
    public $onWorkerStop = null;
    public $onWorkerReload = null;
    public string $transport = 'tcp';
    public array $connections = [];
    public ?string $protocol = null;
    public bool $stopping = false;
    public ?string $eventLoop = null;

    public static bool $daemonize = false;
    public static string $stdoutFile = '/dev/null';
    public static string $logFile = '';
    public static int $logFileMaxSize = 10485760;
    public static int $stopTimeout = 2;

    protected static array $uiLengthData = ['maxSocketNameLength' => 24, 'maxWorkerNameLength' => 18];
    protected static string $statisticsFile = '/nowhere/status';
    protected static string $connectionsFile = '/nowhere/status.connection';
    protected static array $workers = [];
    protected $mainSocket = null;
    protected $socketContext = null;
    private string $socketName;

    /** @var string[] what was logged */
    public static array $stubLog = [];

    public function __construct(?string $socketName = null, array $context = [])
    {
        $this->socketName = (string) $socketName;
        $this->socketContext = stream_context_create($context);
        $this->onMessage = function () {
        };
        self::$workers[spl_object_hash($this)] = $this;
    }

    public function getSocketName(): string
    {
        return $this->socketName ? lcfirst($this->socketName) : 'none';
    }

    public static function getAllWorkers(): array
    {
        return self::$workers;
    }

    public static function getStatus(): int
    {
        return self::STATUS_RUNNING;
    }

    public static function log($text, bool $decorated = false): void
    {
        self::$stubLog[] = (string) $text;
    }

    public function listen(bool $autoAccept = true): void
    {
        $this->mainSocket = fopen('php://memory', 'r');
    }

    public function run(): void
    {
        self::log('PHP runs ' . $this->name);
    }
}
