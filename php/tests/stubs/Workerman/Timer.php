<?php

namespace Workerman;

class Timer
{
    public static function add(float $interval, callable $f, ?array $arguments = [], bool $persistent = true): int
    {
        return 1;
    }
}
