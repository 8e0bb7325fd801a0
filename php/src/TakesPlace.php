<?php

declare(strict_types=1);

namespace GoGatewayWorker;

use Workerman\Worker;

/**
 * A Gateway or Register whose worker process becomes the program.
 *
 * Workerman's master stays PHP: it opens the listening socket, forks, watches and
 * stops. In the master it is decided, once, whether the program can take the
 * place; in the child it does.
 */
trait TakesPlace
{
    /** What was decided; null before. */
    private ?Plan $goDecided = null;

    /** What the program is to do, from the properties. */
    abstract protected function goPlan(): Plan;

    /**
     * The master asks each worker for its address before it forks, when all
     * properties are set.
     */
    public function getSocketName(): string
    {
        if ($this->goDecided === null) {
            $caller = debug_backtrace(DEBUG_BACKTRACE_IGNORE_ARGS, 2)[1]['function'] ?? '';
            if ($caller === 'initWorkers' || $caller === 'checkPortAvailable') {
                $this->goDecide();
            }
        }
        return parent::getSocketName();
    }

    public function run(): void
    {
        $plan = $this->goDecided ?? $this->goDecide();
        if ($plan->reasons()) {
            parent::run();
        } elseif ($this->id > 0) {
            StandIn::run($plan, (int) $this->id);
        } else {
            Process::openStandardFiles();
            if (!$this->goMainSocket()) {
                $this->listen(false); // with reusePort the child opens it
            }
            Process::become($plan, $this->goMaster($this, true));
        }
    }

    private function goDecide(): Plan
    {
        $plan = $this->goPlan();
        if ($plan->reasons()) {
            Worker::log($plan->remark());
        } else {
            $said = $plan->check($this->goMaster($this, false));
            if ($said !== null) {
                Command::refuse($said);
            }
        }
        return $this->goDecided = $plan;
    }

    /** Whether another Worker listens for this object. */
    private function goIsGuest(): bool
    {
        return !in_array($this, Worker::getAllWorkers(), true);
    }

    /** Takes the place of the Worker that listens for this object, if it can. */
    private function goBecomeGuest(): bool
    {
        $workers = Worker::getAllWorkers();
        $host = reset($workers);
        if (!$host || count($workers) !== 1) {
            return false;
        }
        $read = \Closure::bind(function (): array {
            return [$this->mainSocket ?? $this->_mainSocket ?? null, $this->socketContext ?? $this->_context ?? null];
        }, $host, Worker::class);
        [$socket, $context] = $read();
        $plan = new GatewayPlan($this, $context ? stream_context_get_options($context) : [], $host);
        foreach (['onWorkerStart', 'onConnect', 'onClose', 'onWorkerStop'] as $callback) {
            $plan->callback($callback, $this->{"_$callback"} ?? null); // where PHP's Gateway has put the user's
        }
        if (!$socket || $plan->reasons()) {
            Worker::log($socket ? $plan->remark() : 'GatewayWorker stays PHP: ' . $host->name . ' does not listen');
            return false;
        }
        if ($host->id > 0) {
            StandIn::run($plan, (int) $host->id);
            $host->pauseAccept();
            return true;
        }
        Process::openStandardFiles();
        Process::become($plan, $this->goMaster($host, true));
        return true;
    }

    /** What the program has to know of the master. */
    private function goMaster(Worker $worker, bool $listener): Master
    {
        $five = property_exists(Worker::class, 'statisticsFile');
        $master = new Master();
        $master->version = Worker::VERSION;
        $master->name = (string) $worker->name;
        $master->socket = (string) $worker->getSocketName();
        $master->transport = (string) $worker->transport;
        $title = property_exists(Worker::class, 'processTitle') ? Worker::$processTitle : 'WorkerMan';
        $master->title = "$title: worker process  $master->name $master->socket";
        $master->statusFile = (string) ($five ? static::$statisticsFile : static::$_statisticsFile);
        $master->connectionsFile = (string) ($five ? static::$connectionsFile : static::$_statisticsFile);
        $master->socketWidth = (int) ($five ? static::$uiLengthData['maxSocketNameLength'] ?? 0 : static::$_maxSocketNameLength);
        $master->nameWidth = (int) ($five ? static::$uiLengthData['maxWorkerNameLength'] ?? 0 : static::$_maxWorkerNameLength);
        $master->logFile = (string) Worker::$logFile;
        $master->logFileMaxSize = (int) (property_exists(Worker::class, 'logFileMaxSize') ? Worker::$logFileMaxSize : 0);
        $master->stdoutFile = (string) Worker::$stdoutFile;
        $master->daemon = (bool) Worker::$daemonize;
        $master->reloadable = (bool) $worker->reloadable;
        $master->stopTimeout = (float) Worker::$stopTimeout;
        $master->listener = $listener;
        return $master;
    }

    /** @return resource|null the socket that the master has opened */
    private function goMainSocket()
    {
        return property_exists(Worker::class, 'mainSocket') ? $this->mainSocket : $this->_mainSocket;
    }

    private function goContextOptions(): array
    {
        $context = property_exists(Worker::class, 'socketContext') ? $this->socketContext : $this->_context;
        return $context ? stream_context_get_options($context) : [];
    }
}
