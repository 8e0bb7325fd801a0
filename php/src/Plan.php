<?php

declare(strict_types=1);

namespace GoGatewayWorker;

/** What the program is to do in the place of a worker, or why it cannot. */
abstract class Plan
{
    /** @var string[] */
    protected array $reasons = [];

    /** @var array<string,string[]> flags and their values */
    protected array $flags = [];

    /** @var object the Gateway or Register */
    protected object $subject;

    /** The Worker that listens: the subject, or one that a framework has made. */
    protected object $worker;

    protected array $context;

    protected string $protocol = '';

    public function __construct(object $subject, array $context, ?object $worker = null)
    {
        $this->subject = $subject;
        $this->worker = $worker ?? $subject;
        $this->context = $context;
        $this->plan();
    }

    abstract protected function plan(): void;

    /** The command of the program: gateway, register. */
    abstract protected function command(): string;

    /** The number of timers that PHP's process would have. */
    abstract public function timers(): int;

    /** The inner address of process $id, null without one. */
    abstract public function innerAddress(int $id): ?string;

    /** @return string[] why it stays PHP; empty if it does not */
    public function reasons(): array
    {
        return $this->reasons;
    }

    /** The log line of a worker that stays PHP. */
    public function remark(): string
    {
        return 'GatewayWorker: ' . $this->worker->name . ' ' . $this->socketName() . ' stays PHP: ' . implode('; ', $this->reasons);
    }

    /** The protocol as `connections` shows it. */
    public function protocol(): string
    {
        return $this->protocol;
    }

    /** @return string[] the command line */
    public function arguments(): array
    {
        $arguments = [$this->command()];
        foreach ($this->flags as $name => $values) {
            foreach ($values as $value) {
                $arguments[] = "--$name=$value";
            }
        }
        return $arguments;
    }

    /**
     * The environment of the program. Its own variables stay in force where no
     * property says otherwise.
     *
     * @return array<string,string>
     */
    public function environment(): array
    {
        $environment = getenv();
        foreach ([Binary::VARIABLE, Takeover::WAY_BACK, 'GATEWAYWORKER_SECRET_KEY', 'GATEWAYWORKER_WORKERMAN'] as $name) {
            unset($environment[$name]);
        }
        // Not a flag: other users of the machine see those.
        $key = (string) $this->subject->secretKey;
        if ($key !== '') {
            $environment['GATEWAYWORKER_SECRET_KEY'] = $key;
        }
        return $environment;
    }

    /** What the program has against its options, null if nothing. */
    public function check(Master $master): ?string
    {
        [$code, , $err] = Binary::find()->run(array_merge($this->arguments(), ['--workerman=' . $master->json($this, true)]), $this->environment());
        return $code === 0 ? null : "$master->name $master->socket: " . trim($err);
    }

    protected function stays(string $reason): void
    {
        $this->reasons[] = $reason;
    }

    protected function flag(string $name, string ...$values): void
    {
        foreach ($values as $value) {
            if (strpos($value, "\0") !== false) {
                $this->stays("the value for --$name has a zero byte, which a command line cannot carry");
                return;
            }
        }
        $this->flags[$name] = $values;
    }

    /** The address as the start file has it. */
    protected function socketName(): string
    {
        return (string) $this->worker->getSocketName();
    }

    protected function maxPackageSize(): void
    {
        $bytes = (int) \Workerman\Connection\TcpConnection::$defaultMaxPackageSize;
        if ($bytes < 1024 || $bytes > 2147483647) {
            $this->stays("TcpConnection::\$defaultMaxPackageSize is $bytes, and the program takes 1024 to 2147483647");
            return;
        }
        $this->flag('max-package-size', (string) $bytes);
    }

    protected function secretKey(): void
    {
        $key = $this->subject->secretKey;
        if (!is_scalar($key ?? '') || strpos((string) $key, "\0") !== false) {
            $this->stays('secretKey is not a text without zero bytes');
        }
    }

    /**
     * Callbacks are PHP code: with one that does something the worker stays PHP.
     *
     * @param string[] $properties
     */
    protected function callbacks(array $properties): void
    {
        foreach ($properties as $property) {
            $this->callback($property, $this->subject->$property ?? null);
            // The onWorkerStart of a Worker that listens for another object is what
            // has made that object.
            if ($this->worker !== $this->subject && $property !== 'onWorkerStart') {
                $this->callback($property, $this->worker->$property ?? null);
            }
        }
    }

    /**
     * One callback.
     *
     * @param mixed $value
     */
    public function callback(string $property, $value): void
    {
        if ($value !== null && !Callback::isOf($value, $this->subject) && !Callback::doesNothing($value)) {
            $this->stays("$property is set, which only PHP can run");
        }
    }

    /**
     * Properties that are declared by the original classes and that this package
     * has never heard of must have their defaults.
     *
     * @param string[] $known
     */
    protected function unknown(string $original, array $known): void
    {
        if (!class_exists($original, false)) {
            return;
        }
        $class = new \ReflectionClass($original);
        $defaults = $class->getDefaultProperties();
        foreach ($class->getProperties(\ReflectionProperty::IS_PUBLIC) as $property) {
            $name = $property->getName();
            if ($property->isStatic() || in_array($name, $known, true)) {
                continue;
            }
            if (($this->subject->$name ?? null) !== ($defaults[$name] ?? null)) {
                $this->stays("$name is set, which this version of the package does not know");
            }
        }
    }

    /** A subclass that changes what PHP's class does stays PHP. */
    protected function overrides(string $class, array $allowedClasses): void
    {
        for ($c = new \ReflectionClass($this->subject); $c && $c->getName() !== $class; $c = $c->getParentClass()) {
            if (in_array($c->getName(), $allowedClasses, true)) {
                continue;
            }
            $parent = $c->getParentClass();
            foreach ($c->getMethods() as $method) {
                $name = $method->getName();
                if ($parent && $method->getDeclaringClass()->getName() === $c->getName() && $name !== '__construct' && $parent->hasMethod($name)) {
                    $this->stays($c->getName() . " overrides $name()");
                }
            }
        }
    }
}
