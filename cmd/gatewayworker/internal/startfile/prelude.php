<?php
// Runs a start file with classes that only note what is done to them, and
// writes down what they noted: php prelude.php FILE ANSWER. Nothing is opened,
// nothing forks; see ask.go.

namespace GatewayWorkerImport {
    final class Notes
    {
        public static $workers = [];
        public static $statics = [];
        public static $error = null;
        public static $returned = null;
        public static $answer = '';

        /** The line of the start file, or of what it includes, that is being run. */
        public static function place()
        {
            foreach (debug_backtrace(DEBUG_BACKTRACE_IGNORE_ARGS) as $call) {
                if (isset($call['file']) && $call['file'] !== __FILE__) {
                    return [$call['file'], $call['line']];
                }
            }
            return ['', 0];
        }

        public static function value($value, $depth = 0)
        {
            if ($depth > 50) {
                return ['unknown' => 'a value that is nested too deep'];
            }
            if (is_array($value)) {
                $entries = [];
                foreach ($value as $key => $item) {
                    $entries[] = [self::value($key), self::value($item, $depth + 1)];
                }
                return ['array' => $entries];
            }
            if ($value instanceof \Closure) {
                $f = new \ReflectionFunction($value);
                return ['closure' => [(string) $f->getFileName(), (int) $f->getStartLine()]];
            }
            if (is_object($value)) {
                return ['object' => get_class($value)];
            }
            if (is_resource($value)) {
                return ['object' => 'resource'];
            }
            if (is_string($value) && !preg_match('//u', $value)) {
                return ['bytes' => base64_encode($value)];
            }
            if (is_float($value)) {
                return ['float' => is_finite($value) ? var_export($value, true) : '0'];
            }
            return $value;
        }

        public static function write()
        {
            $workers = [];
            foreach (self::$workers as $worker) {
                $props = [];
                foreach ($worker->__notes() as $name => $note) {
                    $props[] = [(string) $name, self::value($note[0]), $note[1]];
                }
                $workers[] = [
                    'class' => get_class($worker), 'parents' => array_values(class_parents($worker)), 'place' => $worker->__place,
                    'listen' => self::value($worker->__listen), 'context' => self::value($worker->__context), 'props' => $props,
                ];
            }
            $statics = [];
            foreach (['Workerman\Worker', 'GatewayWorker\Gateway', 'Workerman\Connection\TcpConnection'] as $class) {
                foreach ((new \ReflectionClass($class))->getStaticProperties() as $name => $value) {
                    if ($value !== Unset_::$it && strpos($name, '__') !== 0) {
                        $statics["$class::$name"] = self::value($value);
                    }
                }
            }
            $out = fopen(self::$answer, 'w');
            fwrite($out, json_encode([
                'workers' => $workers, 'statics' => $statics ?: new \stdClass(), 'returned' => self::value(self::$returned), 'error' => self::$error,
            ]));
        }
    }

    final class Unset_
    {
        public static $it;
    }
    Unset_::$it = new Unset_();

    /** A Worker that opens nothing. Properties come to it through __set, so that it knows the line of each. */
    abstract class Noting
    {
        public $__place;
        public $__listen;
        public $__context;
        private $__props = [];
        private $__lines = [];
        private $__read = [];
        protected static $__defaults = [];

        public function __construct($listen = null, $context = [])
        {
            $this->__note($listen, $context);
        }

        protected function __note($listen, $context)
        {
            $this->__place = Notes::place();
            $this->__listen = $listen;
            $this->__context = $context;
            Notes::$workers[] = $this;
        }

        public function __set($name, $value)
        {
            $this->__props[$name] = $value;
            $this->__lines[$name] = Notes::place();
            unset($this->__read[$name]);
        }

        public function &__get($name)
        {
            if (!array_key_exists($name, $this->__props)) {
                $this->__props[$name] = static::$__defaults[$name] ?? null;
                $this->__lines[$name] = Notes::place();
                $this->__read[$name] = true;
            }
            return $this->__props[$name];
        }

