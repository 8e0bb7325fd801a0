<?php

declare(strict_types=1);

namespace GoGatewayWorker;

/** What can be said of a callback without calling it. */
final class Callback
{
    /**
     * Whether it is a method of the worker itself, or one that Workerman has put
     * there.
     *
     * @param mixed $callback
     */
    public static function isOf($callback, object $subject): bool
    {
        if (is_array($callback)) {
            return ($callback[0] ?? null) === $subject;
        }
        if (!$callback instanceof \Closure) {
            return false;
        }
        $worker = new \ReflectionClass('Workerman\\Worker');
        return (new \ReflectionFunction($callback))->getFileName() === $worker->getFileName();
    }

    /**
     * Whether it is a closure with nothing in it, as frameworks have them in the
     * configuration that they install.
     *
     * @param mixed $callback
     */
    public static function doesNothing($callback): bool
    {
        if (!$callback instanceof \Closure) {
            return false;
        }
        $function = new \ReflectionFunction($callback);
        $file = (string) $function->getFileName();
        if (!is_file($file)) {
            return false;
        }
        $lines = array_slice((array) file($file), $function->getStartLine() - 1, $function->getEndLine() - $function->getStartLine() + 1);
        $code = '';
        foreach (token_get_all('<?php ' . implode('', $lines)) as $token) {
            if (!is_array($token)) {
                $code .= $token;
            } elseif (!in_array($token[0], [T_WHITESPACE, T_COMMENT, T_DOC_COMMENT, T_OPEN_TAG], true)) {
                $code .= $token[1] . ' ';
            }
        }
        // One function in these lines, and its body is empty.
        return preg_match_all('/\b(function|fn)\b/', $code) === 1
            && preg_match('/\bfunction &?\([^{}]*\)[^{};]*\{\}/', $code) === 1;
    }
}
