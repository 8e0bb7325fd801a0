<?php
// Calls a static method that a JSON request names and catches all that comes of it.

final class GatewayCalls
{
    /**
     * $request has "method" and either "args" (JSON) or "serialized" (base64 of a serialized array).
     * "class" may name a class to call in place of $class; "set" holds static properties to set before.
     * Returns [result, what was echoed, exception as "class: message" or null].
     */
    public static function call(string $class, array $request): array
    {
        $class = $request['class'] ?? $class;
        foreach ($request['set'] ?? [] as $name => $value) {
            $class::$$name = $value;
        }
        $args = isset($request['serialized'])
            ? unserialize(base64_decode($request['serialized']))
            : ($request['args'] ?? []);
        $result = $exception = null;
        ob_start();
        try {
            $method = [$class, $request['method']];
            if (!is_callable($method) && method_exists(...$method)) { // select() is protected
                $method = (new \ReflectionMethod(...$method))->getClosure();
            }
            $result = $method(...$args);
        } catch (\Throwable $e) {
            $exception = get_class($e) . ': ' . preg_replace('/, called in .*/', '', $e->getMessage());
        }
        $output = self::firstLines(ob_get_clean());
        return [$result, $output, $exception];
    }

    /** What was echoed without stack traces and file names, which depend on the machine. */
    private static function firstLines(string $output): string
    {
        $output = preg_replace('/Stack trace:.*?\{main\}/s', '', $output);
        return trim(preg_replace('/ in \S+\.php(:\d+| on line \d+)/', '', $output));
    }
}
