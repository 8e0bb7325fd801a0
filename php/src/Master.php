<?php

declare(strict_types=1);

namespace GoGatewayWorker;

/** What the program has to know of Workerman's master. */
final class Master
{
    public string $version = '';
    public string $name = '';
    public string $socket = '';
    public string $transport = 'tcp';
    public string $title = '';
    public string $statusFile = '';
    public string $connectionsFile = '';
    public int $socketWidth = 0;
    public int $nameWidth = 0;
    public string $logFile = '';
    public int $logFileMaxSize = 0;
    public string $stdoutFile = '';
    public bool $daemon = false;
    public bool $reloadable = false;
    public float $stopTimeout = 2;
    public bool $listener = false;

    /** The value of --workerman. */
    public function json(Plan $plan, bool $checkOnly): string
    {
        return (string) json_encode([
            'protocol' => Binary::PROTOCOL,
            'check_only' => $checkOnly,
            'version' => $this->version,
            'name' => $this->name,
            'socket' => $this->socket,
            'app_protocol' => $plan->protocol(),
            'transport' => $this->transport,
            'title' => $this->title,
            'status_file' => $this->statusFile,
            'connections_file' => $this->connectionsFile,
            'socket_width' => $this->socketWidth,
            'name_width' => $this->nameWidth,
            'log_file' => $this->logFile,
            'log_file_max_size' => $this->logFileMaxSize,
            'stdout_file' => $this->stdoutFile,
            'daemon' => $this->daemon,
            'reloadable' => $this->reloadable,
            'stop_timeout' => $this->stopTimeout,
            'listener' => $this->listener,
            'timers' => $plan->timers(),
            'timezone' => date_default_timezone_get(),
            'utc_offset' => (int) date('Z'),
        ], JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_INVALID_UTF8_SUBSTITUTE | JSON_PRESERVE_ZERO_FRACTION);
    }
}