        public function __isset($name)
        {
            return isset($this->__props[$name]) || isset(static::$__defaults[$name]);
        }

        public function __call($name, $args)
        {
            return null;
        }

        public static function __callStatic($name, $args)
        {
            return null;
        }

        /** name => [value, place]: what the file set, and what a class of the user's declares. */
        public function __notes()
        {
            $notes = [];
            $class = new \ReflectionObject($this);
            foreach ($class->getProperties() as $property) {
                $name = $property->getName();
                if ($property->isStatic() || strpos($name, '__') === 0) {
                    continue;
                }
                if (PHP_VERSION_ID < 80100) {
                    $property->setAccessible(true);
                }
                $notes[$name] = [$property->getValue($this), [(string) $property->getDeclaringClass()->getFileName(), 0]];
            }
            foreach ($this->__props as $name => $value) {
                if (isset($this->__read[$name]) && $value === (static::$__defaults[$name] ?? null)) {
                    continue; // only read; $w->list['x'] = 1 changes what is read
                }
                $notes[$name] = [$value, $this->__lines[$name]];
            }
            return $notes;
        }
    }
}

namespace Workerman {
    use GatewayWorkerImport\Unset_;

    class Worker extends \GatewayWorkerImport\Noting
    {
        const VERSION = '5.0.0';
        const STATUS_INITIAL = 0;
        protected static $__defaults = ['name' => 'none', 'count' => 1, 'user' => '', 'group' => '', 'reloadable' => true, 'reusePort' => false, 'transport' => 'tcp'];
        public static $daemonize, $stdoutFile, $pidFile, $logFile, $logFileMaxSize, $statusFile, $statisticsFile, $eventLoopClass;
        public static $onMasterReload, $onMasterStop, $onWorkerExit, $stopTimeout, $command, $processTitle, $globalEvent, $outputStream, $eventLoop;

        public static function runAll()
        {
        }

        public static function getAllWorkers()
        {
            return [];
        }
    }
    foreach (array_keys(get_class_vars('Workerman\Worker')) as $name) {
        if (strpos($name, '__') !== 0) {
            Worker::$$name = Unset_::$it;
        }
    }
    Worker::$daemonize = false;

    class WebServer extends Worker
    {
        public function addRoot()
        {
        }
    }

    class Timer
    {
        public static function __callStatic($name, $args)
        {
            return 0;
        }
    }

    class Autoloader
    {
        public static function __callStatic($name, $args)
        {
        }
    }
}

namespace Workerman\Lib {
    class Timer extends \Workerman\Timer
    {
    }
}

namespace Workerman\Connection {
    class TcpConnection
    {
        public static $defaultMaxPackageSize, $defaultMaxSendBufferSize, $maxPackageSize;
    }
    foreach (['defaultMaxPackageSize', 'defaultMaxSendBufferSize', 'maxPackageSize'] as $name) {
        TcpConnection::$$name = \GatewayWorkerImport\Unset_::$it;
    }
}

namespace GatewayWorker {
    class Gateway extends \Workerman\Worker
    {
        const ROUTER_RANDOM = 'router_random';
        const ROUTER_LEAST_CONNECTIONS = 'router_least_connections';
        public static $selectLoadBalancingMode;
        protected static $__defaults = [
            'name' => 'none', 'count' => 1, 'user' => '', 'group' => '', 'reloadable' => true, 'reusePort' => false, 'transport' => 'tcp',
            'lanIp' => '127.0.0.1', 'innerTcpWorkerListen' => '', 'lanPort' => 0, 'startPort' => 2000, 'registerAddress' => '127.0.0.1:1236',
            'pingInterval' => 0, 'pingNotResponseLimit' => 0, 'pingData' => '', 'secretKey' => '', 'sendToWorkerBufferSize' => 10240000,
            'sendToClientBufferSize' => 1024000, 'protocolAccelerate' => false,
        ];
    }
    Gateway::$selectLoadBalancingMode = \GatewayWorkerImport\Unset_::$it;

