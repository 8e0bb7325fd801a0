<?php
// Answers questions about PHP values: one per line, an operation and its
// arguments in hex, separated by blanks. The answer is hex, or "!" and why not.
error_reporting(0);
ini_set('memory_limit', '1G');

if ($autoload = getenv('GATEWAYWORKER_PHP_AUTOLOAD')) {
    require $autoload;
}

enum Suit: string { case Hearts = 'h'; case Spades = 's'; }
enum Unit { case One; }

class Point { public $x; protected $y; private $z; public $more = [];
    function __construct($x, $y, $z) { [$this->x, $this->y, $this->z] = [$x, $y, $z]; } }
class Child extends Point { private $z = 'own'; }
class Named { public function __construct(public array $data = []) {}
    function __serialize(): array { return ['data' => $this->data, 'n' => count($this->data)]; }
    function __unserialize(array $a): void { $this->data = $a['data']; } }

function decode(string $s) {
    $v = unserialize($s, ['allowed_classes' => false]);
    if ($v === false && !str_starts_with($s, 'b:0;')) {
        throw new Exception('syntax');
    }
    return $v;
}

// A random value; objects and references made before may come again.
function random(int $depth, array &$pool) {
    $kinds = $depth > 0 ? 19 : 9;
    switch (mt_rand(0, $kinds)) {
        case 0: return null;
        case 1: return (bool) mt_rand(0, 1);
        case 2: return mt_rand(-300, 300);
        case 3: return mt_rand() * mt_rand() * (mt_rand(0, 1) ? 1 : -1) >> mt_rand(0, 60);
        case 4: return unpack('d', random_text(8))[1];
        case 5: return [0.1, 1e25, -0.0, INF, -INF, NAN, 100000.0, 1e15, 1e17, 1e-5, 0.0001, 1/3, 5e-324][mt_rand(0, 12)];
        case 6: return mt_rand(-100000, 100000) / (10 ** mt_rand(0, 20));
        case 7: return random_text(mt_rand(0, 20));
        case 8: return [Suit::Hearts, Suit::Spades, Unit::One][mt_rand(0, 2)];
        case 9: return (string) mt_rand(-50, 50);
        case 10: case 11:
            return $pool ? $pool[mt_rand(0, count($pool) - 1)] : 'none';
        case 12:
            $o = mt_rand(0, 1) ? new Point(1, 2, 3) : new Child('x', "\0", null);
            $pool[] = $o;
            $o->x = random($depth - 1, $pool);
            $o->more = random($depth - 1, $pool);
            return $o;
        case 13:
            $o = new stdClass;
            $pool[] = $o;
            for ($i = mt_rand(0, 3); $i > 0; $i--) {
                $o->{mt_rand(0, 1) ? 'p' . $i : (string) $i} = random($depth - 1, $pool);
            }
            return $o;
        case 14:
            $o = new Named([random($depth - 1, $pool), random($depth - 1, $pool)]);
            return $o;
        case 15:
            $o = mt_rand(0, 1) ? new ArrayObject([random($depth - 1, $pool)]) : new SplObjectStorage;
            if ($o instanceof SplObjectStorage) {
                $o[new stdClass] = random($depth - 1, $pool);
            }
            return $o;
        case 16:
            $a = [random($depth - 1, $pool), 'v' => random($depth - 1, $pool)];
            $a['r'] = &$a[mt_rand(0, 1) ? 0 : 'v'];
            if (mt_rand(0, 1)) { $a['self'] = &$a; }
            return $a;
        case 17:
            $a = [];
            for ($i = mt_rand(0, 5); $i > 0; $i--) { $a[] = random($depth - 1, $pool); }
            return $a;
        default:
            $a = [];
            for ($i = mt_rand(0, 5); $i > 0; $i--) {
                $a[mt_rand(0, 1) ? random_text(mt_rand(0, 3)) : (string) mt_rand(-20, 20)] = random($depth - 1, $pool);
            }
            if ($a && mt_rand(0, 2) == 0) {
                $k = array_key_first($a);
                $o = new stdClass;
                $o->back = &$a[$k];
                $o->again = &$o->back;
                $a[] = $o;
            }
            return $a;
    }
}

function random_text(int $n): string {
    $s = '';
    while ($n-- > 0) { $s .= chr(mt_rand(0, 3) ? mt_rand(32, 126) : mt_rand(0, 255)); }
    return $s;
}

function answer(array $q) {
    switch ($q[0]) {
        case 'serialize':
            return serialize(decode($q[1]));
        case 'replace':
            $a = decode($q[1]);
            $b = decode($q[2]);
            $a = array_replace_recursive($a, $b);
            return serialize($a);
        case 'parse_str':
            parse_str($q[1], $vars);
            return serialize($vars);
        case 'cookie':
            if (!class_exists('Workerman\Protocols\Http\Request')) { throw new Exception('no Workerman'); }
            return serialize((new Workerman\Protocols\Http\Request("GET / HTTP/1.1\r\nCookie: $q[1]\r\n\r\n"))->cookie());
        case 'json_decode':
            $v = json_decode($q[1], true);
            if ($code = json_last_error()) { throw new Exception((string) $code); }
            return serialize($v);
        case 'json_encode':
            $s = json_encode(decode($q[1]), (int) $q[2]);
            if ($s === false) { throw new Exception((string) json_last_error()); }
            return $s;
        case 'random':
            mt_srand((int) $q[1]);
            $pool = [];
            return serialize(random(4, $pool));
        case 'convert':
            $v = decode($q[1]);
            $k = is_array($v) ? '' : key([$v => 1]);
            return serialize([(bool) $v, is_array($v) ? null : (string) $v, $k]);
        case 'version':
            return PHP_VERSION;
    }
    throw new Exception('no such operation');
}

while (($line = fgets(STDIN)) !== false) {
    $q = explode(" ", rtrim($line, "\n"));
    for ($i = 1; $i < count($q); $i++) { $q[$i] = hex2bin($q[$i]); }
    try {
        echo bin2hex(answer($q)), "\n";
    } catch (Throwable $e) {
        echo '!', str_replace("\n", ' ', $e->getMessage()), "\n";
    }
}