    class Register extends \Workerman\Worker
    {
    }

    class BusinessWorker extends \Workerman\Worker
    {
    }
}

namespace Webman\GatewayWorker {
    class Gateway extends \GatewayWorker\Gateway
    {
    }

    class Register extends \GatewayWorker\Register
    {
    }

    class BusinessWorker extends \GatewayWorker\BusinessWorker
    {
    }
}

namespace {
    // What would open, run or change something does nothing. PHP is started with
    // these functions disabled, and PHP 8 lets a file declare disabled ones.
    if (PHP_VERSION_ID >= 80000) {
        foreach (explode(',', (string) getenv('GATEWAYWORKER_IMPORT_DISABLED')) as $name) {
            if ($name !== '' && !function_exists($name)) {
                eval("function $name(...\$args) { return " . ($name === 'cli_set_process_title' || $name === 'mkdir' || $name === 'chmod' ? 'true' : 'false') . "; }");
            }
        }
    }

    (function () {
        global $argv, $argc;
        $file = $argv[1];
        \GatewayWorkerImport\Notes::$answer = $argv[2];
        $project = $argv[3];
        $argv = $_SERVER['argv'] = [$file, 'start'];
        $argc = $_SERVER['argc'] = 2;
        register_shutdown_function(function () {
            $last = error_get_last();
            if ($last !== null && ($last['type'] & (E_ERROR | E_PARSE | E_CORE_ERROR | E_COMPILE_ERROR | E_USER_ERROR)) && \GatewayWorkerImport\Notes::$error === null) {
                \GatewayWorkerImport\Notes::$error = [explode("\n", $last['message'])[0], $last['file'], $last['line']];
            }
            \GatewayWorkerImport\Notes::write();
        });
        if ($project !== '') { // a configuration file: its framework has loaded the project
            try {
                if (is_file("$project/vendor/autoload.php")) {
                    require_once "$project/vendor/autoload.php";
                }
                if (is_file("$project/.env")) {
                    if (class_exists('Dotenv\Dotenv')) {
                        \Dotenv\Dotenv::createUnsafeImmutable($project)->load();
                    } else {
                        foreach (@parse_ini_file("$project/.env", false, INI_SCANNER_RAW) ?: [] as $name => $value) {
                            getenv($name) === false && putenv("$name=$value");
                        }
                    }
                }
            } catch (\Throwable $e) {
            }
            $functions = [
                'base_path' => '', 'run_path' => '', 'root_path' => '', 'app_path' => '/app', 'config_path' => '/config', 'runtime_path' => '/runtime', 'public_path' => '/public',
            ];
            foreach ($functions as $name => $sub) {
                if (!function_exists($name)) {
                    eval("function $name(\$path = '') { return " . var_export($project . $sub, true) . " . (\$path === '' || \$path === false ? '' : '/' . ltrim(\$path, '/')); }");
                }
            }
            if (!function_exists('cpu_count')) {
                eval('function cpu_count() { return 4; }');
            }
            if (!function_exists('env')) {
                eval('function env($name, $default = null) { $v = getenv($name); $words = ["true" => true, "false" => false, "null" => null, "empty" => ""]; return $v === false ? $default : (array_key_exists(strtolower($v), $words) ? $words[strtolower($v)] : $v); }');
            }
        }
        chdir(dirname($file));
        ob_start(function () { return ''; }, 1); // what the file prints is not ours
        try {
            \GatewayWorkerImport\Notes::$returned = (static function () {
                return require func_get_arg(0);
            })($file);
        } catch (\Throwable $e) {
            \GatewayWorkerImport\Notes::$error = [get_class($e) . ': ' . $e->getMessage(), $e->getFile(), $e->getLine()];
        }
    })();
}
